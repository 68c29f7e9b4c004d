import { addressFamily, type Endpoint, formatEndpoint } from '@pinhole/wire';
import {
  type SendOutcome,
  type SendRequest,
  SocketError,
  type UdpHandler,
  type UdpOpener,
  type UdpOptions,
  type UdpSocket,
} from '../types.ts';
import { isUnspecified, overlaps, type SimulatedHost, type Stack } from './host.ts';
import { DEFAULT_TTL, errorReport, type IcmpPacket, NO_OCTETS, type UdpPacket } from './packet.ts';

/** 65,535 less the headers of UDP and IPv4 (RFC 768, RFC 791). */
const LARGEST_PAYLOAD_OCTETS = 65_507;
/** RFC 792 quotes 8 octets of a datagram, today's routers (RFC 1812 section 4.3.2.3) as much as fits in 576. */
const MOST_QUOTED_OCTETS = 576 - 20 - 8 - 20 - 8;

export class UdpStack implements Stack<UdpPacket>, UdpOpener {
  readonly features = { receiveStamps: true, transmitStamps: true, packetOptions: true, errorQueue: true };
  readonly #host: SimulatedHost;
  readonly #byPort = new Map<number, SimulatedUdpSocket[]>();
  #lent: Uint8Array | null = null;
  #copy: Uint8Array = NO_OCTETS;

  constructor(host: SimulatedHost) {
    this.#host = host;
  }

  async open(options: UdpOptions, handler: UdpHandler): Promise<UdpSocket> {
    const local = this.#bind(options);
    const socket = new SimulatedUdpSocket(this.#host, this, local, options, handler, () => {
      const left = this.#onPort(local.port).filter((other) => other !== socket);
      if (left.length === 0) this.#byPort.delete(local.port);
      else this.#byPort.set(local.port, left);
    });
    this.#byPort.set(local.port, [...this.#onPort(local.port), socket]);
    return socket;
  }

  /** A search sends the same octets a thousand times: as long as they are the same, one copy serves all. */
  copied(data: Uint8Array): Uint8Array {
    if (data !== this.#lent || Buffer.compare(data, this.#copy) !== 0) {
      this.#lent = data;
      this.#copy = new Uint8Array(data);
    }
    return this.#copy;
  }

  receive(packet: UdpPacket): void {
    const takers = this.#takers(packet.destination);
    if (takers.length === 0) {
      this.#host.refuse(packet);
      return;
    }
    if (takers.length === 1) {
      takers[0]!.receive(packet);
      return;
    }
    // Sockets that share a port share its flows: each flow stays with one, as with SO_REUSEPORT.
    const { source } = packet;
    let hash = source.port;
    for (const character of source.address) hash = (hash * 31 + character.charCodeAt(0)) >>> 0;
    takers[hash % takers.length]?.receive(packet);
  }

  receiveError(error: IcmpPacket, quoted: UdpPacket): void {
    for (const socket of this.#takers(quoted.source)) socket.receiveError(error, quoted);
  }

  closeAll(): void {
    for (const socket of [...this.#byPort.values()].flat()) socket.close();
  }

  /** Those bound to the very address come before those bound to all. */
  #takers(to: Endpoint): readonly SimulatedUdpSocket[] {
    const takers = this.#onPort(to.port).filter(({ local }) => overlaps(local, to));
    if (takers.length < 2) return takers;
    const exact = takers.filter((socket) => socket.local.address === to.address);
    return exact.length > 0 ? exact : takers;
  }

  #onPort(port: number): readonly SimulatedUdpSocket[] {
    return this.#byPort.get(port) ?? NO_SOCKETS;
  }

  #bind({ local, reusePort = false }: UdpOptions): Endpoint {
    const name = formatEndpoint(local);
    if (!this.#host.canBind(local.address)) {
      throw new SocketError('address-not-available', `cannot open UDP ${name}: no such address here`);
    }
    const isFree = (port: number) =>
      this.#onPort(port).every(
        (socket) =>
          (reusePort && socket.reusePort) || !overlaps(socket.local, { address: local.address, port }),
      );
    if (local.port === 0) {
      const port = this.#host.ephemeralPort(isFree);
      if (port !== null) return { address: local.address, port };
    } else if (isFree(local.port)) return local;
    throw new SocketError('address-in-use', `cannot open UDP ${name}: the port is taken`);
  }
}

const NO_SOCKETS: readonly SimulatedUdpSocket[] = [];

class SimulatedUdpSocket implements UdpSocket {
  readonly local: Endpoint;
  readonly reusePort: boolean;
  readonly #host: SimulatedHost;
  readonly #stack: UdpStack;
  readonly #handler: UdpHandler;
  readonly #onClosed: () => void;
  #open = true;
  #nextId = 0;

  constructor(
    host: SimulatedHost,
    stack: UdpStack,
    local: Endpoint,
    { reusePort = false }: UdpOptions,
    handler: UdpHandler,
    onClosed: () => void,
  ) {
    this.#host = host;
    this.#stack = stack;
    this.local = local;
    this.reusePort = reusePort;
    this.#handler = handler;
    this.#onClosed = onClosed;
  }

  send(request: SendRequest): SendOutcome {
    const { data, to } = request;
    const { world } = this.#host;
    if (!this.#open) return { sent: false, reason: 'closed' };
    if (addressFamily(to.address) !== addressFamily(this.local.address)) {
      return { sent: false, reason: 'unreachable' };
    }
    if (data.length > LARGEST_PAYLOAD_OCTETS) return { sent: false, reason: 'too-big' };
    if (to.port === 0) return { sent: false, reason: 'other' };
    const address = this.#sourceAddress(request);
    const packet: UdpPacket | null = address && {
      protocol: 'udp',
      source: { address, port: this.local.port },
      destination: to,
      ttl: request.ttl ?? DEFAULT_TTL,
      dscp: request.dscp ?? 0,
      payload: this.#stack.copied(data),
    };
    if (packet === null || !this.#host.send(packet)) return { sent: false, reason: 'unreachable' };
    const id = this.#nextId++;
    const atNs = world.nowNs;
    if (request.stamp === true) {
      world.after(0, () => this.#tell(() => this.#handler.onTransmitted?.({ id, atNs })));
    }
    return { sent: true, id, atNs };
  }

  sendBatch(requests: readonly SendRequest[]): SendOutcome[] {
    return requests.map((request) => this.send(request));
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#onClosed();
  }

  receive({ payload, source, destination, ttl, dscp }: UdpPacket): void {
    const receivedAtNs = this.#host.world.nowNs;
    const to = destination.address;
    const datagram = { data: payload, from: source, to, receivedAtNs, ttl, dscp };
    this.#tell(() => this.#handler.onDatagrams([datagram]));
  }

  receiveError(error: IcmpPacket, { destination, payload }: UdpPacket): void {
    const report = {
      ...errorReport(error),
      to: destination,
      receivedAtNs: this.#host.world.nowNs,
      quoted: payload.subarray(0, MOST_QUOTED_OCTETS),
    };
    this.#tell(() => this.#handler.onUnreachable?.(report));
  }

  #sourceAddress({ from, to }: SendRequest) {
    if (!isUnspecified(this.local.address)) return this.local.address;
    return from ?? this.#host.sourceFor(to.address);
  }

  #tell(call: () => void): void {
    if (this.#open) this.#host.world.call(call);
  }
}
