// A NAT by the words of RFC 4787 and RFC 5382, as two verbs: which source an outgoing packet gets, and which
// destination an incoming one. Time is passed in; no packet is seen.

import type { Endpoint, IpAddress } from '@pinhole/wire';
import type { Random } from '../types.ts';
import { EndpointKeys } from './endpoint-keys.ts';
import { Flows, isLive } from './flows.ts';
import type { NatBehaviour, Protocol } from './nat-behaviour.ts';
import { PortAllocator } from './port-allocator.ts';

interface Mapping {
  readonly inside: Endpoint;
  readonly external: Endpoint;
  expiresAtMs: number;
  readonly flows: Flows;
  /** By the key of the remote address, until when packets from it come in. Only where filtering asks for it. */
  readonly addresses: Map<number, number> | null;
}

/** One protocol's; the numbers are keys of endpoints. */
interface Table {
  readonly protocol: Protocol;
  /** By inside endpoint, then by what the mapping depends on. */
  readonly sources: Map<number, Map<number, Mapping>>;
  /**
   * By inside and then remote endpoint, the mapping of flows that go by another than their source's: poison has driven
   * them from there, or they answer what came in.
   */
  readonly diverted: Map<number, Map<number, Mapping>>;
  readonly byExternal: Map<number, Mapping[]>;
  /** By external and then remote endpoint, until when an unsolicited packet keeps them taken. */
  readonly poisoned: Map<number, Map<number, number>>;
  readonly allocator: PortAllocator;
}

export class Nat {
  readonly #behaviour: NatBehaviour;
  readonly #externalAddresses: readonly IpAddress[];
  readonly #keys = new EndpointKeys();
  readonly #udp: Table;
  readonly #tcp: Table;
  /** "Paired" address pooling: one external address for each inside host (RFC 4787 REQ-2). */
  readonly #paired = new Map<IpAddress, IpAddress>();

  constructor(behaviour: NatBehaviour, externalAddresses: readonly IpAddress[], random: Random) {
    this.#behaviour = behaviour;
    this.#externalAddresses = externalAddresses;
    const table = (protocol: Protocol): Table => ({
      protocol,
      sources: new Map(),
      diverted: new Map(),
      byExternal: new Map(),
      poisoned: new Map(),
      allocator: new PortAllocator(behaviour.allocation, random),
    });
    this.#udp = table('udp');
    this.#tcp = table('tcp');
  }

  /**
   * The source that a packet from `inside` to `remote` leaves with. `opens` is false for a TCP segment without SYN.
   * Null when no port is left, or it opens nothing and NatBehaviour.tcpForgotten forbids it.
   */
  outbound(
    protocol: Protocol,
    inside: Endpoint,
    remote: Endpoint,
    nowMs: number,
    opens = true,
  ): Endpoint | null {
    const table = this.#table(protocol);
    const insideKey = this.#keys.of(inside);
    const remoteKey = this.#keys.of(remote);
    let mapping = this.#mappingOf(table, insideKey, remote, remoteKey, nowMs);
    const flow = mapping?.flows.get(remoteKey);
    if (flow === undefined || flow.expiresAtMs <= nowMs) {
      if (protocol === 'tcp' && !opens && this.#behaviour.tcpForgotten !== 're-adopt') return null;
      const diverted =
        mapping !== null && this.#isPoisoned(table, this.#keys.of(mapping.external), remoteKey, nowMs);
      if (mapping === null || diverted) {
        mapping = this.#map(table, inside, insideKey, remote, remoteKey, diverted, nowMs);
        if (mapping === null) return null;
      }
    }
    this.#refresh(table, mapping!, remote, remoteKey, opens, nowMs);
    return mapping!.external;
  }

  /** Where a packet from `remote` to `external` goes inside; null when nothing admits it. */
  inbound(
    protocol: Protocol,
    external: Endpoint,
    remote: Endpoint,
    nowMs: number,
    opens = true,
  ): Endpoint | null {
    const table = this.#table(protocol);
    const externalKey = this.#keys.of(external);
    const remoteKey = this.#keys.of(remote);
    const mapping = this.#admitting(table, externalKey, remote, remoteKey, nowMs);
    if (mapping === null) {
      this.#poison(table, externalKey, remoteKey, nowMs);
      return null;
    }
    const flow = mapping.flows.get(remoteKey);
    if (!isLive(flow, nowMs)) this.#bindAnswers(table, mapping, remoteKey);
    else if (protocol === 'udp') flow!.established = true;
    if (this.#behaviour.inboundRefresh) this.#refresh(table, mapping, remote, remoteKey, opens, nowMs);
    return mapping.inside;
  }

  /** As inbound, for the packet quoted in an ICMP error, which refreshes nothing. */
  insideOf(protocol: Protocol, external: Endpoint, remote: Endpoint, nowMs: number): Endpoint | null {
    const [externalKey, remoteKey] = [this.#keys.of(external), this.#keys.of(remote)];
    const mapping = this.#admitting(this.#table(protocol), externalKey, remote, remoteKey, nowMs);
    return mapping?.inside ?? null;
  }

  /** As outbound, for the packet quoted in an ICMP error: null where there is no mapping. */
  externalOf(protocol: Protocol, inside: Endpoint, remote: Endpoint, nowMs: number): Endpoint | null {
    const [insideKey, remoteKey] = [this.#keys.of(inside), this.#keys.of(remote)];
    const mapping = this.#mappingOf(this.#table(protocol), insideKey, remote, remoteKey, nowMs);
    return mapping?.external ?? null;
  }

  #table(protocol: Protocol): Table {
    return protocol === 'udp' ? this.#udp : this.#tcp;
  }

  #mappingOf(
    { sources, diverted }: Table,
    insideKey: number,
    remote: Endpoint,
    remoteKey: number,
    nowMs: number,
  ): Mapping | null {
    const own = diverted.size === 0 ? undefined : diverted.get(insideKey)?.get(remoteKey);
    if (own !== undefined && own.expiresAtMs > nowMs) return own;
    const mapping = sources.get(insideKey)?.get(this.#mappingPart(remote, remoteKey));
    return mapping !== undefined && mapping.expiresAtMs > nowMs ? mapping : null;
  }

  #mappingPart({ address }: Endpoint, remoteKey: number): number {
    switch (this.#behaviour.mapping) {
      case 'endpoint-independent':
        return 0;
      case 'address-dependent':
        return this.#keys.ofAddress(address);
      case 'address-and-port-dependent':
        return remoteKey;
    }
  }

  #map(
    table: Table,
    inside: Endpoint,
    insideKey: number,
    remote: Endpoint,
    remoteKey: number,
    diverted: boolean,
    nowMs: number,
  ): Mapping | null {
    const external = this.#allocate(table, inside, remoteKey, nowMs);
    if (external === null) return null;
    const addresses = this.#behaviour.filtering === 'address-dependent' ? new Map<number, number>() : null;
    const mapping: Mapping = { inside, external, expiresAtMs: 0, flows: new Flows(), addresses };
    const bySource = diverted ? table.diverted : table.sources;
    const part = diverted ? remoteKey : this.#mappingPart(remote, remoteKey);
    const siblings = bySource.get(insideKey);
    if (siblings === undefined) bySource.set(insideKey, new Map([[part, mapping]]));
    else siblings.set(part, mapping);
    const externalKey = this.#keys.of(external);
    const sharing = table.byExternal.get(externalKey)?.filter(({ expiresAtMs }) => expiresAtMs > nowMs);
    table.byExternal.set(externalKey, sharing === undefined ? [mapping] : [...sharing, mapping]);
    return mapping;
  }

  /** A flow that began outside is answered by the mapping that it came in by, as a NAT does that keeps track of flows. */
  #bindAnswers({ diverted }: Table, mapping: Mapping, remoteKey: number): void {
    if (this.#behaviour.mapping === 'endpoint-independent') return;
    const insideKey = this.#keys.of(mapping.inside);
    const answering = diverted.get(insideKey);
    if (answering === undefined) diverted.set(insideKey, new Map([[remoteKey, mapping]]));
    else answering.set(remoteKey, mapping);
  }

  #refresh(
    { protocol }: Table,
    mapping: Mapping,
    remote: Endpoint,
    remoteKey: number,
    opens: boolean,
    nowMs: number,
  ): void {
    let flow = mapping.flows.get(remoteKey);
    if (flow === undefined) {
      flow = { expiresAtMs: 0, established: false };
      mapping.flows.add(remoteKey, flow);
    } else if (flow.expiresAtMs <= nowMs) flow.established = false;
    if (protocol === 'tcp' && !opens) flow.established = true;
    flow.expiresAtMs = nowMs + this.#lifetimeMs(protocol, flow.established);
    mapping.expiresAtMs = Math.max(mapping.expiresAtMs, flow.expiresAtMs);
    if (mapping.addresses === null) return;
    const addressKey = this.#keys.ofAddress(remote.address);
    mapping.addresses.set(addressKey, Math.max(mapping.addresses.get(addressKey) ?? 0, flow.expiresAtMs));
  }

  #lifetimeMs(protocol: Protocol, established: boolean): number {
    const { udpTimeoutMs, udpUnrepliedTimeoutMs, tcpTimeoutMs, tcpTransitoryTimeoutMs } = this.#behaviour;
    if (protocol === 'tcp') return established ? tcpTimeoutMs : tcpTransitoryTimeoutMs;
    return established ? udpTimeoutMs : (udpUnrepliedTimeoutMs ?? udpTimeoutMs);
  }

  #admitting(
    { byExternal }: Table,
    externalKey: number,
    remote: Endpoint,
    remoteKey: number,
    nowMs: number,
  ): Mapping | null {
    const candidates = byExternal.get(externalKey);
    if (candidates === undefined) return null;
    for (const mapping of candidates) {
      if (isLive(mapping.flows.get(remoteKey), nowMs)) return mapping;
    }
    return candidates.findLast((mapping) => this.#lets(mapping, remote, nowMs)) ?? null;
  }

  /** Whether the filter admits a remote endpoint that nothing has gone to. */
  #lets(mapping: Mapping, remote: Endpoint, nowMs: number): boolean {
    switch (this.#behaviour.filtering) {
      case 'endpoint-independent':
        return mapping.expiresAtMs > nowMs;
      case 'address-dependent':
        return (mapping.addresses?.get(this.#keys.ofAddress(remote.address)) ?? 0) > nowMs;
      case 'address-and-port-dependent':
        return false;
    }
  }

  #allocate(table: Table, inside: Endpoint, remoteKey: number, nowMs: number): Endpoint | null {
    const { allocation } = this.#behaviour;
    const overload = 'overload' in allocation && allocation.overload === true;
    const address = this.#externalAddress(inside.address);
    const addressKey = this.#keys.of({ address, port: 0 });
    const isFree = (port: number) => {
      if (this.#isPoisoned(table, addressKey + port, remoteKey, nowMs)) return false;
      const mappings = table.byExternal.get(addressKey + port);
      if (mappings === undefined) return true;
      return mappings.every((mapping) =>
        overload ? !isLive(mapping.flows.get(remoteKey), nowMs) : mapping.expiresAtMs <= nowMs,
      );
    };
    const port = table.allocator.choose(inside.port, isFree);
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

  #poison({ protocol, poisoned }: Table, externalKey: number, remoteKey: number, nowMs: number): void {
    const { poisonable } = this.#behaviour;
    if (poisonable !== true && poisonable !== protocol) return;
    const untilMs = nowMs + this.#lifetimeMs(protocol, false);
    const senders = poisoned.get(externalKey);
    if (senders === undefined) poisoned.set(externalKey, new Map([[remoteKey, untilMs]]));
    else senders.set(remoteKey, untilMs);
  }

  #isPoisoned({ poisoned }: Table, externalKey: number, remoteKey: number, nowMs: number): boolean {
    return poisoned.size > 0 && (poisoned.get(externalKey)?.get(remoteKey) ?? 0) > nowMs;
  }
}
