import type { Socket } from 'node:net';
import { type Endpoint, ip } from '@pinhole/wire';
import type { TcpCloseReason, TcpConnection, TcpHandler } from '../types.ts';
import { monotonicNs } from './clock.ts';
import { closeReason, systemCode } from './errors.ts';

/** An established connection. Nothing is read from it before start(), so the kernel's window holds the peer back. */
export class NodeTcpConnection implements TcpConnection {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly #socket: Socket;
  #handler: TcpHandler | null = null;
  #reason: TcpCloseReason = 'ended';
  #closed = false;
  #nextId = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.local = endpointOf(socket.localAddress, socket.localPort);
    this.remote = endpointOf(socket.remoteAddress, socket.remotePort);
    let ending = false;
    socket.on('finish', () => {
      ending = true;
    });
    socket.on('end', () => {
      if (!ending) this.#reason = 'ended-by-peer';
    });
    socket.on('error', (error) => {
      this.#reason = closeReason(systemCode(error));
    });
    socket.on('close', () => {
      this.#closed = true;
      this.#handler?.onClose(this.#reason);
    });
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  start(handler: TcpHandler): void {
    if (this.#handler !== null) throw new TypeError('a connection is started once');
    this.#handler = handler;
    if (this.#closed) {
      handler.onClose(this.#reason);
      return;
    }
    this.#socket.on('data', (data) => handler.onData(data as unknown as Uint8Array, monotonicNs()));
  }

  write(data: Uint8Array): number {
    if (this.#socket.writable) this.#socket.write(data);
    return this.#nextId++;
  }

  setDscp(): void {}

  info(): null {
    return null;
  }

  end(): void {
    this.#socket.end();
  }

  reset(): void {
    if (this.#socket.destroyed) return;
    this.#reason = 'reset';
    // After end(), Node's reset never comes to an end itself.
    if (this.#socket.writableEnded) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }
}

function endpointOf(address: string | undefined, port: number | undefined): Endpoint {
  // Undefined where the peer reset the connection before it was accepted.
  return { address: ip(address?.replace(/%.*$/, '') ?? '0.0.0.0'), port: port ?? 0 };
}
