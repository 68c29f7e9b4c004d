// The driver: sockets on every address and port, the clock, and what goes between them and the machines.

import type { Net, TcpListener, Timer } from '@pinhole/net';
import type { Endpoint, IpAddress } from '@pinhole/wire';
import type { Logger } from 'pino';
import { type BudgetOptions, defaultBudget } from './budget.ts';
import type { Counters } from './counters.ts';
import { Datagrams } from './datagrams.ts';
import { Probes } from './probes/probes.ts';
import { provesItsSource } from './registrar/authenticate.ts';
import { type Effect, type Now, newRegistrar, type RegistrarState } from './registrar/state.ts';
import { type RegistrarEvent, step, tickMs } from './registrar/step.ts';
import { Streams } from './streams.ts';
import { isUnspecified } from './stun/binding.ts';

export interface TraversalOptions {
  readonly net: Net;
  readonly log: Logger;
  /** Shared with the collector. */
  readonly secret: Uint8Array;
  /** One, or two for all of RFC 5780; or the unspecified address. */
  readonly addresses: readonly IpAddress[];
  readonly ports: readonly number[];
  /** What one source may ask for over UDP, and how many connections it may open. @default defaultBudget */
  readonly budget?: BudgetOptions;
  /** TCP connections in all, below the 20,000 descriptors that a process commonly has. @default 16000 */
  readonly maxConnections?: number;
  /** TCP port that leaves every SYN unanswered, to test simultaneous open with. @default 9121 */
  readonly silentPort?: number;
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

/** Beside 9119 and 9120. */
const defaultSilentPort = 9121;
/** For the goodbyes to get through. */
const partingMs = 300;
const reportIntervalMs = 60_000;

class Server implements TraversalServer {
  readonly endpoints: Endpoint[] = [];
  readonly #options: TraversalOptions;
  readonly #registrar: RegistrarState;
  readonly #datagrams: Datagrams;
  readonly #streams: Streams;
  readonly #probes: Probes;
  readonly #listeners: TcpListener[] = [];
  #timer: Timer | null = null;
  #reported = '{}';
  #reportAtMs = 0;

  constructor(options: TraversalOptions) {
    this.#options = options;
    const { net, secret, addresses, ports, budget = defaultBudget, maxConnections = 16_000 } = options;
    this.#registrar = newRegistrar(secret, net.random, maxConnections);
    const shared = {
      own: { addresses: addresses.filter((address) => !isUnspecified(address)), ports },
      budget,
      counters: this.#registrar.counters,
      now: () => this.#now(),
      onMessage: (channel, decoded) => this.#feed({ kind: 'message', channel, decoded }),
    } satisfies Partial<ConstructorParameters<typeof Streams>[0]>;
    this.#datagrams = new Datagrams({
      ...shared,
      provesItsSource: (channel, decoded) => provesItsSource(this.#registrar, decoded, channel, this.#now()),
    });
    this.#probes = new Probes({
      net,
      log: options.log,
      own: shared.own,
      send: (channel, bytes) => this.#carryOut({ kind: 'send', channel, bytes }),
    });
    this.#streams = new Streams({
      ...shared,
      onConnected: (connectionId, from) => this.#feed({ kind: 'connected', connectionId, from }),
      onBound: (connectionId) => this.#feed({ kind: 'bound', connectionId }),
      onDisconnected: (connectionId) => this.#feed({ kind: 'disconnected', connectionId }),
    });
  }

  get counters(): Counters {
    return this.#registrar.counters;
  }

  async open(): Promise<void> {
    const { net, addresses, ports } = this.#options;
    for (const address of addresses) {
      for (const port of ports) {
        const local = { address, port };
        this.endpoints.push(await this.#datagrams.open(net.udp, local));
        const accept = this.#streams.accept.bind(this.#streams);
        this.#listeners.push(await net.tcp.listen({ local }, accept));
      }
    }
    await this.#probes.open(addresses, this.#options.silentPort ?? defaultSilentPort);
    this.#reportAtMs = this.#now().ms + reportIntervalMs;
    this.#tick();
  }

  close(): void {
    this.#timer?.cancel();
    for (const listener of this.#listeners) listener.close();
    this.#streams.end();
    this.#options.net.clock.after(partingMs, () => this.#streams.close());
    this.#probes.close();
    this.#datagrams.close();
  }

  #feed(event: RegistrarEvent): void {
    for (const effect of step(this.#registrar, event, this.#now()).effects) this.#carryOut(effect);
  }

  #carryOut(effect: Effect): void {
    if (effect.kind === 'close') {
      this.#streams.reset(effect.connectionId);
      return;
    }
    if (effect.kind === 'probe') {
      const { channel } = effect.request;
      const local = channel.transport === 'udp' ? channel.local : this.#streams.localOf(channel.connectionId);
      if (local !== undefined) this.#probes.run(effect.request, local);
      return;
    }
    const { channel, bytes } = effect;
    if (channel.transport === 'tcp') this.#streams.send(channel.connectionId, bytes);
    else this.#datagrams.send(channel.local, { data: bytes, to: channel.from });
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
    const { clock } = this.#options.net;
    return { ms: clock.monotonicNs() / 1e6, wallS: clock.wallMs() / 1000 };
  }
}
