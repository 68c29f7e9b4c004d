// The routers between a site's router and the core: namespaces, links, addresses and routes. Pure.
//
//   site's router │ up1 ──── site1 │ a-up1 │ core1 ──── site1 │ a-up2 │ core1 ──── up1-a │ core
//                 │ down1 ── site1 │ a-down1 │ core1 ─────────────────────────── down1-a │
//
// Every router has a link to every one before and behind it, and each link two addresses of its own, so that whoever
// answers tells also where the packet came from. All know the way to the site and the way out; which chain a packet
// takes is up to the site's router and the core. So errors go back on the chain on which they came about.

import { type IpAddress, ip } from '@pinhole/wire';
import type { SiteDescription } from '../description.ts';
import { addressed, coreName, cutWhere, type Interface, type Link, link, type Node } from '../node.ts';
import { type Chain, pathChains, type Segment } from './description.ts';
import { loopPolicy, routerRuleset, routerSettings } from './rules.ts';

export interface PathPlan {
  readonly routers: readonly RouterPlan[];
  readonly links: readonly Link[];
  /** What the site's router and the core have of it, and where they send packets. */
  readonly siteEnd: PathEnd;
  readonly coreEnd: PathEnd;
  /** From behind the site's router to the core; and from behind the core to the site's router. */
  readonly up: readonly Stage[];
  readonly down: readonly Stage[];
}

export interface RouterPlan {
  readonly node: Node;
  readonly segment: Segment;
}

export interface PathEnd {
  readonly interfaces: readonly Interface[];
  readonly via: readonly IpAddress[];
}

/** The routers of which a packet passes one. */
export interface Stage {
  /** null: the core, or the site's router. */
  readonly segment: Segment | null;
  /** Each interface by which a packet may come in. */
  readonly entries: readonly Entry[];
  /** And those by which it comes back to the stage before, where it is sent back. */
  readonly returns: readonly Entry[];
  /** Of the links that lead here. */
  readonly mtu: number;
  /** What it sets the TTL of packets to that it passes on. */
  readonly setsTtl: number | undefined;
}

export interface Entry {
  readonly place: string;
  /** The place that the packet comes from. */
  readonly from: string;
  readonly address: IpAddress;
}

/** What a path hangs between, without routers on it. */
export interface DirectLink {
  readonly siteSide: IpAddress;
  readonly coreSide: IpAddress;
}

export const plainMtu = 1500;

/** Of the site with this index, from 0, whose addresses are those in `publicPrefix`. */
export function planPath(
  site: SiteDescription,
  index: number,
  publicPrefix: string,
  direct: DirectLink,
): PathPlan {
  const addresses = linkAddresses(index);
  const chains = pathChains(site.path).map((chain) => ({
    chain,
    joints: planJoints(site.name, chain, direct, addresses),
  }));
  const way = (name: 'up' | 'down') => chains.find(({ chain }) => chain.name === name) ?? chains[0]!;
  const [up, down] = [way('up'), way('down')];
  return {
    routers: chains.flatMap(({ chain, joints }) => planRouters(chain, joints, publicPrefix)),
    links: chains.flatMap(({ joints }) => joints.flat().map((joint) => jointLink(site, joint))),
    siteEnd: {
      interfaces: chains.flatMap(({ joints }) => joints[0]!.map(({ site: end }) => end.interface)),
      via: up.joints[0]!.map(({ core }) => core.address),
    },
    coreEnd: {
      interfaces: chains.flatMap(({ joints }) => joints.at(-1)!.map(({ core }) => core.interface)),
      via: down.joints.at(-1)!.map(({ site: end }) => end.address),
    },
    up: up.joints.map((joints, at) => stage(joints, 'core', up.chain.segments[at])),
    down: down.joints.map((joints, at) => stage(joints, 'site', down.chain.segments[at - 1])).toReversed(),
  };
}

/** One link of a chain. */
interface Joint {
  readonly site: JointEnd;
  readonly core: JointEnd;
  /** Of a link whose core end is the core. */
  readonly cutNames: readonly [string, string] | null;
}

interface JointEnd {
  readonly node: string;
  readonly address: IpAddress;
  readonly interface: Interface;
}

/** The links of a chain, by the stages between which they are, from the site's router to the core. */
function planJoints(
  site: string,
  { name, segments }: Chain,
  direct: DirectLink,
  addresses: Iterator<readonly [IpAddress, IpAddress]>,
): Joint[][] {
  const routers = segments.map(({ routers }, at) => {
    // Numbered as packets pass them.
    const number = name === 'down' ? segments.length - at : at + 1;
    return Array.from({ length: routers }, (_, parallel) =>
      routers === 1 ? `${site}-${name}${number}` : `${site}-${name}${number}-${parallel + 1}`,
    );
  });
  const stages = [[`${site}-router`], ...routers, [coreName]];
  return stages.slice(1).map((outer, at) =>
    stages[at]!.flatMap((from, i) =>
      outer.map((to, j): Joint => {
        const isFirst = at === 0;
        const isLast = at === segments.length;
        const isDirect = isFirst && isLast;
        const [siteSide, coreSide] = isDirect ? [direct.siteSide, direct.coreSide] : addresses.next().value;
        const length = isDirect ? 30 : 31;
        const mtu = name === 'down' ? segments[at]?.mtu : segments[at - 1]?.mtu;
        const end = (node: string, interfaceName: string, address: IpAddress): JointEnd => {
          const bare = addressed(interfaceName, length, address);
          return { node, address, interface: mtu === undefined ? bare : { ...bare, mtu } };
        };
        const atSite = isDirect ? 'core' : isFirst ? `${name}${j + 1}` : `core${j + 1}`;
        const atCore = isDirect ? `router-${site}` : isLast ? `${name}${i + 1}-${site}` : `site${i + 1}`;
        return {
          site: end(from, atSite, siteSide),
          core: end(to, atCore, coreSide),
          cutNames: isLast
            ? isDirect
              ? [`core-${site}`, `far-${site}`]
              : [`c${name}${i + 1}-${site}`, `f${name}${i + 1}-${site}`]
            : null,
        };
      }),
    ),
  );
}

/** Two for each link, of the block of the site with this index. */
function* linkAddresses(index: number): Generator<readonly [IpAddress, IpAddress], never> {
  for (let link = 0; ; link++) {
    const block = `198.19.${128 + 2 * index + (link >> 7)}`;
    const first = (link & 127) * 2;
    yield [ip(`${block}.${first}`), ip(`${block}.${first + 1}`)];
  }
}

function planRouters({ name, segments }: Chain, joints: Joint[][], publicPrefix: string): RouterPlan[] {
  return segments.flatMap((segment, at) => {
    const names = [...new Set(joints[at]!.map(({ core }) => core.node))];
    return names.map((node): RouterPlan => {
      const inner = joints[at]!.filter(({ core }) => core.node === node);
      const outer = joints[at + 1]!.filter(({ site }) => site.node === node);
      const interfaces = [...inner.map(({ core }) => core), ...outer.map(({ site }) => site)].map(
        (end) => end.interface,
      );
      const [inward, outward] = [
        inner.map(({ site }) => site.address),
        outer.map(({ core }) => core.address),
      ];
      const ruleset = routerRuleset(segment, name);
      const settings = routerSettings(
        segment,
        interfaces.map((each) => each.name),
      );
      return {
        segment,
        node: {
          name: node,
          interfaces,
          routes: [
            { to: 'default', via: outward },
            { to: publicPrefix, via: inward },
          ],
          forwarding: true,
          settings,
          ...(ruleset !== undefined && { ruleset }),
          ...(segment.loop &&
            name !== 'path' && { policy: loopPolicy(name, (name === 'up' ? inward : outward)[0]!) }),
        },
      };
    });
  });
}

/** The link with the delay is the one next to the core: there are as many as ways lead there. */
function jointLink(description: SiteDescription, { site, core, cutNames }: Joint): Link {
  const whole = link([core.node, core.interface.name], [site.node, site.interface.name]);
  return cutNames === null ? whole : cutWhere(description.link, description.name, whole, cutNames);
}

/** Of the links that lead there, `to` their end. */
function stage(joints: readonly Joint[], to: 'site' | 'core', segment: Segment | undefined): Stage {
  const entries = (at: 'site' | 'core') =>
    joints.map((joint) => ({
      place: joint[at].node,
      from: joint[at === 'site' ? 'core' : 'site'].node,
      address: joint[at].address,
    }));
  return {
    segment: segment ?? null,
    entries: entries(to),
    returns: entries(to === 'site' ? 'core' : 'site'),
    mtu: joints[0]!.core.interface.mtu ?? plainMtu,
    setsTtl: segment?.setsTtl,
  };
}
