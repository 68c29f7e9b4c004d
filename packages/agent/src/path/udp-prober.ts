// Probes over UDP: Trace requests of a session, in one flow. A router answers with an ICMP error, the peer with an answer.

import type { IcmpReport, Net } from '@pinhole/net';
import {
  addressFamily,
  decodeIcmpExtension,
  type IpAddress,
  icmpTypes,
  isTooBig,
  type MplsLabel,
} from '@pinhole/wire';
import type { Session, TracingAnswer } from '../session/session.ts';
import { drive } from '../timing/drive.ts';
import type { Flow } from './flow.ts';
import { type MtuEvent, smallSize, startMtu, stepMtu } from './mtu.ts';
import { nonceBytes, type ProbeName, probeId, probeOfId, probeOfQuote } from './probe-id.ts';
import type { TraceProbe } from './trace.ts';
import type { Heard, Prober } from './tracer.ts';

/** Headers of IP and UDP. */
const headerBytes = { 4: 28, 6: 48 } as const;
/** Of the attribute that fills a message up. */
const paddingHeaderBytes = 4;

type Answer =
  | { readonly kind: 'peer'; readonly receivedTtl: number | null; readonly atNs: number }
  | { readonly kind: 'icmp'; readonly report: IcmpReport; readonly offender: IpAddress };

interface Awaited {
  sentAtNs: number;
  readonly onAnswer: (answer: Answer, sentAtNs: number) => void;
}

export class UdpProber implements Prober {
  /** Where the packets leave from, as far as an answer has told. */
  ownAddress: IpAddress | null = null;
  /** Who said that a packet was too large for the link behind, and how large one may be. */
  readonly tooBig = new Map<IpAddress, number>();
  readonly #net: Net;
  readonly #session: Session;
  readonly #flow: Flow;
  readonly #nonce: Uint8Array;
  readonly #awaited = new Map<string, Awaited>();

  constructor(net: Net, session: Session, flow: Flow) {
    this.#net = net;
    this.#session = session;
    this.#flow = flow;
    this.#nonce = net.random.bytes(nonceBytes);
  }

  /** Whether the answer is of this prober's. */
  takeAnswer({ transactionId, body, arrival }: TracingAnswer): boolean {
    const name = probeOfId(this.#nonce, transactionId);
    if (name === null || body.kind !== 'traced') return false;
    if (arrival.to !== null) this.ownAddress = arrival.to;
    this.#tell(name, { kind: 'peer', receivedTtl: body.receivedTtl, atNs: arrival.receivedAtNs });
    return true;
  }

  /** An error that came back to the flow's port, for this prober's packets or for others. */
  takeIcmp(report: IcmpReport): void {
    const name = probeOfQuote(this.#nonce, report.quoted);
    const { offender } = report;
    if (name !== null && offender !== null) this.#tell(name, { kind: 'icmp', report, offender });
  }

  send(probe: TraceProbe, onHeard: (heard: Heard) => void): void {
    this.#ask(probe, 0, probe.ttl, (answer, sentAtNs) => {
      const heard = heardFrom(answer, sentAtNs);
      if (heard !== null) onHeard(heard);
    });
  }

  /** The largest IP packet that gets through to the peer, in octets; null where it is not found within 7 s. */
  async findMtu(signal: AbortSignal): Promise<number | null> {
    const { clock } = this.#net;
    const nowMs = () => clock.monotonicNs() / 1e6;
    const state = startMtu(nowMs());
    let attempt = 0;
    let turn = 0;
    await drive<MtuEvent>(clock, signal, (feed) => (event) => {
      const { sizes, wakeAtMs } = stepMtu(state, event, nowMs());
      if (sizes.length > 0) turn += 1;
      const ofTurn = turn;
      for (const size of sizes) {
        const name = { ttl: 0, attempt: attempt++ };
        const { tooBig } = this.#ask(name, this.#padding(size), undefined, (answer) => {
          const told = this.#sizeAnswer(size, answer);
          // Small ones are all the same: a late one says nothing of the packet that was sent last.
          if (told !== null && (size !== smallSize || ofTurn === turn)) feed(told);
        });
        if (tooBig === true) queueMicrotask(() => feed({ kind: 'too-big', size, mtu: 0 }));
      }
      return wakeAtMs;
    });
    return state.end === 'found' ? state.proven : null;
  }

  #ask(name: ProbeName, paddingBytes: number, ttl: number | undefined, onAnswer: Awaited['onAnswer']) {
    const id = probeId(this.#nonce, name);
    const awaited: Awaited = { sentAtNs: Number.NaN, onAnswer };
    this.#awaited.set(keyOf(name), awaited);
    const data = this.#session.tracingMessage(id, { kind: 'trace', paddingBytes });
    const sent = this.#flow.send(data, ttl, (atNs) => {
      awaited.sentAtNs = atNs;
    });
    if (Number.isNaN(awaited.sentAtNs)) awaited.sentAtNs = sent.atNs;
    return sent;
  }

  #tell(name: ProbeName, answer: Answer): void {
    const awaited = this.#awaited.get(keyOf(name));
    awaited?.onAnswer(answer, awaited.sentAtNs);
  }

  #sizeAnswer(size: number, answer: Answer): MtuEvent | null {
    if (answer.kind === 'peer') return { kind: 'answered', size };
    const { offender } = answer;
    const { icmpType, icmpCode, mtu } = answer.report;
    if (!isTooBig(icmpType, icmpCode, addressFamily(offender))) return null;
    this.tooBig.set(offender, mtu);
    return { kind: 'too-big', size, mtu };
  }

  /** So that the packet has this size, or up to 3 octets less: STUN's attributes come in fours. */
  #padding(size: number): number {
    const id = probeId(this.#nonce, { ttl: 0, attempt: 0 });
    const bare = this.#session.tracingMessage(id, { kind: 'trace', paddingBytes: 0 }).length;
    const family = addressFamily(this.#flow.target.address);
    const room = size - headerBytes[family] - bare - paddingHeaderBytes;
    return Math.max(0, room - (room % 4));
  }
}

function heardFrom(answer: Answer, sentAtNs: number): Heard | null {
  const roundTripMs = (atNs: number) => Math.max(0, atNs - sentAtNs) / 1e6;
  if (answer.kind === 'peer') {
    const by = { kind: 'peer', receivedTtl: answer.receivedTtl } as const;
    return { by, roundTripMs: roundTripMs(answer.atNs), told: null };
  }
  const { report, offender } = answer;
  const { icmpType, icmpCode, receivedAtNs, extension } = report;
  const kind = errorKind(icmpType, offender);
  return kind === null
    ? null
    : {
        by: { kind, address: offender, icmp: { type: icmpType, code: icmpCode } },
        roundTripMs: roundTripMs(receivedAtNs),
        told: { mpls: labelsOf(extension), quoted: null },
      };
}

/** Of an extension structure (RFC 4884); none where it is faulty. */
export function labelsOf(extension: Uint8Array | null): readonly MplsLabel[] {
  const decoded = extension === null ? null : decodeIcmpExtension(extension);
  return decoded?.ok === true ? decoded.value.mpls : [];
}

/** What an ICMP error says of the way; null for those that say nothing of it. */
export function errorKind(icmpType: number, offender: IpAddress): 'expired' | 'unreachable' | null {
  const family = addressFamily(offender);
  if (icmpType === icmpTypes.timeExceeded[family]) return 'expired';
  return icmpType === icmpTypes.destinationUnreachable[family] ? 'unreachable' : null;
}

function keyOf({ ttl, attempt }: ProbeName): string {
  return `${ttl} ${attempt}`;
}
