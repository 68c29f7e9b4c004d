// The way that packets take from one site to another, or to and from the server: what a trace is to find. Pure.

import { maxHops, type PathTrace, type TraceEnd } from '@pinhole/contract';
import type { IpAddress, MplsLabel } from '@pinhole/wire';
import { natLayers } from '../description.ts';
import { LabError } from '../error.ts';
import { coreName, type Node, serverName } from '../node.ts';
import type { SitePlan, Topology } from '../topology.ts';
import { unreachableCodes } from './description.ts';
import { labelStack } from './label-stack.ts';
import { type Entry, plainMtu, type Stage } from './plan.ts';

/** Whoever may answer at a TTL. */
export interface Hop {
  /** The name of the place in the lab, and of the one that the packet came from. */
  readonly place: string;
  readonly from: string;
  /** Under which it answers there, where the packet's source is; null where it sends no errors. */
  readonly address: IpAddress | null;
  /** It translates addresses. */
  readonly nat: boolean;
  /** That it tells with its errors, outermost first. */
  readonly mpls: readonly MplsLabel[];
  /** Of the link behind it, in octets. */
  readonly mtu: number;
}

export interface Way {
  /** By TTL, from 1 on; the last one is the peer, where it is reached. In a loop as many as a trace tries. */
  readonly hops: readonly (readonly Hop[])[];
  /** `silent`: behind the last hop packets vanish. `unreachable`: the last hop says so. */
  readonly end: Extract<TraceEnd, 'reached' | 'silent' | 'unreachable' | 'loop'>;
  /** What the last hop says of packets that it does not pass on. */
  readonly endIcmp: PathTrace['endIcmp'];
  /** Octets of the largest packet that gets through. */
  readonly pathMtu: number;
  /** From this TTL on, packets reach the peer: a router or NAT before has set the TTL anew. */
  readonly ttlRewrittenAt: number | null;
}

/** RFC 792 */
const destinationUnreachable = 3;

/**
 * Of UDP and TCP between the first hosts of two sites, where the peer has opened its NAT; `server` stands for the server.
 * Throws LabError `unknown-site`.
 */
export function planWay(topology: Topology, from: string, to: string): Way {
  const isServers = from === serverName || to === serverName;
  const source = end(topology, from);
  const target = end(topology, to);
  const stages: Stage[] = [...source.out, ...target.in];
  const hopAt = (at: number, entry: Entry): Hop => ({
    place: entry.place,
    from: entry.from,
    address: stages[at]!.segment?.silent === true ? null : entry.address,
    nat: [...source.nats, ...target.nats].includes(entry.place),
    mpls: labelStack(stages[at]!.segment?.mpls ?? []),
    mtu: stages[at + 1]?.mtu ?? plainMtu,
  });

  const hops: Hop[][] = [];
  let ttlRewrittenAt: number | null = null;
  const way = (ending: Pick<Way, 'end' | 'endIcmp'>, stageCount: number): Way => ({
    hops,
    ...ending,
    pathMtu: Math.min(...stages.slice(0, stageCount).map(({ mtu }) => mtu)),
    ttlRewrittenAt,
  });
  for (const [at, { entries, returns, segment, setsTtl }] of stages.entries()) {
    const here = entries.map((entry) => hopAt(at, entry));
    const isHidden = ttlRewrittenAt !== null;
    if (!isHidden || at === stages.length - 1) hops.push(here);
    if (segment?.loop === true && !isServers) {
      const back = returns.map((entry) => hopAt(at - 1, entry));
      for (let turn = 0; hops.length < maxHops; turn++) {
        hops.push(isHidden ? [...back, ...here] : turn % 2 === 0 ? back : here);
      }
      return way({ end: 'loop', endIcmp: null }, at + 1);
    }
    if (segment?.stops !== undefined && !isServers) {
      const code = unreachableCodes[segment.stops];
      if (code === null) return way({ end: 'silent', endIcmp: null }, at + 1);
      if (isHidden) hops.push(here);
      return way({ end: 'unreachable', endIcmp: { type: destinationUnreachable, code } }, at + 1);
    }
    if (setsTtl !== undefined) ttlRewrittenAt ??= hops.length + 1;
  }
  return way({ end: 'reached', endIcmp: null }, stages.length);
}

interface End {
  readonly nats: readonly string[];
  /** From behind the host to the core. */
  readonly out: readonly Stage[];
  /** From behind the core to the host. */
  readonly in: readonly Stage[];
}

function end({ core, server, sites }: Topology, name: string): End {
  if (name === serverName) {
    const gateway = core.interfaces.find((each) => each.name === serverName)!.addresses[0]!.address;
    return {
      nats: [],
      out: [alone(core, serverName, gateway)],
      in: [alone(server, coreName, server.interfaces[0]!.addresses[0]!.address)],
    };
  }
  const site = sites.find(({ description }) => description.name === name);
  if (site !== undefined) return siteEnd(site);
  const names = sites.map(({ description }) => description.name).join(', ');
  throw new LabError('unknown-site', `There is no site ${name} in this lab, but these are: ${names}.`);
}

function siteEnd({ description, router, path, nats, hosts, publicAddress }: SitePlan): End {
  const layers = natLayers(description.nat);
  const inside = [hosts[0]!, ...nats, router];
  const outwards = inside.slice(1).map((node, at) => {
    const inner = node.interfaces.find(({ name }) => name === (node === router ? 'site' : 'lan'))!;
    return alone(node, inside[at]!.name, inner.addresses[0]!.address, layers[at]?.setsTtl);
  });
  // What a NAT's inside says leaves it with the NAT's address.
  const inwards = inside
    .slice(0, -1)
    .map((node, at) => alone(node, inside[at + 1]!.name, publicAddress, layers[at - 1]?.setsTtl));
  return {
    nats: nats.map((node) => node.name),
    out: [...outwards, ...path.up],
    in: [...path.down, ...inwards.toReversed()],
  };
}

/** Where there is only one way to go. */
function alone({ name: place }: Node, from: string, address: IpAddress, setsTtl?: number): Stage {
  return { segment: null, entries: [{ place, from, address }], returns: [], mtu: plainMtu, setsTtl };
}
