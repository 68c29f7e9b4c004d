import { type Endpoint, formatEndpoint } from '@pinhole/wire';
import {
  type ConnectFailure,
  type ConnectOptions,
  type ConnectOutcome,
  type ListenOptions,
  SocketError,
  type TcpConnection,
  type TcpConnector,
  type TcpListener,
} from '../types.ts';
import { isUnspecified, overlaps, type SimulatedHost, type Stack } from './host.ts';
import { ACK, DEFAULT_TTL, type IcmpPacket, RST, resetFor, SYN, type TcpPacket } from './packet.ts';
import { type OpenFailure, SimulatedTcpConnection, type TcpOwner } from './tcp-connection.ts';

interface Listener extends TcpListener {
  readonly reusePort: boolean;
  readonly silent: boolean;
  readonly maxConnections: number;
  readonly open: Set<SimulatedTcpConnection>;
  readonly onConnection: (connection: TcpConnection) => void;
}

type Attempt =
  | { readonly local: Endpoint }
  | { readonly failure: 'address-in-use' | 'unreachable' | 'other'; readonly detail: string };

export class TcpStack implements Stack<TcpPacket>, TcpConnector {
  readonly #host: SimulatedHost;
  readonly #listeners = new Set<Listener>();
  readonly #connections = new Map<string, SimulatedTcpConnection>();
  readonly #abortAttempts = new Set<() => void>();

  constructor(host: SimulatedHost) {
    this.#host = host;
  }

  // ---- packets -------------------------------------------------------------------------------------------------

  receive(packet: TcpPacket): void {
    const connection = this.#connections.get(tupleKey(packet.destination, packet.source));
    if (connection !== undefined) {
      connection.receive(packet);
      return;
    }
    const listener = this.#listenerFor(packet.destination);
    if (listener?.silent === true) return;
    if (listener !== undefined && (packet.flags & (SYN | ACK | RST)) === SYN) this.#accept(packet, listener);
    else {
      const reset = resetFor(packet);
      if (reset !== null) this.#host.send(reset);
    }
  }

  receiveError({ icmpType, icmpCode }: IcmpPacket, { source, destination }: TcpPacket): void {
    const portUnreachable = (icmpType === 3 && icmpCode === 3) || (icmpType === 1 && icmpCode === 4);
    const connection = this.#connections.get(tupleKey(source, destination));
    connection?.receiveUnreachable(portUnreachable ? 'refused' : 'unreachable');
  }

  #listenerFor(to: Endpoint): Listener | undefined {
    const takers = [...this.#listeners].filter((listener) => overlaps(listener.local, to));
    return takers.find((listener) => listener.local.address === to.address) ?? takers[0];
  }

  #accept(syn: TcpPacket, listener: Listener): void {
    const connection = this.#create(syn.destination, syn.source, syn.sequence, null, {
      onEstablished: () => {
        if (listener.open.size >= listener.maxConnections) {
          connection.end();
          return;
        }
        listener.open.add(connection);
        this.#host.world.call(() => listener.onConnection(connection));
      },
      onOpenFailed: () => undefined,
      onGone: () => listener.open.delete(connection),
    });
  }

  #create(
    local: Endpoint,
    remote: Endpoint,
    peerSequence: number | null,
    keepAliveMs: number | null,
    owner: Pick<TcpOwner, 'onEstablished' | 'onOpenFailed' | 'onGone'>,
  ): SimulatedTcpConnection {
    const host = this.#host;
    const key = tupleKey(local, remote);
    const header = {
      protocol: 'tcp',
      source: local,
      destination: remote,
      ttl: DEFAULT_TTL,
      dscp: 0,
    } as const;
    const connection = new SimulatedTcpConnection(
      {
        world: host.world,
        transmit: (segment) => host.send({ ...header, ...segment }),
        onEstablished: owner.onEstablished,
        onOpenFailed: owner.onOpenFailed,
        onGone: () => {
          this.#connections.delete(key);
          owner.onGone();
        },
      },
      local,
      remote,
      host.random.next(),
      peerSequence,
      keepAliveMs,
    );
    this.#connections.set(key, connection);
    return connection;
  }

  // ---- programs ------------------------------------------------------------------------------------------------

  connect(options: ConnectOptions): Promise<ConnectOutcome> {
    return new Promise((resolve) => this.#dial(options, resolve));
  }

  #dial(options: ConnectOptions, resolve: (outcome: ConnectOutcome) => void): void {
    const { remote, signal, timeoutMs } = options;
    const { world } = this.#host;
    const failure = (reason: ConnectFailure, detail: string) =>
      resolve({ connected: false, reason, detail: `${formatEndpoint(remote)}: ${detail}` });
    if (signal?.aborted) {
      failure('aborted', 'aborted by the caller');
      return;
    }
    const attempt = this.#localFor(options);
    if ('failure' in attempt) {
      failure(attempt.failure, attempt.detail);
      return;
    }
    const settle = () => {
      timer.cancel();
      signal?.removeEventListener('abort', abort);
      this.#abortAttempts.delete(abort);
    };
    const giveUp = (reason: ConnectFailure, detail: string) => {
      settle();
      connection.abandon();
      failure(reason, detail);
    };
    const abort = () => giveUp('aborted', 'aborted by the caller');
    const timer = world.after(timeoutMs * 1e6, () =>
      world.call(() => giveUp('timeout', `no answer in ${timeoutMs} ms`)),
    );
    signal?.addEventListener('abort', abort);
    this.#abortAttempts.add(abort);
    const connection = this.#create(attempt.local, remote, null, options.keepAliveMs ?? null, {
      onEstablished: () => {
        settle();
        world.call(() => resolve({ connected: true, connection }));
      },
      onOpenFailed: (reason: OpenFailure) => {
        settle();
        world.call(() => failure(reason, reason));
      },
      onGone: () => undefined,
    });
  }

  #localFor({ remote, local, reusePort = false }: ConnectOptions): Attempt {
    const host = this.#host;
    if (local !== undefined && !host.canBind(local.address)) {
      return { failure: 'other', detail: `${local.address} is not an address of ${host.name}` };
    }
    const bound = local === undefined || isUnspecified(local.address) ? null : local.address;
    const source = host.sourceFor(remote.address);
    const address = bound ?? source;
    if (address === null || source === null)
      return { failure: 'unreachable', detail: 'no network leads there' };
    const isFree = (port: number) => {
      const candidate = { address, port };
      if (this.#connections.has(tupleKey(candidate, remote))) return false;
      return [...this.#listeners].every(
        (listener) => (reusePort && listener.reusePort) || !overlaps(listener.local, candidate),
      );
    };
    const asked = local?.port ?? 0;
    const port = asked === 0 ? host.ephemeralPort(isFree) : isFree(asked) ? asked : null;
    if (port === null) return { failure: 'address-in-use', detail: `port ${asked} is taken` };
    return { local: { address, port } };
  }

  async listen(
    options: ListenOptions,
    onConnection: (connection: TcpConnection) => void,
  ): Promise<TcpListener> {
    const { reusePort = false, silent = false, maxConnections = Number.POSITIVE_INFINITY } = options;
    const listener: Listener = {
      local: this.#bindListener(options),
      reusePort,
      silent,
      maxConnections,
      open: new Set(),
      onConnection,
      close: () => this.#listeners.delete(listener),
    };
    this.#listeners.add(listener);
    return listener;
  }

  #bindListener({ local, reusePort = false }: ListenOptions): Endpoint {
    const name = formatEndpoint(local);
    if (!this.#host.canBind(local.address)) {
      throw new SocketError('address-not-available', `cannot listen on TCP ${name}: no such address here`);
    }
    const isFree = (port: number) =>
      [...this.#listeners].every(
        (listener) =>
          (reusePort && listener.reusePort) || !overlaps(listener.local, { address: local.address, port }),
      );
    if (local.port === 0) {
      const port = this.#host.ephemeralPort(isFree);
      if (port !== null) return { address: local.address, port };
    } else if (isFree(local.port)) return local;
    throw new SocketError('address-in-use', `cannot listen on TCP ${name}: the port is taken`);
  }

  closeAll(): void {
    for (const abort of [...this.#abortAttempts]) abort();
    for (const listener of [...this.#listeners]) listener.close();
    for (const connection of [...this.#connections.values()]) connection.reset();
  }
}

function tupleKey(local: Endpoint, remote: Endpoint): string {
  return `${local.address} ${local.port} ${remote.address} ${remote.port}`;
}
