// Probes over TCP before there is a connection: SYNs from one port, each an attempt of its own, for a port has but one
// under way to a place. A router's ICMP error ends it; whoever answers has been reached.

import type { Net } from '@pinhole/net';
import { addressFamily, type Endpoint, type IpAddress, ip } from '@pinhole/wire';
import type { TraceProbe } from './trace.ts';
import type { Heard, Prober } from './tracer.ts';
import { errorKind, labelsOf } from './udp-prober.ts';

/** No answer is waited for so long. */
const timeoutMs = 2_000;

export class SynProber implements Prober {
  /** Where the SYNs leave from, as far as an answer has told. */
  ownAddress: IpAddress | null = null;
  /** Segments of the connection that came about may be so large. */
  mss: number | null = null;
  readonly #net: Net;
  readonly #target: Endpoint;
  readonly #localPort: number;
  #latest: AbortController | null = null;

  constructor(net: Net, target: Endpoint, localPort: number) {
    this.#net = net;
    this.#target = target;
    this.#localPort = localPort;
  }

  send({ ttl }: TraceProbe, onHeard: (heard: Heard) => void): void {
    this.close();
    const ending = new AbortController();
    this.#latest = ending;
    this.#dial(ttl, ending, onHeard).catch(() => undefined);
  }

  close(): void {
    this.#latest?.abort();
  }

  async #dial(ttl: number, ending: AbortController, onHeard: (heard: Heard) => void): Promise<void> {
    const { clock, tcp } = this.#net;
    const sentAtNs = clock.monotonicNs();
    const hear = (by: Heard['by'], atNs: number, told: Heard['told'] = null) =>
      onHeard({ by, roundTripMs: Math.max(0, atNs - sentAtNs) / 1e6, told });
    const outcome = await tcp.connect({
      remote: this.#target,
      local: {
        address: ip(addressFamily(this.#target.address) === 6 ? '::' : '0.0.0.0'),
        port: this.#localPort,
      },
      reusePort: true,
      ttl,
      timeoutMs,
      signal: ending.signal,
      onIcmp: ({ offender, icmpType, icmpCode, receivedAtNs, extension }) => {
        const kind = offender === null ? null : errorKind(icmpType, offender);
        if (kind === null || offender === null || ending.signal.aborted) return;
        ending.abort();
        const by = { kind, address: offender, icmp: { type: icmpType, code: icmpCode } } as const;
        hear(by, receivedAtNs, { mpls: labelsOf(extension), quoted: null });
      },
    });
    const nowNs = clock.monotonicNs();
    if (outcome.connected) {
      const { connection } = outcome;
      this.ownAddress = connection.local.address;
      this.mss = connection.info()?.mss ?? null;
      connection.reset();
      hear({ kind: 'peer', receivedTtl: null }, nowNs);
    } else if (outcome.reason === 'refused') hear({ kind: 'refused' }, nowNs);
  }
}
