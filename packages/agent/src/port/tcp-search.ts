// Many connections to ports of the peer's of which it is not known which is open (wire's PortSearch). Whoever uses one of
// those that come about decides when it is enough.

import type { ConnectFailure, Net, TcpConnection, TcpListener, Timer } from '@pinhole/net';
import { type IpAddress, ip, type PortSearch } from '@pinhole/wire';
import { pause } from '../timing/pause.ts';
import type { SearchBudget } from './search-budget.ts';
import { searchTries } from './search-ports.ts';

const anyAddress = ip('0.0.0.0');

/** The first SYN and its repetitions after 1 and 3 s (RFC 6298), each with a round trip to be answered in. */
const connectTimeoutMs = 4_000;
/** Neither the event loop nor a link is to be filled for long: 64 connects are some 10 ms of work and 4 kB. */
const batchSize = 64;
const batchGapMs = 5;
/** The SYN's first repetition, and time for it to arrive: what has not come about by then seldom will. */
const patienceMs = 2_500;
/** Of a fresh port. */
const maxAccepted = 4;

export interface TcpSearchOptions {
  readonly net: Net;
  readonly search: PortSearch;
  /** The peer's. */
  readonly address: IpAddress;
  /** Where it is to search from no fresh ports. */
  readonly localPort: number;
  readonly budget: SearchBudget;
  /** Of fresh ports that accept. */
  readonly listeners: SearchBudget;
  /** One has come about, or was accepted at a fresh port. */
  readonly onConnection: (connection: TcpConnection) => void;
  /** Once, unless it was stopped: all have failed for certain, or 2.5 s have gone by since the last was begun. */
  readonly onExhausted: () => void;
}

export class TcpSearch {
  readonly #options: TcpSearchOptions;
  /** One for each batch of connects. */
  readonly #batches: AbortController[] = [];
  readonly #listeners: TcpListener[] = [];
  readonly #failures = new Map<ConnectFailure, number>();
  #stopped = false;
  #ended = false;
  #isAllBegun = false;
  /** No descriptor or no memory is left: no more are begun, and the last ones given back, as others need some too. */
  #isSpent = false;
  #begun = 0;
  #underWay = 0;
  #mayStillCome = false;
  #patience: Timer | null = null;

  /** Begins at once. */
  constructor(options: TcpSearchOptions) {
    this.#options = options;
    void this.#run();
  }

  /** What has come of it, for whoever asks why there is no connection. */
  get summary(): string {
    const { address } = this.#options;
    const counts = [...this.#failures].map(([reason, count]) => `${count} ${reason}`);
    return `TCP to ${address}: ${this.#begun} connections tried, ${counts.join(', ') || 'none has failed'}`;
  }

  /** Begins no more. What is under way goes on: the peer may use it. */
  stop(): void {
    this.#stopped = true;
    this.#patience?.cancel();
  }

  /** As stop, and ends what is under way; little by little, because a session has begun that measures. */
  end(): void {
    if (this.#ended) return;
    this.stop();
    this.#ended = true;
    for (const listener of this.#listeners) {
      listener.close();
      this.#options.listeners.give();
    }
    void this.#abort();
  }

  async #run(): Promise<void> {
    const { search, net } = this.#options;
    const localPorts: (number | null)[] = [];
    while (localPorts.length < Math.max(1, search.sockets) && !this.#stopped) {
      localPorts.push(await this.#localPort());
      if (localPorts.length % batchSize === 0) await this.#turn();
    }
    for (const { socket, port } of searchTries(search, net.random)) {
      const localPort = localPorts[socket] ?? null;
      // This one is left out.
      if (localPort === null) continue;
      while (!this.#stopped && !this.#options.budget.take()) await this.#turn();
      if (this.#stopped) return;
      if (this.#isSpent) {
        this.#options.budget.give();
        this.#batches.at(-1)?.abort();
        break;
      }
      if (this.#begun % batchSize === 0) this.#batches.push(new AbortController());
      void this.#connect(localPort, port, this.#batches.at(-1)!.signal);
      if (this.#begun % batchSize === 0) await this.#turn();
    }
    if (this.#stopped) return;
    this.#isAllBegun = true;
    this.#patience = net.clock.after(patienceMs, () => this.#exhausted());
    this.#noteFailed();
  }

  /** Null where none is to be had; 0 where any will do. */
  async #localPort(): Promise<number | null> {
    const { search, net, localPort, onConnection } = this.#options;
    if (search.sockets === 0) return localPort;
    if (!search.accept && search.tries === 1) return 0;
    // Who listens knows the number of its port before it connects from there.
    const local = { address: anyAddress, port: 0 };
    if (!this.#options.listeners.take()) return null;
    const listener = await net.tcp
      .listen({ local, reusePort: true, maxConnections: maxAccepted }, onConnection)
      .catch(() => null);
    if (listener === null || this.#ended) {
      listener?.close();
      this.#options.listeners.give();
      return null;
    }
    this.#listeners.push(listener);
    return listener.local.port;
  }

  async #connect(localPort: number, port: number, signal: AbortSignal): Promise<void> {
    const { net, address, budget, onConnection } = this.#options;
    this.#begun += 1;
    this.#underWay += 1;
    const outcome = await net.tcp.connect({
      remote: { address, port },
      local: { address: anyAddress, port: localPort },
      reusePort: true,
      timeoutMs: connectTimeoutMs,
      signal,
    });
    budget.give();
    this.#underWay -= 1;
    if (outcome.connected) {
      this.#mayStillCome = true;
      if (this.#ended) outcome.connection.reset();
      else onConnection(outcome.connection);
      return;
    }
    const { reason } = outcome;
    this.#failures.set(reason, (this.#failures.get(reason) ?? 0) + 1);
    if (reason === 'timeout') this.#mayStillCome = true;
    if (reason === 'other') this.#isSpent = true;
    this.#noteFailed();
  }

  #noteFailed(): void {
    if (this.#isAllBegun && this.#underWay === 0 && !this.#mayStillCome) this.#exhausted();
  }

  #exhausted(): void {
    if (this.#stopped) return;
    this.stop();
    this.#options.onExhausted();
  }

  async #abort(): Promise<void> {
    for (const batch of this.#batches) {
      batch.abort();
      await this.#turn();
    }
  }

  #turn(): Promise<void> {
    return pause(this.#options.net.clock, batchGapMs);
  }
}
