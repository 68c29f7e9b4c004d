// The driver: sockets on every address and port, the clock, and what goes between them and the machines.

import type { Clock, Datagram, Net, TcpConnection, TcpListener, Timer, UdpSocket } from '@pinhole/net';
import {
  type DecodedStun,
  decodeStun,
  type Endpoint,
  formatEndpoint,
  type IpAddress,
  isRendezvous,
  maxRendezvousBytes,
  StunFramer,
  stunMethods,
} from '@pinhole/wire';
import type { Logger } from 'pino';
import { Budget, type BudgetOptions } from './budget.ts';
import type { Counters } from './counters.ts';
import { type Effect, type Now, newRegistrar } from './registrar/state.ts';
import { type RegistrarEvent, step, tickMs } from './registrar/step.ts';
import { answerBinding, type ServerEndpoints } from './stun/binding.ts';

export interface TraversalOptions {
  readonly net: Net;
  readonly log: Logger;
  /** Shared with the collector. */
  readonly secret: Uint8Array;
  /** One, or two for all of RFC 5780; or the unspecified address. */
  readonly addresses: readonly IpAddress[];
  readonly ports: readonly number[];
  /** @default defaultBudget */
  readonly budget?: BudgetOptions;
  /** TCP connections in all, below the 20,000 descriptors that a process commonly has. @default 16000 */
  readonly maxConnections?: number;
}

export interface TraversalServer {
  /** Where it listens, TCP and UDP. */
  readonly endpoints: readonly Endpoint[];
  readonly counters: Counters;
  close(): void;
}

/** Rejects with SocketError where an address or port cannot be had. */
export async function startTraversalServer(options: TraversalOptions): Promise<TraversalServer> {
  const server = new Server(options);
  try {
    await server.open();
  } catch (error) {
    server.close();
    throw error;
  }
  return server;
}

class Server implements TraversalServer {
  readonly #options: TraversalOptions;
  readonly #registrar;
  readonly #budget: Budget;
  readonly #own: ServerEndpoints;
  readonly #udp = new Map<string, UdpSocket>();
  readonly #listeners: TcpListener[] = [];
  readonly #connections = new Map<number, TcpConnection>();
  #nextConnectionId = 1;
  #timer: Timer | null = null;
  #reported = '{}';
  #reportAtMs = 0;

  constructor(options: TraversalOptions) {
    this.#options = options;
    this.#registrar = newRegistrar(options.secret, options.net.random);
    this.#budget = new Budget(options.budget);
    this.#own = {
      addresses: options.addresses.filter((address) => !isUnspecified(address)),
      ports: options.ports,
    };
  }

  get endpoints(): readonly Endpoint[] {
    return [...this.#udp.values()].map((socket) => socket.local);
  }

  get counters(): Counters {
    return this.#registrar.counters;
  }

  async open(): Promise<void> {
    const { net, addresses, ports, maxConnections = 16_000 } = this.#options;
    const perListener = Math.floor(maxConnections / (addresses.length * ports.length));
    for (const address of addresses) {
      for (const port of ports) {
        const onDatagrams = (batch: readonly Datagram[]) => {
          for (const datagram of batch) this.#datagram({ address: datagram.to ?? address, port }, datagram);
        };
        const local = { address, port };
        this.#udp.set(
          formatEndpoint(local),
          await net.udp.open({ local, bufferBytes: 4 << 20 }, { onDatagrams }),
        );
        this.#listeners.push(
          await net.tcp.listen({ local, maxConnections: perListener }, (connection) =>
            this.#connected(connection),
          ),
        );
      }
    }
    this.#reportAtMs = this.#now().ms + reportIntervalMs;
    this.#tick();
  }

  close(): void {
    this.#timer?.cancel();
    for (const listener of this.#listeners) listener.close();
    for (const connection of this.#connections.values()) connection.end();
    for (const socket of this.#udp.values()) socket.close();
  }

  #datagram(local: Endpoint, { data, from }: Datagram): void {
    if (!this.#budget.take(from.address, this.#now().ms)) {
      this.counters.add('dropped-over-budget');
      return;
    }
    const decoded = this.#decode(data);
    if (decoded === null) return;
    if (isBindingRequest(decoded)) {
      const answer = answerBinding(decoded, from, local, this.#own, false);
      this.counters.add('binding-answered');
      this.#sendUdp(answer.from, answer.to, answer.bytes);
    } else {
      this.#feed({ kind: 'message', channel: { transport: 'udp', local, from }, decoded });
    }
  }

  #connected(connection: TcpConnection): void {
    const connectionId = this.#nextConnectionId++;
    const from = connection.remote;
    const framer = new StunFramer(maxRendezvousBytes);
    this.#connections.set(connectionId, connection);
    this.#feed({ kind: 'connected', connectionId, from });
    connection.start({
      onData: (data) => {
        const { messages, failure } = framer.push(data);
        for (const message of messages) this.#streamMessage(connectionId, connection, message);
        if (failure === null) return;
        this.counters.add(failure === 'oversized' ? 'closed-oversized' : 'closed-not-stun');
        connection.reset();
      },
      onClose: () => {
        this.#connections.delete(connectionId);
        this.#feed({ kind: 'disconnected', connectionId });
      },
    });
  }

  #streamMessage(connectionId: number, connection: TcpConnection, message: Uint8Array): void {
    // After a reset, what came in the same piece is not looked at.
    if (!this.#connections.has(connectionId)) return;
    const from = connection.remote;
    const decoded = this.#budget.take(from.address, this.#now().ms) ? this.#decode(message) : null;
    if (decoded === null) return;
    if (isBindingRequest(decoded)) {
      this.counters.add('binding-answered');
      connection.write(answerBinding(decoded, from, connection.local, this.#own, true).bytes);
    } else {
      this.#feed({ kind: 'message', channel: { transport: 'tcp', connectionId, from }, decoded });
    }
  }

  #decode(bytes: Uint8Array): DecodedStun | null {
    const decoded = decodeStun(bytes);
    if (decoded.ok && (isRendezvous(decoded.value.message) || isBindingRequest(decoded.value)))
      return decoded.value;
    this.counters.add(decoded.ok ? 'dropped-unexpected' : `dropped-${decoded.reason}`);
    return null;
  }

  #feed(event: RegistrarEvent): void {
    for (const effect of step(this.#registrar, event, this.#now()).effects) this.#carryOut(effect);
  }

  #carryOut(effect: Effect): void {
    if (effect.kind === 'close') this.#connections.get(effect.connectionId)?.reset();
    else if (effect.channel.transport === 'udp')
      this.#sendUdp(effect.channel.local, effect.channel.from, effect.bytes);
    else this.#connections.get(effect.channel.connectionId)?.write(effect.bytes);
  }

  #sendUdp(from: Endpoint, to: Endpoint, data: Uint8Array): void {
    const bound = this.#udp.get(formatEndpoint(from));
    if (bound !== undefined) bound.send({ data, to });
    else this.#wildcard(from.port)?.send({ data, to, from: from.address });
  }

  #wildcard(port: number): UdpSocket | undefined {
    return [...this.#udp.values()].find(
      (socket) => isUnspecified(socket.local.address) && socket.local.port === port,
    );
  }

  #tick(): void {
    this.#feed({ kind: 'tick' });
    this.#report();
    this.#timer = this.#options.net.clock.after(tickMs, () => this.#tick());
  }

  #report(): void {
    const nowMs = this.#now().ms;
    if (nowMs < this.#reportAtMs) return;
    this.#reportAtMs = nowMs + reportIntervalMs;
    const counters = JSON.stringify(this.counters);
    if (counters === this.#reported) return;
    this.#reported = counters;
    this.#options.log.info(
      { registered: this.#registrar.registrations.size, counters: this.counters },
      'counters',
    );
  }

  #now(): Now {
    return nowOf(this.#options.net.clock);
  }
}

const reportIntervalMs = 60_000;

function nowOf(clock: Clock): Now {
  return { ms: clock.monotonicNs() / 1e6, wallS: clock.wallMs() / 1000 };
}

function isBindingRequest({ message }: DecodedStun): boolean {
  return message.class === 'request' && message.method === stunMethods.binding;
}

function isUnspecified(address: IpAddress): boolean {
  return address === '0.0.0.0' || address === '::';
}
