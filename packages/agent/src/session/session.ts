// The driver of one session: between its machine, the agent's port and the clock.

import type { Clock, Datagram, Random, Timer } from '@pinhole/net';
import {
  type DecodedStun,
  decodeSessionMessage,
  deriveSessionKeys,
  type Endpoint,
  encodeSessionMessage,
  type IpAddress,
  type SessionBody,
  type SessionKeys,
  type SessionRole,
  sameEndpoint,
  type TcpFigures,
  verifyIntegrity,
} from '@pinhole/wire';
import { stepSession } from './machine.ts';
import { ProbeCodec } from './probes.ts';
import { Probing } from './probing.ts';
import {
  type SessionEffect,
  type SessionEvent,
  type SessionOutcome,
  type SessionSetup,
  type SessionState,
  startSession,
} from './state.ts';
import { isAboutThroughput, type ThroughputMessage } from './throughput.ts';
import { originOf } from './time.ts';

/** What a session needs of the port it shares with others. */
export interface SessionPort {
  readonly clock: Clock;
  readonly random: Random;
  /** Sends; `onStamped` gets the kernel's moment of transmission (monotonic ns), where there is one. */
  send(
    request: { session: Session; data: Uint8Array; to: Endpoint; ttl?: number; dscp?: number },
    onStamped?: (atNs: number) => void,
  ): Sent;
  /** What the system says of the session's connection; null over UDP, and where it says nothing. */
  tcpFigures(session: Session): TcpFigures | null;
  /** Makes whatever is in front of this side let in what comes from there to the session's port. */
  openWay(session: Session, to: Endpoint): void;
}

export interface Sent {
  readonly sent: boolean;
  readonly atNs: number;
  /** It is larger than this host's own link takes. */
  readonly tooBig?: boolean;
}

/** How a message came in. */
export interface Arrival {
  readonly from: Endpoint;
  /** Where it was sent to, and what was left of its TTL, where the system tells. */
  readonly to: IpAddress | null;
  readonly ttl: number | null;
  readonly receivedAtNs: number;
  /** Of a stream: it came in one piece with others, which may have held it up. @default false */
  readonly inCompany?: boolean;
}

/** An answer of the peer's to what this side's tracing has asked. */
export interface TracingAnswer {
  readonly arrival: Arrival;
  readonly transactionId: Uint8Array;
  readonly body: Extract<SessionBody, { kind: 'traced' | 'flows-opened' }>;
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
  readonly #probing: Probing;
  readonly #state: SessionState;
  #timer: Timer | null = null;
  /** Where its peer was looked for last; null where nobody has said where that may be. */
  soughtAt: Endpoint | null = null;
  /** At which of this host's addresses its peer's messages arrive; null where the system does not tell, or none has. */
  ownAddress: IpAddress | null = null;
  /** They get what answers this side's tracing. */
  readonly tracingAnswers = new Set<(answer: TracingAnswer) => void>();
  /** Gets what is about throughput. */
  onThroughput: ((message: ThroughputMessage) => void) | null = null;
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
    const { port } = options;
    const origin = originOf(port.clock);
    this.#state = startSession({ ...options.setup, originUnixNs: origin.originUnixNs });
    this.#probing = new Probing({
      session: this,
      port,
      codec: this.#codec,
      origin,
      feed: (event) => this.#feed(event),
    });
  }

  get role(): SessionRole {
    return this.#options.setup.role;
  }

  /** Over TCP, the largest segment that its connection is to have; null for the system's. */
  get mss(): number | null {
    return this.#options.setup.mss ?? null;
  }

  /** Over TCP, whether no other session is to use its connection. */
  get isAlone(): boolean {
    return this.#options.setup.isAlone ?? false;
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
  takeControl(decoded: DecodedStun, arrival: Arrival): boolean {
    const peer = this.#options.setup.role === 'source' ? 'target' : 'source';
    if (verifyIntegrity(decoded, 'sha256', this.#keys.control[peer]) !== 'valid') return false;
    const message = decodeSessionMessage(decoded.message);
    if (!message.ok) return false;
    const { body } = message.value;
    this.ownAddress = arrival.to ?? this.ownAddress;
    const transactionId = Uint8Array.from(message.value.transactionId);
    if (body.kind === 'traced' || body.kind === 'flows-opened')
      for (const take of this.tracingAnswers) take({ arrival, transactionId, body });
    if (isAboutThroughput(body)) this.onThroughput?.({ transactionId, body });
    const { from, ttl: receivedTtl } = arrival;
    this.#feed({ kind: 'message', from, receivedTtl, transactionId, body });
    return true;
  }

  /** Where the peer is; null until a way has been found. */
  get remote(): Endpoint | null {
    return this.#state.remote;
  }

  /** This side's own endpoint as the peer sees it. */
  get mapped(): Endpoint | null {
    return this.#state.mapped;
  }

  /** A message that asks something for the tracing of the path. */
  tracingMessage(
    transactionId: Uint8Array,
    body: Extract<SessionBody, { kind: 'trace' | 'flows' }>,
  ): Uint8Array {
    return this.#encode(transactionId, body);
  }

  throughputMessage(transactionId: Uint8Array, body: SessionBody): Uint8Array {
    return this.#encode(transactionId, body);
  }

  /** While it is under way the session is not over. */
  setThroughput(underWay: boolean): void {
    this.#feed({ kind: 'throughput', underWay });
  }

  /** While it is under way the session is not over. */
  setTracing(underWay: boolean): void {
    this.#feed({ kind: 'tracing', underWay });
  }

  /** A STAMP packet with one of this session's SSIDs. */
  takeProbe(datagram: Datagram): boolean {
    const { remote, plan } = this.#state;
    if (remote === null || plan === null || !sameEndpoint(remote, datagram.from)) return false;
    return this.#probing.take(datagram, plan);
  }

  /** Ends without a word to the peer; what it sends finds nobody. Whoever waits for the outcome gets one. */
  abandon(): void {
    this.#abandoned = true;
    this.#timer?.cancel();
    this.#finish({ kind: 'failed', stage: 'opening', evidence: 'The agent was stopped' });
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
        const { port } = this.#options;
        const whole = body.kind === 'report' ? { ...body, tcp: port.tcpFigures(this) } : body;
        const data = this.#encode(transactionId, whole);
        port.send({ session: this, data, to, ...(ttl !== undefined && { ttl }) });
        return;
      }
      case 'open-way':
        this.#options.port.openWay(this, effect.to);
        return;
      case 'send-probe':
        if (this.#state.plan !== null) this.#probing.send(effect.sequence, effect.to, this.#state.plan);
        return;
      case 'finished':
        this.#finish(effect.outcome);
        return;
      case 'gone':
        this.#options.onGone();
    }
  }

  #encode(transactionId: Uint8Array, body: SessionBody): Uint8Array {
    const key = this.#keys.control[this.#options.setup.role];
    return encodeSessionMessage({ transactionId, sessionId: this.sessionId, body }, key);
  }
}
