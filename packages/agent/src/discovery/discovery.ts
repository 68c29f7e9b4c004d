// The driver of a discovery: fresh ports, connections, the timer; and the part of the test port's UDP that is its own.

import {
  type AnswerBody,
  type DiscoveryEffect,
  type DiscoveryEvent,
  type DiscoveryInput,
  type DiscoveryReport,
  type Slot,
  startDiscovery,
  stepDiscovery,
  testPort,
} from '@pinhole/nat';
import type { Net, TcpConnection, TcpListener, Timer, UdpSocket } from '@pinhole/net';
import {
  addressFamily,
  type DecodedStun,
  decodeRendezvous,
  decodeStun,
  type Endpoint,
  encodeRendezvous,
  encodeStun,
  findAttribute,
  formatEndpoint,
  ip,
  isRendezvous,
  maxRendezvousBytes,
  StunFramer,
  stunMethods,
  type Transport,
} from '@pinhole/wire';

export interface DiscoveryOptions {
  readonly net: Net;
  readonly input: DiscoveryInput;
  /** Of the NAT traversal server: wire's `traversalCredential`. */
  readonly credential: { readonly username: string; readonly password: string };
  /** The test port's number, and its UDP socket; what comes back is handed to takeDatagram. */
  readonly port: number;
  readonly sendUdp: (data: Uint8Array, to: Endpoint) => void;
}

type AskEffect = Extract<DiscoveryEffect, { kind: 'ask' }>;

const connectTimeoutMs = 4_000;
/** RFC 792 and RFC 4443, by family. */
const timeExceeded = { 4: 11, 6: 3 } as const;
/** Two probes and two hairpinned ones come; the ports are open to everybody for some seconds where nothing filters. */
const maxAccepted = 16;

export class Discovery {
  /** Resolves after a few seconds; with null where it was closed before. */
  readonly report: Promise<DiscoveryReport | null>;
  readonly #options: DiscoveryOptions;
  readonly #ending = new AbortController();
  readonly #sockets = new Map<Slot, Promise<UdpSocket | null>>();
  readonly #connections = new Map<string, Promise<TcpConnection | null>>();
  /** Local ports over TCP, as soon as a connection has been made. */
  readonly #tcpPorts = new Map<Slot, number>();
  readonly #listeners: TcpListener[] = [];
  readonly #accepted = new Set<TcpConnection>();
  #resolve: (report: DiscoveryReport | null) => void = () => undefined;
  #state;
  #timer: Timer | null = null;

  /** Begins at once. */
  constructor(options: DiscoveryOptions) {
    this.#options = options;
    const limitsTtl = options.net.udp.features.packetOptions;
    this.#state = startDiscovery({ ...options.input, limitsTtl });
    this.#tcpPorts.set(testPort, options.port);
    this.report = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#feed({ kind: 'tick' });
  }

  /** A STUN message that came to the test port over UDP; false where it answers nothing that was asked here. */
  takeDatagram(decoded: DecodedStun, from: Endpoint): boolean {
    const local = { address: this.#any, port: this.#options.port };
    return this.#take('udp', testPort, decoded, from, local);
  }

  close(): void {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort();
    this.#timer?.cancel();
    for (const listener of this.#listeners) listener.close();
    for (const connection of this.#accepted) connection.reset();
    for (const socket of this.#sockets.values()) void socket.then((each) => each?.close());
    // A reset leaves no TIME_WAIT: the test port's 4-tuples are wanted again by the next discovery.
    for (const connection of this.#connections.values()) void connection.then((each) => each?.reset());
    this.#resolve(null);
  }

  get #any() {
    return ip(addressFamily(this.#options.input.serverAddress) === 6 ? '::' : '0.0.0.0');
  }

  #feed(event: DiscoveryEvent): void {
    if (this.#ending.signal.aborted) return;
    const { clock, random } = this.#options.net;
    const { state, effects, wakeAtMs } = stepDiscovery(this.#state, event, clock.monotonicNs() / 1e6, random);
    this.#state = state;
    for (const effect of effects) this.#carryOut(effect);
    // A nested event has set a later timer already, by a later state.
    if (this.#state !== state) return;
    this.#timer?.cancel();
    if (wakeAtMs !== null) {
      const delayMs = Math.max(0, wakeAtMs - clock.monotonicNs() / 1e6);
      this.#timer = clock.after(delayMs, () => this.#feed({ kind: 'tick' }));
    }
    if (state.report !== null) {
      this.#resolve(state.report);
      this.close();
    }
  }

  #carryOut(effect: DiscoveryEffect): void {
    switch (effect.kind) {
      case 'ask':
        if (effect.transport === 'tcp') void this.#askTcp(effect);
        else void this.#askUdp(effect);
        return;
      case 'opener':
        void this.#open(effect);
        return;
      case 'connect': {
        const { slot, to } = effect;
        void this.#connection(slot, to).then((connection) => {
          if (connection !== null) this.#feed({ kind: 'connected', slot, to });
        });
        return;
      }
      case 'listen':
        void this.#listen(effect.slot);
    }
  }

  // ---- UDP -----------------------------------------------------------------------------------------------------

  async #askUdp(effect: AskEffect): Promise<void> {
    const { slot, to } = effect;
    const data = this.#encode(effect);
    if (slot === testPort) {
      this.#options.sendUdp(data, to);
      return;
    }
    const socket = await this.#socket(slot, to);
    socket?.send({ data, to });
  }

  async #open({ slot, to, ttl }: Extract<DiscoveryEffect, { kind: 'opener' }>): Promise<void> {
    const indication = encodeStun({
      class: 'indication',
      method: stunMethods.binding,
      transactionId: this.#options.net.random.bytes(12),
      attributes: [],
    });
    (await this.#socket(slot, to))?.send({ data: indication, to, ttl });
  }

  #socket(slot: Slot, to: Endpoint): Promise<UdpSocket | null> {
    const known = this.#sockets.get(slot);
    if (known !== undefined) return known;
    const opening = this.#options.net.udp
      .open(
        { local: { address: this.#any, port: 0 } },
        {
          onDatagrams: (batch) => {
            for (const { data, from } of batch) {
              // Only lent, and the socket is not there yet where this is its first turn.
              const decoded = decodeStun(Uint8Array.from(data));
              if (!decoded.ok) continue;
              void opening.then((own) => own && this.#take('udp', slot, decoded.value, from, own.local));
            }
          },
          onUnreachable: ({ icmpType, offender }) => {
            if (offender === null || icmpType !== timeExceeded[addressFamily(offender)]) return;
            this.#feed({ kind: 'expired', slot, by: offender });
          },
        },
      )
      .catch((error: unknown) => {
        this.#feed({ kind: 'failed', transport: 'udp', slot, to, detail: `no UDP socket: ${String(error)}` });
        return null;
      });
    this.#sockets.set(slot, opening);
    return opening;
  }

  // ---- TCP -----------------------------------------------------------------------------------------------------

  async #askTcp(effect: AskEffect): Promise<void> {
    const connection = await this.#connection(effect.slot, effect.to);
    connection?.write(this.#encode(effect));
  }

  /** The one from this port to there, opened where there is none. */
  #connection(slot: Slot, to: Endpoint): Promise<TcpConnection | null> {
    const key = `${slot} ${formatEndpoint(to)}`;
    const known = this.#connections.get(key);
    if (known !== undefined) return known;
    const opening = this.#connect(slot, to, () => this.#connections.delete(key));
    this.#connections.set(key, opening);
    return opening;
  }

  async #connect(slot: Slot, to: Endpoint, onGone: () => void): Promise<TcpConnection | null> {
    const lose = (detail: string) => {
      onGone();
      this.#feed({ kind: 'failed', transport: 'tcp', slot, to, detail });
    };
    const outcome = await this.#options.net.tcp.connect({
      remote: to,
      local: { address: this.#any, port: this.#tcpPorts.get(slot) ?? 0 },
      reusePort: true,
      timeoutMs: connectTimeoutMs,
      signal: this.#ending.signal,
    });
    if (!outcome.connected) {
      lose(`not connected: ${outcome.reason}`);
      return null;
    }
    const { connection } = outcome;
    this.#tcpPorts.set(slot, connection.local.port);
    const framer = new StunFramer(maxRendezvousBytes);
    connection.start({
      onData: (data) => {
        const { messages, failure } = framer.push(data);
        for (const bytes of messages) {
          const decoded = decodeStun(bytes);
          if (decoded.ok) this.#take('tcp', slot, decoded.value, to, connection.local);
        }
        if (failure !== null) connection.reset();
      },
      onClose: (reason) => lose(`the connection ended: ${reason}`),
    });
    return connection;
  }

  /** So that a SYN which is let in meets a listener, and not the RST of this host. Who is accepted stays to the end: a
   *  reset at once could overtake the connection's own success at the other end. */
  async #listen(slot: Slot): Promise<void> {
    const port = this.#tcpPorts.get(slot);
    if (port === undefined) return;
    const accept = (connection: TcpConnection) => {
      connection.start({ onData: () => undefined, onClose: () => this.#accepted.delete(connection) });
      if (this.#accepted.size >= maxAccepted) connection.reset();
      else this.#accepted.add(connection);
    };
    const listener = await this.#options.net.tcp
      .listen({ local: { address: this.#any, port }, reusePort: true }, accept)
      .catch(() => null);
    if (listener === null) return;
    if (this.#ending.signal.aborted) listener.close();
    else this.#listeners.push(listener);
  }

  // ---- messages ------------------------------------------------------------------------------------------------

  #encode({ ask, transactionId, nonce }: AskEffect): Uint8Array {
    if (ask.kind === 'probe') {
      const { username, password } = this.#options.credential;
      return encodeRendezvous({ transactionId, body: ask, username, nonce }, password);
    }
    const { changeAddress, changePort } = ask;
    return encodeStun({
      class: 'request',
      method: stunMethods.binding,
      transactionId,
      attributes: changeAddress || changePort ? [{ type: 'change-request', changeAddress, changePort }] : [],
    });
  }

  #take(transport: Transport, slot: Slot, decoded: DecodedStun, from: Endpoint, local: Endpoint): boolean {
    const { message } = decoded;
    const { transactionId } = message;
    if (message.class === 'request' && message.method === stunMethods.binding) {
      this.#feed({ kind: 'request', slot, from, transactionId });
      return true;
    }
    const body = isRendezvous(message) ? this.#probed(decoded) : bound(decoded);
    if (body === null) return false;
    const before = this.#state;
    this.#feed({ kind: 'answer', transport, slot, from, local, transactionId, body });
    return this.#state !== before;
  }

  #probed(decoded: DecodedStun): AnswerBody | null {
    const result = decodeRendezvous(decoded.message);
    if (!result.ok) return null;
    const { body } = result.value;
    return body.kind === 'probed' || (body.kind === 'refused' && body.method === 'probe') ? body : null;
  }
}

function bound({ message }: DecodedStun): AnswerBody | null {
  if (message.method !== stunMethods.binding) return null;
  if (message.class === 'error') {
    const error = findAttribute(message, 'error-code');
    return error === undefined
      ? null
      : { kind: 'refused', code: error.code, reason: error.reason, nonce: null };
  }
  const mapped = findAttribute(message, 'xor-mapped-address')?.endpoint;
  const other = findAttribute(message, 'other-address')?.endpoint ?? null;
  return message.class === 'success' && mapped !== undefined ? { kind: 'bound', mapped, other } : null;
}
