// The driver of the trials that tell how long idle mappings live: in the background, between checks, from ports of their
// own.

import {
  type Lifetimes,
  nextTrial,
  noLifetimes,
  startTrial,
  stepTrial,
  type TrialEffect,
  type TrialEvent,
  type TrialOutcome,
  type TrialPlan,
  type TrialSlot,
  transportOf,
  withOutcome,
} from '@pinhole/nat';
import type { Net, Timer, UdpSocket } from '@pinhole/net';
import {
  addressFamily,
  decodeStun,
  type Endpoint,
  encodeStun,
  findAttribute,
  ip,
  maxRendezvousBytes,
  StunFramer,
  stunMethods,
  type Transport,
} from '@pinhole/wire';
import { pause } from '../timing/pause.ts';

export interface LifetimeOptions {
  readonly net: Net;
  /** The NAT traversal server, as it is now; null where there is none. */
  readonly server: () => Promise<Endpoint | null>;
}

const connectTimeoutMs = 5_000;

export class LifetimeTrials {
  /** What is known so far. */
  known: Lifetimes = noLifetimes;
  readonly #options: LifetimeOptions;
  readonly #ending = new AbortController();

  /** Begins at once, and goes on until it is closed. */
  constructor(options: LifetimeOptions) {
    this.#options = options;
    for (const transport of ['udp', 'tcp'] as const) void this.#goOn(transport);
  }

  close(): void {
    this.#ending.abort();
  }

  async #goOn(transport: Transport): Promise<void> {
    const { net, server } = this.#options;
    const { signal } = this.#ending;
    const nowMs = () => net.clock.monotonicNs() / 1e6;
    while (!signal.aborted) {
      const { plan, atMs } = nextTrial(this.known, transport, nowMs());
      await pause(net.clock, atMs - nowMs(), signal);
      const to = signal.aborted ? null : await server().catch(() => null);
      if (signal.aborted) return;
      const outcome: TrialOutcome =
        to === null ? { kind: 'unclear', detail: 'no server' } : await runTrial(net, to, plan, signal);
      if (!signal.aborted) this.known = withOutcome(this.known, plan, outcome, nowMs());
    }
  }
}

/** One trial with the server at `to`. Never rejects. */
export function runTrial(
  net: Net,
  to: Endpoint,
  plan: TrialPlan,
  signal: AbortSignal,
): Promise<TrialOutcome> {
  return new Trial(net, to, plan).run(signal);
}

type Send = (data: Uint8Array) => void;

class Trial {
  readonly #net: Net;
  readonly #to: Endpoint;
  readonly #transport: Transport;
  readonly #ending = new AbortController();
  /** By slot, once it was asked for. */
  readonly #ports = new Map<TrialSlot, Promise<Send | null>>();
  #resolve: (outcome: TrialOutcome) => void = () => undefined;
  #state;
  #timer: Timer | null = null;

  constructor(net: Net, to: Endpoint, plan: TrialPlan) {
    this.#net = net;
    this.#to = to;
    this.#transport = transportOf(plan.kind);
    this.#state = startTrial(plan, net.clock.monotonicNs() / 1e6);
  }

  async run(signal: AbortSignal): Promise<TrialOutcome> {
    if (signal.aborted) return { kind: 'unclear', detail: 'ended' };
    const aborted = () => this.#resolve({ kind: 'unclear', detail: 'ended' });
    signal.addEventListener('abort', aborted);
    const outcome = await new Promise<TrialOutcome>((resolve) => {
      this.#resolve = resolve;
      this.#feed({ kind: 'tick' });
    });
    signal.removeEventListener('abort', aborted);
    this.#timer?.cancel();
    this.#ending.abort();
    return outcome;
  }

  #feed(event: TrialEvent): void {
    if (this.#ending.signal.aborted) return;
    const { clock, random } = this.#net;
    const { state, effects, wakeAtMs } = stepTrial(this.#state, event, clock.monotonicNs() / 1e6, random);
    this.#state = state;
    for (const effect of effects) void this.#send(effect);
    this.#timer?.cancel();
    if (state.outcome !== null) this.#resolve(state.outcome);
    else if (wakeAtMs !== null) {
      const delayMs = Math.max(0, wakeAtMs - clock.monotonicNs() / 1e6);
      this.#timer = clock.after(delayMs, () => this.#feed({ kind: 'tick' }));
    }
  }

  async #send({ slot, transactionId, responsePort }: TrialEffect): Promise<void> {
    let port = this.#ports.get(slot);
    if (port === undefined) {
      port = this.#transport === 'udp' ? this.#openUdp(slot) : this.#connect(slot);
      this.#ports.set(slot, port);
    }
    const send = await port;
    if (this.#ending.signal.aborted) return;
    send?.(
      encodeStun({
        class: 'request',
        method: stunMethods.binding,
        transactionId,
        attributes: responsePort === null ? [] : [{ type: 'response-port', value: responsePort }],
      }),
    );
  }

  #take(slot: TrialSlot, data: Uint8Array): void {
    const decoded = decodeStun(data);
    if (!decoded.ok) return;
    const { message } = decoded.value;
    const mapped = findAttribute(message, 'xor-mapped-address')?.endpoint;
    if (message.class !== 'success' || message.method !== stunMethods.binding || mapped === undefined) return;
    this.#feed({ kind: 'answer', slot, transactionId: message.transactionId, mapped });
  }

  get #any(): Endpoint {
    return { address: ip(addressFamily(this.#to.address) === 6 ? '::' : '0.0.0.0'), port: 0 };
  }

  async #openUdp(slot: TrialSlot): Promise<Send | null> {
    const onDatagrams = (batch: readonly { readonly data: Uint8Array }[]) => {
      for (const { data } of batch) this.#take(slot, data);
    };
    let socket: UdpSocket;
    try {
      socket = await this.#net.udp.open({ local: this.#any }, { onDatagrams });
    } catch (error) {
      this.#feed({ kind: 'lost', slot, detail: `no UDP socket: ${String(error)}` });
      return null;
    }
    this.#atEnd(() => socket.close());
    return (data) => socket.send({ data, to: this.#to });
  }

  async #connect(slot: TrialSlot): Promise<Send | null> {
    const { signal } = this.#ending;
    const local = this.#any;
    const options = { remote: this.#to, local, timeoutMs: connectTimeoutMs, signal };
    const outcome = await this.#net.tcp.connect(options);
    if (!outcome.connected) {
      this.#feed({ kind: 'lost', slot, detail: `not connected: ${outcome.reason}` });
      return null;
    }
    const { connection } = outcome;
    const framer = new StunFramer(maxRendezvousBytes);
    connection.start({
      onData: (data) => {
        const { messages, failure } = framer.push(data);
        for (const message of messages) this.#take(slot, message);
        if (failure !== null) connection.reset();
      },
      onClose: (reason) => this.#feed({ kind: 'lost', slot, detail: `the connection ended: ${reason}` }),
    });
    this.#atEnd(() => connection.reset());
    return (data: Uint8Array) => connection.write(data);
  }

  #atEnd(close: () => void): void {
    const { signal } = this.#ending;
    if (signal.aborted) close();
    else signal.addEventListener('abort', close, { once: true });
  }
}
