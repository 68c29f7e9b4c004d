// The registration's connection to a server: its name looked up, TCP from the test port, and STUN in and out of it.

import type { Net, TcpConnection } from '@pinhole/net';
import {
  addressFamily,
  type DecodedStun,
  decodeStun,
  type Endpoint,
  formatEndpoint,
  type IpAddress,
  ip,
  maxRendezvousBytes,
  StunFramer,
} from '@pinhole/wire';
import { cutBy, type Loss } from './losses.ts';
import type { ServerPlace } from './state.ts';

export interface ServerConnectionOptions {
  readonly net: Net;
  /** The test port: the connection leaves from it. */
  readonly port: number;
  /** Stands for the servers that the collector names without a host. */
  readonly collectorHost: string;
  readonly onConnected: (server: Endpoint) => void;
  readonly onFailed: (detail: string) => void;
  readonly onMessage: (decoded: DecodedStun) => void;
  /** It ended, and not by drop(). `cut`: neither side meant it to end. */
  readonly onLost: (detail: string, cut: Loss['by'] | null) => void;
}

const connectTimeoutMs = 5_000;

export class ServerConnection {
  readonly #options: ServerConnectionOptions;
  #connection: TcpConnection | null = null;
  #connecting: AbortController | null = null;

  constructor(options: ServerConnectionOptions) {
    this.#options = options;
  }

  /** Null while there is none; another object for each connection. */
  get current(): Pick<TcpConnection, 'local' | 'write'> | null {
    return this.#connection;
  }

  /** Gives up an attempt under way. With TCP keep-alives where nothing has come for `keepAliveMs`. */
  async connect({ host, port }: ServerPlace, keepAliveMs: number): Promise<void> {
    const { net, collectorHost, onConnected, onFailed } = this.#options;
    const aborter = new AbortController();
    this.#connecting?.abort();
    this.#connecting = aborter;
    const address = await this.resolve(host);
    if (aborter.signal.aborted) return;
    if (address === null) {
      onFailed(`${host ?? collectorHost} has no IPv4 address`);
      return;
    }
    const remote = { address, port };
    const local = { address: ip('0.0.0.0'), port: this.#options.port };
    const { signal } = aborter;
    const timeoutMs = connectTimeoutMs;
    const outcome = await net.tcp.connect({ remote, local, reusePort: true, timeoutMs, keepAliveMs, signal });
    if (!outcome.connected) {
      if (outcome.reason !== 'aborted') onFailed(`TCP to ${formatEndpoint(remote)}: ${outcome.reason}`);
      return;
    }
    const { connection } = outcome;
    if (signal.aborted) {
      connection.reset();
      return;
    }
    this.#connection = connection;
    this.#start(connection, remote);
    onConnected(remote);
  }

  write(bytes: Uint8Array): void {
    this.#connection?.write(bytes);
  }

  drop(): void {
    this.#connecting?.abort();
    const connection = this.#connection;
    this.#connection = null;
    // A reset leaves no TIME_WAIT, so that the next attempt finds its 4-tuple free.
    connection?.reset();
  }

  /** The address of a server; null stands for the collector's host. */
  async resolve(host: string | null): Promise<IpAddress | null> {
    const { net, collectorHost } = this.#options;
    const addresses = await net.host.resolve(host ?? collectorHost).catch(() => []);
    // The UDP port is bound for IPv4 only so far.
    return addresses.find((each) => addressFamily(each) === 4) ?? null;
  }

  #start(connection: TcpConnection, remote: Endpoint): void {
    const { onMessage, onLost } = this.#options;
    const framer = new StunFramer(maxRendezvousBytes);
    connection.start({
      onData: (data) => {
        const { messages, failure } = framer.push(data);
        for (const bytes of messages) {
          const decoded = decodeStun(bytes);
          if (decoded.ok) onMessage(decoded.value);
        }
        if (failure !== null) connection.reset();
      },
      onClose: (reason) => {
        if (this.#connection !== connection) return;
        this.#connection = null;
        onLost(`The connection to ${formatEndpoint(remote)} was lost (${reason})`, cutBy(reason));
      },
    });
  }
}
