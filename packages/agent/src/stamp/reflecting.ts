// The driver of a Session-Reflector: sockets, the two clocks and one timer.

import type { Datagram, Net, SendRequest, Timer, UdpSocket } from '@pinhole/net';
import { type Endpoint, stamp } from '@pinhole/wire';
import { probeTtl } from '../session/probes.ts';
import {
  type ReflectorCounts,
  type ReflectorEffect,
  type ReflectorEvent,
  type ReflectorOptions,
  type ReflectorState,
  startReflector,
  stepReflector,
} from './reflector.ts';
import { UtcClock } from './utc.ts';

/** What comes while the event loop is busy elsewhere. */
const bufferBytes = 4 << 20;
/** The wall clock is looked at, and the host's addresses are. */
const lookEveryMs = 1_000;
/** Replies whose moment of departure the kernel has yet to tell. */
const maxAwaited = 4_096;

export interface StampReflectorOptions extends ReflectorOptions {
  readonly net: Net;
  /** Where to listen; port 0 takes a free one. */
  readonly listen: readonly Endpoint[];
  /** What has happened in the last second or longer; not called while nothing happens. */
  readonly onReport: (report: { readonly counts: ReflectorCounts; readonly sessions: number }) => void;
}

export interface StampReflector {
  readonly endpoints: readonly Endpoint[];
  /** Tells what has not been told yet. */
  close(): void;
}

/** Answers STAMP (RFC 8762) and TWAMP Light probes until it is closed. Rejects with SocketError. */
export async function startStampReflector(options: StampReflectorOptions): Promise<StampReflector> {
  const reflecting = new Reflecting(options);
  try {
    for (const local of options.listen) await reflecting.open(local);
  } catch (error) {
    reflecting.close();
    throw error;
  }
  return reflecting;
}

type Reply = Extract<ReflectorEffect, { kind: 'reply' }>;

class Reflecting implements StampReflector {
  readonly #options: StampReflectorOptions;
  readonly #state: ReflectorState;
  readonly #utc: UtcClock;
  readonly #sockets: UdpSocket[] = [];
  #timer: Timer | null = null;
  #wakeAtMs: number | null = null;
  #lookAtMs = 0;

  constructor(options: StampReflectorOptions) {
    this.#options = options;
    this.#utc = new UtcClock(options.net.clock);
    this.#state = startReflector(options, this.#nowMs());
  }

  get endpoints(): readonly Endpoint[] {
    return this.#sockets.map(({ local }) => local);
  }

  async open(local: Endpoint): Promise<void> {
    const awaited = new Map<number, NonNullable<Reply['followUp']>>();
    const socket = await this.#options.net.udp.open(
      { local, bufferBytes },
      {
        onDatagrams: (batch) => this.#receive(socket, awaited, batch),
        onTransmitted: ({ id, atNs }) => {
          const reply = awaited.get(id);
          awaited.delete(id);
          if (reply !== undefined) this.#step({ kind: 'reply-left', ...reply, at: this.#timestamp(atNs) });
        },
      },
    );
    this.#sockets.push(socket);
  }

  close(): void {
    this.#timer?.cancel();
    for (const socket of this.#sockets) socket.close();
    const { counts, sessions } = this.#state;
    if (Object.keys(counts).length > 0) this.#options.onReport({ counts, sessions: sessions.size });
  }

  #receive(
    socket: UdpSocket,
    awaited: Map<number, NonNullable<Reply['followUp']>>,
    batch: readonly Datagram[],
  ): void {
    this.#look();
    const replies = batch.flatMap(({ data, from, to, receivedAtNs, ttl, dscp }) =>
      this.#step({
        kind: 'datagram',
        data,
        from,
        to: { address: to ?? socket.local.address, port: socket.local.port },
        receivedAt: this.#timestamp(receivedAtNs),
        ttl,
        dscp,
      }).map((reply) => requestOf(reply, to)),
    );
    // All at once are all at one moment: T3 of each is that of the first.
    const leavesAt = this.#timestamp(this.#options.net.clock.monotonicNs());
    for (const { request } of replies)
      stamp.setTransmitTimestamp(this.#options.security, request.data, leavesAt);
    const outcomes = socket.sendBatch(replies.map(({ request }) => request));
    outcomes.forEach((outcome, i) => {
      const { followUp } = replies[i]!;
      if (!outcome.sent) this.#step({ kind: 'reply-not-sent' });
      else if (followUp !== null) {
        this.#step({ kind: 'reply-left', ...followUp, at: leavesAt });
        if (this.#options.net.udp.features.transmitStamps) awaited.set(outcome.id, followUp);
        if (awaited.size > maxAwaited) awaited.delete(awaited.keys().next().value as number);
      }
    });
  }

  /** Carries out all but the replies. */
  #step(event: ReflectorEvent): Reply[] {
    const { effects, wakeAtMs } = stepReflector(this.#state, event, this.#nowMs());
    for (const effect of effects) if (effect.kind === 'report') this.#options.onReport(effect);
    this.#wake(wakeAtMs);
    return effects.filter((effect) => effect.kind === 'reply');
  }

  #wake(atMs: number | null): void {
    if (atMs === this.#wakeAtMs) return;
    this.#wakeAtMs = atMs;
    this.#timer?.cancel();
    if (atMs === null) return;
    this.#timer = this.#options.net.clock.after(Math.max(0, atMs - this.#nowMs()), () => {
      this.#wakeAtMs = null;
      this.#step({ kind: 'tick' });
    });
  }

  #look(): void {
    if (this.#nowMs() < this.#lookAtMs) return;
    this.#lookAtMs = this.#nowMs() + lookEveryMs;
    this.#utc.check();
    const addresses = this.#options.net.host.interfaces().flatMap(({ ipAddresses }) => ipAddresses);
    this.#step({ kind: 'own-addresses', addresses });
  }

  #timestamp(monotonicNs: number): stamp.StampTimestamp {
    return stamp.ntpFromUnixNs(this.#utc.unixNs(monotonicNs));
  }

  #nowMs(): number {
    return this.#options.net.clock.monotonicNs() / 1e6;
  }
}

/** It comes from the address that was asked, or from the one that the sender wants it from. */
function requestOf(
  { data, to, from, dscp, followUp }: Reply,
  asked: Datagram['to'],
): { request: SendRequest; followUp: Reply['followUp'] } {
  const source = from ?? asked;
  const request = {
    data,
    to,
    ttl: probeTtl,
    stamp: followUp !== null,
    ...(source !== null && { from: source }),
    ...(dscp !== null && { dscp }),
  };
  return { request, followUp };
}
