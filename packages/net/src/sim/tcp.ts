import { type Endpoint, formatEndpoint } from '@pinhole/wire';
import {
  type ConnectOptions,
  type ConnectOutcome,
  type ListenOptions,
  SocketError,
  type TcpConnection,
  type TcpConnector,
  type TcpListener,
} from '../types.ts';
import { isUnspecified, overlaps, type SimulatedHost, type Stack } from './host.ts';
import { ACK, errorReport, type IcmpPacket, RST, resetFor, SYN, type TcpPacket } from './packet.ts';
import { type ConnectionOptions, SimulatedTcpConnection, type TcpOwner } from './tcp-connection.ts';
import { connectFailure, Dial, type DialOwner } from './tcp-dial.ts';
import { Dials } from './tcp-dials.ts';

interface Listener extends TcpListener {
  readonly reusePort: boolean;
  readonly silent: boolean;
  readonly maxConnections: number;
  readonly options: ConnectionOptions;
  readonly open: Set<SimulatedTcpConnection>;
  readonly onConnection: (connection: TcpConnection) => void;
}

type Attempt =
  | { readonly local: Endpoint }
  | { readonly failure: 'address-in-use' | 'unreachable' | 'other'; readonly detail: string };

export class TcpStack implements Stack<TcpPacket>, TcpConnector, DialOwner {
  readonly features = {
    receiveStamps: true,
    transmitStamps: true,
    info: true,
    packetOptions: true,
    connectErrors: true,
  };
  readonly #host: SimulatedHost;
  /** By port. */
  readonly #listeners = new Map<number, readonly Listener[]>();
  /** By both ports; those of one entry differ in their addresses. */
  readonly #connections = new Map<number, readonly SimulatedTcpConnection[]>();
  readonly #dials = new Dials();

  constructor(host: SimulatedHost) {
    this.#host = host;
  }

  // ---- packets -------------------------------------------------------------------------------------------------

  receive(packet: TcpPacket): void {
    const connection = this.#connectionOf(packet.destination, packet.source);
    if (connection !== undefined) {
      connection.receive(packet);
      return;
    }
    const listener = this.#listenerFor(packet.destination);
    if (listener !== undefined && (packet.flags & (SYN | ACK | RST)) === SYN) {
      if (!listener.silent) this.#accept(packet, listener);
    } else {
      const reset = resetFor(packet);
      if (reset !== null) this.#host.send(reset);
    }
  }

  receiveError(error: IcmpPacket, { source, destination }: TcpPacket): void {
    const { icmpType, icmpCode } = error;
    const portUnreachable = (icmpType === 3 && icmpCode === 3) || (icmpType === 1 && icmpCode === 4);
    const connection = this.#connectionOf(source, destination);
    const receivedAtNs = this.#host.world.nowNs;
    connection?.receiveError(portUnreachable ? 'refused' : 'unreachable', {
      ...errorReport(error),
      receivedAtNs,
    });
  }

  #connectionOf(local: Endpoint, remote: Endpoint): SimulatedTcpConnection | undefined {
    const connections = this.#connections.get(portsKey(local, remote));
    return connections?.find(
      (each) => each.local.address === local.address && each.remote.address === remote.address,
    );
  }

  #listenerFor(to: Endpoint): Listener | undefined {
    const listeners = this.#listeners.get(to.port)?.filter(({ local }) => overlaps(local, to));
    return listeners?.find(({ local }) => local.address === to.address) ?? listeners?.[0];
  }

  /** Whether a listener keeps others from the port. */
  #isListenedOn(candidate: Endpoint, reusePort: boolean): boolean {
    const listeners = this.#listeners.get(candidate.port);
    if (listeners === undefined) return false;
    return listeners.some(
      (listener) => !(reusePort && listener.reusePort) && overlaps(listener.local, candidate),
    );
  }

  #accept(syn: TcpPacket, listener: Listener): void {
    this.#create(syn.destination, syn.source, syn.sequence, listener.options, {
      onIcmp: () => true,
      onEstablished: (connection) => {
        if (listener.open.size >= listener.maxConnections) {
          connection.end();
          return;
        }
        listener.open.add(connection);
        this.#host.world.call(() => listener.onConnection(connection));
      },
      onOpenFailed: () => undefined,
      onGone: (connection) => {
        this.onGone(connection);
        listener.open.delete(connection);
      },
    });
  }

  #create(
    local: Endpoint,
    remote: Endpoint,
    peerSequence: number | null,
    options: ConnectionOptions,
    owner: TcpOwner,
  ): SimulatedTcpConnection {
    const host = this.#host;
    const sequence = host.random.next();
    const connection = new SimulatedTcpConnection(
      host,
      owner,
      local,
      remote,
      sequence,
      peerSequence,
      options,
    );
    const key = portsKey(local, remote);
    const others = this.#connections.get(key);
    this.#connections.set(key, others === undefined ? [connection] : [...others, connection]);
    return connection;
  }

  // ---- programs ------------------------------------------------------------------------------------------------

  connect(options: ConnectOptions): Promise<ConnectOutcome> {
    return new Promise((resolve) => this.#dial(options, resolve));
  }

  #dial(options: ConnectOptions, resolve: (outcome: ConnectOutcome) => void): void {
    if (options.signal?.aborted) {
      resolve(connectFailure(options, 'aborted', 'aborted by the caller'));
      return;
    }
    const attempt = this.#localFor(options);
    if ('failure' in attempt) {
      resolve(connectFailure(options, attempt.failure, attempt.detail));
      return;
    }
    const dial = new Dial(this.#host.world, options, resolve, this);
    this.#dials.add(dial);
    dial.by(this.#create(attempt.local, options.remote, null, options, dial));
  }

  onSettled(dial: Dial): void {
    this.#dials.remove(dial);
  }

  onGone(connection: SimulatedTcpConnection): void {
    const key = portsKey(connection.local, connection.remote);
    const connections = this.#connections.get(key);
    if (connections === undefined || connections.length === 1) this.#connections.delete(key);
    else
      this.#connections.set(
        key,
        connections.filter((other) => other !== connection),
      );
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
    const asked = local?.port ?? 0;
    const isFree = (port: number) => {
      const candidate = { address, port };
      return this.#connectionOf(candidate, remote) === undefined && !this.#isListenedOn(candidate, reusePort);
    };
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
      options: { dscp: options.dscp, mss: options.mss },
      open: new Set(),
      onConnection,
      close: () => {
        const left = this.#listeners.get(listener.local.port)?.filter((each) => each !== listener) ?? [];
        if (left.length > 0) this.#listeners.set(listener.local.port, left);
        else this.#listeners.delete(listener.local.port);
      },
    };
    const { port } = listener.local;
    this.#listeners.set(port, [...(this.#listeners.get(port) ?? []), listener]);
    return listener;
  }

  #bindListener({ local, reusePort = false }: ListenOptions): Endpoint {
    const name = formatEndpoint(local);
    if (!this.#host.canBind(local.address)) {
      throw new SocketError('address-not-available', `cannot listen on TCP ${name}: no such address here`);
    }
    const isFree = (port: number) => !this.#isListenedOn({ address: local.address, port }, reusePort);
    if (local.port === 0) {
      const port = this.#host.ephemeralPort(isFree);
      if (port !== null) return { address: local.address, port };
    } else if (isFree(local.port)) return local;
    throw new SocketError('address-in-use', `cannot listen on TCP ${name}: the port is taken`);
  }

  closeAll(): void {
    this.#dials.abortAll();
    for (const listener of [...this.#listeners.values()].flat()) listener.close();
    for (const connection of [...this.#connections.values()].flat()) connection.reset();
  }
}

function portsKey(local: Endpoint, remote: Endpoint): number {
  return (local.port << 16) | remote.port;
}
