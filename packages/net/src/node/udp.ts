// UDP by node:dgram: no kernel stamps, no options per datagram, no ICMP errors.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { addressFamily, type Endpoint, ip, parseIpAddress } from '@pinhole/wire';
import type { SendOutcome, SendRequest, UdpHandler, UdpOpener, UdpOptions, UdpSocket } from '../types.ts';
import { monotonicNs } from './clock.ts';
import { socketError, systemCode } from './errors.ts';
import type { Closers } from './net.ts';

/** 65,535 less the headers of UDP and IPv4 (RFC 768, RFC 791). */
export const LARGEST_PAYLOAD_OCTETS = 65_507;

/** Datagrams handed to libuv and not yet taken by the kernel; more would only use memory. */
const MOST_WAITING = 1024;

const FEATURES = { receiveStamps: false, transmitStamps: false, packetOptions: false, errorQueue: false };

export function createNodeUdp(closers: Closers): UdpOpener {
  return {
    features: FEATURES,
    async open(options, handler) {
      const socket = await bind(options);
      const udp = new NodeUdpSocket(socket, options.local, handler, () => closers.delete(udp));
      closers.add(udp);
      return udp;
    },
  };
}

function bind({ local, reusePort, bufferBytes }: UdpOptions): Promise<Socket> {
  const family = addressFamily(local.address);
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    ipv6Only: family === 6,
    reusePort: reusePort ?? false,
    // Only literal addresses are sent to, and dns.lookup() would cost each datagram a turn.
    lookup: (address, _options, callback) => callback(null, address, family),
  });
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(socketError('open UDP', local, systemCode(error), error));
    });
    socket.bind({ address: local.address, port: local.port, exclusive: true }, () => {
      socket.removeAllListeners('error');
      if (bufferBytes !== undefined) {
        socket.setRecvBufferSize(bufferBytes);
        socket.setSendBufferSize(bufferBytes);
      }
      resolve(socket);
    });
  });
}

class NodeUdpSocket implements UdpSocket {
  readonly local: Endpoint;
  readonly #socket: Socket;
  readonly #handler: UdpHandler;
  readonly #onClosed: () => void;
  #open = true;
  #nextId = 0;
  #waiting = 0;

  constructor(socket: Socket, asked: Endpoint, handler: UdpHandler, onClosed: () => void) {
    this.#socket = socket;
    this.local = { address: asked.address, port: socket.address().port };
    this.#handler = handler;
    this.#onClosed = onClosed;
    socket.on('message', (data, info) => this.#receive(data, info));
    // A failed send is reported to its callback; anything else here concerns no datagram of ours.
    socket.on('error', () => undefined);
  }

  send({ data, to }: SendRequest): SendOutcome {
    if (!this.#open) return { sent: false, reason: 'closed' };
    if (addressFamily(to.address) !== addressFamily(this.local.address)) {
      return { sent: false, reason: 'unreachable' };
    }
    if (data.length > LARGEST_PAYLOAD_OCTETS) return { sent: false, reason: 'too-big' };
    if (this.#waiting >= MOST_WAITING) return { sent: false, reason: 'buffer-full' };
    if (to.port === 0) return { sent: false, reason: 'other' };
    this.#waiting++;
    const atNs = monotonicNs();
    this.#socket.send(Uint8Array.from(data), to.port, to.address, () => {
      this.#waiting--;
    });
    return { sent: true, id: this.#nextId++, atNs };
  }

  sendBatch(requests: readonly SendRequest[]): SendOutcome[] {
    return requests.map((request) => this.send(request));
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#socket.close();
    this.#onClosed();
  }

  #receive(data: Uint8Array, info: RemoteInfo): void {
    if (!this.#open) return;
    // A link-local source carries its zone.
    const address = parseIpAddress(info.address.replace(/%.*$/, ''));
    if (address === null) return;
    const to = isUnspecified(this.local) ? null : this.local.address;
    const from = { address, port: info.port };
    this.#handler.onDatagrams([{ data, from, to, receivedAtNs: monotonicNs(), ttl: null, dscp: null }]);
  }
}

function isUnspecified({ address }: Endpoint): boolean {
  return address === ip('0.0.0.0') || address === ip('::');
}
