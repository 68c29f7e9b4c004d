// The driver of one session: between its machine, the agent's port and the clock.

import type { Clock, Datagram, Random, Timer } from '@pinhole/net';
import {
  type DecodedStun,
  decodeSessionMessage,
  deriveSessionKeys,
  type Endpoint,
  encodeSessionMessage,
  type SessionBody,
  type SessionKeys,
  type SessionRole,
  sameEndpoint,
  verifyIntegrity,
} from '@pinhole/wire';
import { stepSession } from './machine.ts';
import { ProbeCodec, type ProbePacket, probeTtl } from './probes.ts';
import {
  type SessionEffect,
  type SessionEvent,
  type SessionOutcome,
  type SessionSetup,
  type SessionState,
  startSession,
} from './state.ts';
import { nsFromNtp, ntpFromNs } from './time.ts';

/** What a session needs of the port it shares with others. */
export interface SessionPort {
  readonly clock: Clock;
  readonly random: Random;
  /** Sends; `onStamped` gets the kernel's moment of transmission (monotonic ns), where there is one. */
  send(
    request: { session: Session; data: Uint8Array; to: Endpoint; ttl?: number; dscp?: number },
    onStamped?: (atNs: number) => void,
  ): { sent: boolean; atNs: number };
}

export interface SessionOptions {
  readonly port: SessionPort;
  readonly sessionId: Uint8Array;
  readonly pairKey: Uint8Array;
  readonly setup: Omit<SessionSetup, 'originUnixNs'>;
  /** A way to the peer has been found; before onFinished, and not where none was. */
  readonly onConnected?: () => void;
  readonly onFinished: (outcome: SessionOutcome) => void;
  /** Nothing that comes for it needs an answer any more. */
  readonly onGone: () => void;
}

export class Session {
  readonly sessionId: Uint8Array;
  readonly #options: SessionOptions;
  readonly #keys: SessionKeys;
  readonly #codec: ProbeCodec;
  readonly #state: SessionState;
  /** The session's origin on the monotonic clock. */
  readonly #originNs: number;
  readonly #originUnixNs: bigint;
  /** T1 of each probe as it stood in the packet: a reflection must bring it back. */
  readonly #sentTimestamps = new Map<number, bigint>();
  #lastReflection: { sequence: number; timestamp: bigint } | null = null;
  #timer: Timer | null = null;
  /** What happens while an event is dealt with comes after it. */
  readonly #events: SessionEvent[] = [];
  #busy = false;
  #connected = false;
  #finished = false;
  #abandoned = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.sessionId = Uint8Array.from(options.sessionId);
    this.#keys = deriveSessionKeys(options.pairKey, this.sessionId);
    this.#codec = new ProbeCodec(this.#keys, this.sessionId, options.setup.role);
    const { clock } = options.port;
    this.#originNs = clock.monotonicNs();
    this.#originUnixNs = BigInt(Math.round(clock.wallMs() * 1e6));
    this.#state = startSession({ ...options.setup, originUnixNs: this.#originUnixNs });
  }

  get role(): SessionRole {
    return this.#options.setup.role;
  }

  /** The SSIDs that packets of this session carry. */
  get ssids(): readonly number[] {
    return [this.#codec.ownSsid, this.#codec.peerSsid];
  }

  start(): void {
    this.#feed({ kind: 'tick' });
  }

  /** Whether it still looks for its peer. */
  get connecting(): boolean {
    return this.#state.phase === 'connecting';
  }

  /** A check of the peer's has arrived in the last `ms`, so that there is a way one way at least. */
  hasHeardWithin(ms: number): boolean {
    return this.#state.punch.lastHeardAtMs >= this.#options.port.clock.monotonicNs() / 1e6 - ms;
  }

  /** The peer may be there too: checked from `startAtMs` on, and before that with a TTL of `openerTtl`, if there is one. */
  addCandidates(candidates: readonly Endpoint[], startAtMs: number, openerTtl: number | null = null): void {
    this.#feed({ kind: 'candidates', candidates, startAtMs, openerTtl });
  }

  /** A check of this session, for a port that searches. The peer answers with one of its own, which tells it the way. */
  newCheck(): Uint8Array {
    const { port, setup } = this.#options;
    const transactionId = port.random.bytes(12);
    return this.#encode(transactionId, setup.check);
  }

  /** A control message that names this session. Returns false where it is not from the session's peer. */
  takeControl(decoded: DecodedStun, from: Endpoint): boolean {
    const peer = this.#options.setup.role === 'source' ? 'target' : 'source';
    if (verifyIntegrity(decoded, 'sha256', this.#keys.control[peer]) !== 'valid') return false;
    const message = decodeSessionMessage(decoded.message);
    if (!message.ok) return false;
    const transactionId = Uint8Array.from(message.value.transactionId);
    this.#feed({ kind: 'message', from, transactionId, body: message.value.body });
    return true;
  }

  /** A STAMP packet with one of this session's SSIDs. */
  takeProbe(datagram: Datagram): boolean {
    const { remote, plan } = this.#state;
    if (remote === null || plan === null || !sameEndpoint(remote, datagram.from)) return false;
    const packet = this.#codec.decode(datagram.data);
    if (packet === null) return false;
    if (packet.kind === 'probe') this.#reflect(packet, datagram, remote, plan.dscp);
    else this.#takeReflection(packet, datagram);
    return true;
  }

  /** Ends without a word to the peer; what it sends finds nobody. Whoever waits for the outcome gets one. */
  abandon(): void {
    this.#abandoned = true;
    this.#timer?.cancel();
    this.#finish({ kind: 'failed', stage: 'opening', evidence: 'The agent was stopped' });
  }

  #reflect(
    probe: Extract<ProbePacket, { kind: 'probe' }>,
    datagram: Datagram,
    to: Endpoint,
    dscp: number,
  ): void {
    const { sequence } = probe.packet;
    const receivedAtNs = datagram.receivedAtNs - this.#originNs;
    const received = { timestamp: ntpFromNs(receivedAtNs, this.#originUnixNs), ttl: datagram.ttl };
    const data = this.#codec.encodeReflection(
      probe,
      datagram.data.length,
      received,
      this.#lastReflection,
      () => this.#ntpNow(),
    );
    const { sent, atNs } = this.#options.port.send(
      { session: this, data, to, ttl: probeTtl, dscp },
      (stampedAtNs) => {
        const at = stampedAtNs - this.#originNs;
        this.#lastReflection = { sequence, timestamp: ntpFromNs(at, this.#originUnixNs) };
        this.#feed({ kind: 'reflection-stamped', sequence, atNs: at });
      },
    );
    this.#feed({
      kind: 'probe-received',
      sequence,
      sentAtNs: nsFromNtp(probe.packet.timestamp, this.#originUnixNs),
      receivedAtNs,
      reflectedAtNs: sent ? atNs - this.#originNs : null,
    });
  }

  #takeReflection(
    { packet, followUp }: Extract<ProbePacket, { kind: 'reflection' }>,
    datagram: Datagram,
  ): void {
    const { senderSequence } = packet;
    if (this.#sentTimestamps.get(senderSequence) !== packet.senderTimestamp) return;
    this.#feed({
      kind: 'reflection-received',
      sequence: senderSequence,
      t2Ns: nsFromNtp(packet.receiveTimestamp, this.#originUnixNs),
      t3Ns: nsFromNtp(packet.timestamp, this.#originUnixNs),
      t4Ns: datagram.receivedAtNs - this.#originNs,
    });
    if (followUp === null) return;
    this.#feed({
      kind: 'follow-up',
      sequence: followUp.sequence,
      t3Ns: nsFromNtp(followUp.timestamp, this.#originUnixNs),
    });
  }

  #feed(event: SessionEvent): void {
    this.#events.push(event);
    if (this.#busy) return;
    this.#busy = true;
    const { clock, random } = this.#options.port;
    let wakeAtMs: number | null = null;
    try {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
        const step = stepSession(this.#state, next, clock.monotonicNs() / 1e6, random);
        wakeAtMs = step.wakeAtMs;
        this.#tellConnected();
        for (const effect of step.effects) this.#carryOut(effect);
      }
    } finally {
      this.#busy = false;
    }
    this.#timer?.cancel();
    this.#timer = null;
    if (wakeAtMs === null || this.#abandoned) return;
    const delayMs = Math.max(0, wakeAtMs - clock.monotonicNs() / 1e6);
    this.#timer = clock.after(delayMs, () => this.#feed({ kind: 'tick' }));
  }

  #tellConnected(): void {
    if (this.#connected || this.#state.remote === null) return;
    this.#connected = true;
    this.#options.onConnected?.();
  }

  #finish(outcome: SessionOutcome): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#options.onFinished(outcome);
  }

  #carryOut(effect: SessionEffect): void {
    switch (effect.kind) {
      case 'send': {
        const { to, transactionId, body, ttl } = effect;
        const data = this.#encode(transactionId, body);
        this.#options.port.send({ session: this, data, to, ...(ttl !== undefined && { ttl }) });
        return;
      }
      case 'send-probe':
        this.#sendProbe(effect.sequence, effect.to);
        return;
      case 'finished':
        this.#finish(effect.outcome);
        return;
      case 'gone':
        this.#options.onGone();
    }
  }

  #sendProbe(sequence: number, to: Endpoint): void {
    const { plan } = this.#state;
    if (plan === null) return;
    const { bytes, timestamp } = this.#codec.encodeProbe(sequence, plan.payloadBytes, () => this.#ntpNow());
    this.#sentTimestamps.set(sequence, timestamp);
    const sentAt = (atNs: number) =>
      this.#feed({ kind: 'probe-sent', sequence, atNs: atNs - this.#originNs });
    const { sent, atNs } = this.#options.port.send(
      { session: this, data: bytes, to, ttl: probeTtl, dscp: plan.dscp },
      sentAt,
    );
    if (sent) sentAt(atNs);
  }

  #encode(transactionId: Uint8Array, body: SessionBody): Uint8Array {
    const key = this.#keys.control[this.#options.setup.role];
    return encodeSessionMessage({ transactionId, sessionId: this.sessionId, body }, key);
  }

  #ntpNow(): bigint {
    return ntpFromNs(this.#options.port.clock.monotonicNs() - this.#originNs, this.#originUnixNs);
  }
}
