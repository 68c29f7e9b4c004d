// A NAT by the words of RFC 4787 and RFC 5382, as two verbs: which source an outgoing packet gets, and which
// destination an incoming one. Time is passed in; no packet is seen.

import type { Endpoint, IpAddress } from '@pinhole/wire';
import type { Random } from '../types.ts';

export type Protocol = 'udp' | 'tcp';

/** On which part of the remote endpoint a mapping or a filter depends (RFC 4787 sections 4.1 and 5). */
export type Dependence = 'endpoint-independent' | 'address-dependent' | 'address-and-port-dependent';

export type PortAllocation =
  /** The inside port. Where another endpoint has it: any other port, or the same one all the same ("port
   *  overloading", RFC 4787 section 4.2.1); replies then go by their remote endpoint. */
  | { readonly kind: 'preserving'; readonly collision: 'other-port' | 'overload' }
  | { readonly kind: 'sequential'; readonly firstPort: number; readonly step: number }
  | { readonly kind: 'random' }
  | { readonly kind: 'block-random'; readonly firstPort: number; readonly size: number };

export interface NatBehaviour {
  readonly mapping: Dependence;
  readonly filtering: Dependence;
  readonly allocation: PortAllocation;
  /** Two inside hosts may talk by their external endpoints; the source seen is external (RFC 4787 REQ-9). */
  readonly hairpinning: boolean;
  readonly udpTimeoutMs: number;
  readonly tcpTimeoutMs: number;
  /** Incoming packets refresh as outgoing ones always do (RFC 4787 REQ-6). */
  readonly inboundRefresh: boolean;
  /** What an incoming packet meets that nothing admits. `reset` answers TCP only. */
  readonly unsolicited: 'drop' | 'reset' | 'icmp';
  /** An unsolicited packet takes its tuple: what later goes out to its sender leaves from another port. So do Linux
   *  NATs whose own stack is open to the outside. */
  readonly poisonable: boolean;
  /** A SYN comes in where one has gone out (RFC 5382 REQ-2). Without it, no SYN comes in at all. */
  readonly simultaneousOpen: boolean;
}

/** What RFC 4787 and RFC 5382 ask of a NAT, and the filtering that most have. */
export const DEFAULT_BEHAVIOUR: NatBehaviour = {
  mapping: 'endpoint-independent',
  filtering: 'address-and-port-dependent',
  allocation: { kind: 'preserving', collision: 'other-port' },
  hairpinning: true,
  // RFC 4787 REQ-5: 5 minutes recommended
  udpTimeoutMs: 300_000,
  // RFC 5382 REQ-5: not less than 2 hours 4 minutes
  tcpTimeoutMs: 7_440_000,
  inboundRefresh: false,
  unsolicited: 'drop',
  poisonable: false,
  simultaneousOpen: true,
};

const FIRST_PORT = 1024;
const LAST_PORT = 65_535;

interface Mapping {
  readonly inside: Endpoint;
  readonly external: Endpoint;
  expiresAtMs: number;
  /** By filter key, when what it admits ends. */
  readonly admits: Map<string, number>;
}

export class Nat {
  readonly #behaviour: NatBehaviour;
  readonly #externalAddresses: readonly IpAddress[];
  readonly #random: Random;
  readonly #bySource = new Map<string, Mapping>();
  readonly #byExternal = new Map<string, Mapping[]>();
  /** "Paired" address pooling: one external address for each inside host (RFC 4787 REQ-2). */
  readonly #paired = new Map<IpAddress, IpAddress>();
  /** By external and remote endpoint, until when an unsolicited packet keeps them taken. */
  readonly #poisoned = new Map<string, number>();
  #nextPort: number;

  constructor(behaviour: NatBehaviour, externalAddresses: readonly IpAddress[], random: Random) {
    this.#behaviour = behaviour;
    this.#externalAddresses = externalAddresses;
    this.#random = random;
    this.#nextPort = behaviour.allocation.kind === 'sequential' ? behaviour.allocation.firstPort : FIRST_PORT;
  }

  /** The source that a packet from `inside` to `remote` leaves with; null when no port is left. */
  outbound(protocol: Protocol, inside: Endpoint, remote: Endpoint, nowMs: number): Endpoint | null {
    let mapping = this.#mappingOf(protocol, inside, remote, nowMs);
    const isNewFlow = mapping !== null && !admits(mapping, 'address-and-port-dependent', remote, nowMs);
    const diverted = isNewFlow && this.#isPoisoned(protocol, mapping!.external, remote, nowMs);
    if (mapping === null || diverted) {
      const external = this.#allocate(protocol, inside, remote, nowMs);
      if (external === null) return null;
      mapping = { inside, external, expiresAtMs: 0, admits: new Map() };
      const part = diverted ? 'address-and-port-dependent' : this.#behaviour.mapping;
      this.#bySource.set(sourceKey(protocol, inside, part, remote), mapping);
      const sharing = this.#live(protocol, external, nowMs);
      this.#byExternal.set(externalKey(protocol, external), [...sharing, mapping]);
    }
    this.#refresh(mapping, protocol, remote, nowMs);
    return mapping.external;
  }

  /** Where a packet from `remote` to `external` goes inside; null when nothing admits it. */
  inbound(protocol: Protocol, external: Endpoint, remote: Endpoint, nowMs: number): Endpoint | null {
    const mapping = this.#admitting(protocol, external, remote, nowMs);
    if (mapping === null) {
      this.#poison(protocol, external, remote, nowMs);
      return null;
    }
    if (this.#behaviour.inboundRefresh) this.#refresh(mapping, protocol, remote, nowMs);
    return mapping.inside;
  }

  /** As inbound, for the packet quoted in an ICMP error, which refreshes nothing. */
  insideOf(protocol: Protocol, external: Endpoint, remote: Endpoint, nowMs: number): Endpoint | null {
    return this.#admitting(protocol, external, remote, nowMs)?.inside ?? null;
  }

  /** As outbound, for the packet quoted in an ICMP error: null where there is no mapping. */
  externalOf(protocol: Protocol, inside: Endpoint, remote: Endpoint, nowMs: number): Endpoint | null {
    return this.#mappingOf(protocol, inside, remote, nowMs)?.external ?? null;
  }

  #mappingOf(protocol: Protocol, inside: Endpoint, remote: Endpoint, nowMs: number): Mapping | null {
    for (const part of ['address-and-port-dependent', this.#behaviour.mapping] as const) {
      const mapping = this.#bySource.get(sourceKey(protocol, inside, part, remote));
      if (mapping !== undefined && mapping.expiresAtMs > nowMs) return mapping;
    }
    return null;
  }

  #poison(protocol: Protocol, external: Endpoint, remote: Endpoint, nowMs: number): void {
    if (!this.#behaviour.poisonable) return;
    const untilMs = nowMs + this.#behaviour.udpTimeoutMs;
    this.#poisoned.set(`${externalKey(protocol, external)} ${remote.address} ${remote.port}`, untilMs);
  }

  #isPoisoned(protocol: Protocol, external: Endpoint, remote: Endpoint, nowMs: number): boolean {
    const key = `${externalKey(protocol, external)} ${remote.address} ${remote.port}`;
    return (this.#poisoned.get(key) ?? 0) > nowMs;
  }

  #admitting(protocol: Protocol, external: Endpoint, remote: Endpoint, nowMs: number): Mapping | null {
    const candidates = this.#live(protocol, external, nowMs);
    const exact = candidates.find((mapping) => admits(mapping, 'address-and-port-dependent', remote, nowMs));
    const { filtering } = this.#behaviour;
    return exact ?? candidates.findLast((mapping) => admits(mapping, filtering, remote, nowMs)) ?? null;
  }

  #refresh(mapping: Mapping, protocol: Protocol, remote: Endpoint, nowMs: number): void {
    const { udpTimeoutMs, tcpTimeoutMs, filtering } = this.#behaviour;
    mapping.expiresAtMs = nowMs + (protocol === 'udp' ? udpTimeoutMs : tcpTimeoutMs);
    // The whole endpoint too: it tells overloaded mappings apart, whatever the filter.
    mapping.admits.set(dependentPart(filtering, remote), mapping.expiresAtMs);
    mapping.admits.set(dependentPart('address-and-port-dependent', remote), mapping.expiresAtMs);
  }

  #live(protocol: Protocol, external: Endpoint, nowMs: number): Mapping[] {
    const mappings = this.#byExternal.get(externalKey(protocol, external)) ?? [];
    return mappings.filter((mapping) => mapping.expiresAtMs > nowMs);
  }

  #allocate(protocol: Protocol, inside: Endpoint, remote: Endpoint, nowMs: number): Endpoint | null {
    const address = this.#externalAddress(inside.address);
    const isFree = (port: number) => {
      const external = { address, port };
      if (this.#isPoisoned(protocol, external, remote, nowMs)) return false;
      return this.#live(protocol, external, nowMs).length === 0;
    };
    const port = this.#choosePort(inside.port, isFree);
    return port === null ? null : { address, port };
  }

  #externalAddress(inside: IpAddress): IpAddress {
    let external = this.#paired.get(inside);
    if (external === undefined) {
      external = this.#externalAddresses[this.#paired.size % this.#externalAddresses.length]!;
      this.#paired.set(inside, external);
    }
    return external;
  }

  #choosePort(insidePort: number, isFree: (port: number) => boolean): number | null {
    const { allocation } = this.#behaviour;
    switch (allocation.kind) {
      case 'preserving':
        if (allocation.collision === 'overload' || isFree(insidePort)) return insidePort;
        return this.#randomPort(FIRST_PORT, LAST_PORT - FIRST_PORT + 1, isFree);
      case 'sequential':
        return this.#sequentialPort(allocation.step, isFree);
      case 'random':
        return this.#randomPort(FIRST_PORT, LAST_PORT - FIRST_PORT + 1, isFree);
      case 'block-random':
        return this.#randomPort(allocation.firstPort, allocation.size, isFree);
    }
  }

  #sequentialPort(step: number, isFree: (port: number) => boolean): number | null {
    for (let tried = FIRST_PORT; tried <= LAST_PORT; tried++) {
      const port = this.#nextPort;
      this.#nextPort += step;
      if (this.#nextPort > LAST_PORT) this.#nextPort = FIRST_PORT + (this.#nextPort - LAST_PORT - 1);
      if (isFree(port)) return port;
    }
    return null;
  }

  #randomPort(first: number, size: number, isFree: (port: number) => boolean): number | null {
    const offset = this.#random.below(size);
    for (let i = 0; i < size; i++) {
      const port = first + ((offset + i) % size);
      if (isFree(port)) return port;
    }
    return null;
  }
}

function dependentPart(dependence: Dependence, remote: Endpoint): string {
  switch (dependence) {
    case 'endpoint-independent':
      return '*';
    case 'address-dependent':
      return remote.address;
    case 'address-and-port-dependent':
      return `${remote.address} ${remote.port}`;
  }
}

function admits(mapping: Mapping, part: Dependence, remote: Endpoint, nowMs: number): boolean {
  return (mapping.admits.get(dependentPart(part, remote)) ?? 0) > nowMs;
}

function sourceKey(
  protocol: Protocol,
  { address, port }: Endpoint,
  part: Dependence,
  remote: Endpoint,
): string {
  return `${protocol} ${address} ${port} ${dependentPart(part, remote)}`;
}

function externalKey(protocol: Protocol, { address, port }: Endpoint): string {
  return `${protocol} ${address} ${port}`;
}
