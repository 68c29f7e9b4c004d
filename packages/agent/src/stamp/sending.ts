// The driver of a Session-Sender: one socket, the clocks and one timer a round.

import type { Datagram, IcmpReport, Net, Timer, UdpSocket } from '@pinhole/net';
import { addressFamily, type Endpoint, ip, sameEndpoint, stamp } from '@pinhole/wire';
import { probeTtl } from '../session/probes.ts';
import { type StampReport, stampReport } from './figures.ts';
import { encodeProbe, type ProbeFormat } from './probe.ts';
import { readReply } from './replies.ts';
import { type SenderEvent, type SenderPlan, type SenderState, startSender, stepSender } from './sender.ts';
import { UtcClock } from './utc.ts';

export interface StampRoundOptions {
  readonly net: Net;
  readonly target: Endpoint;
  readonly plan: SenderPlan;
  readonly format: Omit<ProbeFormat, 'ssid'>;
  /** Without a session identifier, as TWAMP Light has none. */
  readonly twampLight: boolean;
  /** Ends the round at once, with what there is. */
  readonly signal?: AbortSignal;
}

/** Sends one round of probes to anything that speaks STAMP or TWAMP Light. Rejects with SocketError. */
export async function sendStampRound(options: StampRoundOptions): Promise<StampReport> {
  const round = new Round(options);
  try {
    return await round.run();
  } finally {
    round.close();
  }
}

class Round {
  readonly #options: StampRoundOptions;
  readonly #format: ProbeFormat;
  readonly #utc: UtcClock;
  /** On the monotonic clock. */
  readonly #originNs: number;
  readonly #state: SenderState;
  /** T1 of each probe as it stands in the packet. */
  readonly #timestamps = new Map<number, stamp.StampTimestamp>();
  /** By the socket's number of the datagram. */
  readonly #sequences = new Map<number, number>();
  readonly #ended = Promise.withResolvers<void>();
  #socket: UdpSocket | null = null;
  #timer: Timer | null = null;

  constructor(options: StampRoundOptions) {
    this.#options = options;
    const { net, twampLight, format, plan } = options;
    // RFC 8972 §3: not 0.
    this.#format = { ...format, ssid: twampLight ? 0 : 1 + net.random.below(0xffff) };
    this.#utc = new UtcClock(net.clock);
    this.#originNs = net.clock.monotonicNs();
    this.#state = startSender(plan, 0);
  }

  async run(): Promise<StampReport> {
    const { net, target, signal } = this.#options;
    this.#socket = await net.udp.open(
      { local: { address: ip(addressFamily(target.address) === 6 ? '::' : '0.0.0.0'), port: 0 } },
      {
        onDatagrams: (batch) => {
          for (const datagram of batch) this.#receive(datagram);
        },
        onTransmitted: ({ id, atNs }) => {
          const sequence = this.#sequences.get(id);
          if (sequence !== undefined)
            this.#feed({ kind: 'probe-left', sequence, atNs: atNs - this.#originNs });
        },
        onUnreachable: (report) => this.#feed({ kind: 'refused', reason: icmpWords(report) }),
      },
    );
    signal?.addEventListener('abort', () => this.#feed({ kind: 'stop' }));
    this.#feed({ kind: signal?.aborted === true ? 'stop' : 'tick' });
    await this.#ended.promise;
    return stampReport(this.#state, {
      target,
      ssid: this.#format.ssid,
      ttl: net.udp.features.packetOptions ? probeTtl : null,
      originUnixNs: this.#utc.unixNs(this.#originNs),
    });
  }

  close(): void {
    this.#timer?.cancel();
    this.#socket?.close();
  }

  #receive(datagram: Datagram): void {
    if (!sameEndpoint(datagram.from, this.#options.target)) {
      this.#feed({ kind: 'strange', reason: 'from another address or port' });
      return;
    }
    const receivedAtNs = datagram.receivedAtNs - this.#originNs;
    const read = readReply(
      this.#format.security,
      { ...datagram, receivedAtNs },
      (probe) => this.#timestamps.get(probe) ?? null,
    );
    this.#feed(
      read.ok ? { kind: 'reply', reply: read.reply } : { kind: 'strange', reason: strangeWords[read.reason] },
    );
  }

  #feed(event: SenderEvent): void {
    const { clock } = this.#options.net;
    const { effects, wakeAtMs } = stepSender(this.#state, event, this.#nowMs());
    this.#timer?.cancel();
    this.#timer = null;
    if (wakeAtMs !== null) {
      this.#timer = clock.after(Math.max(0, wakeAtMs - this.#nowMs()), () => this.#feed({ kind: 'tick' }));
    }
    for (const effect of effects) {
      if (effect.kind === 'done') this.#ended.resolve();
      else this.#send(effect.sequence);
    }
  }

  #send(sequence: number): void {
    const socket = this.#socket;
    if (socket === null) return;
    const { target, net, format } = this.#options;
    const timestamp = stamp.ntpFromUnixNs(this.#utc.unixNs(net.clock.monotonicNs()));
    this.#timestamps.set(sequence, timestamp);
    const outcome = socket.send({
      data: encodeProbe(this.#format, sequence, timestamp),
      to: target,
      ttl: probeTtl,
      dscp: format.dscp,
      stamp: true,
    });
    if (!outcome.sent) {
      this.#feed({ kind: 'probe-not-sent', sequence, reason: outcome.reason });
      return;
    }
    this.#sequences.set(outcome.id, sequence);
    this.#feed({ kind: 'probe-left', sequence, atNs: outcome.atNs - this.#originNs });
  }

  #nowMs(): number {
    return (this.#options.net.clock.monotonicNs() - this.#originNs) / 1e6;
  }
}

const strangeWords = {
  'too-short': 'too short for a reply',
  hmac: 'not signed with our key',
  'not-ours': 'no answer to a probe of this round',
} as const;

/** RFC 792 and RFC 4443 §3.1. */
function icmpWords({ offender, icmpType, icmpCode }: IcmpReport): string {
  const known: Readonly<Record<string, string>> = {
    '3/0': 'network unreachable',
    '3/1': 'host unreachable',
    '3/3': 'port unreachable',
    '3/4': 'too big for the path',
    '3/10': 'host prohibited',
    '3/13': 'administratively prohibited',
    '11/0': 'TTL exceeded',
    '1/0': 'no route',
    '1/1': 'administratively prohibited',
    '1/3': 'address unreachable',
    '1/4': 'port unreachable',
  };
  const words = known[`${icmpType}/${icmpCode}`] ?? `ICMP type ${icmpType} code ${icmpCode}`;
  return offender === null ? words : `${words}, says ${offender}`;
}
