// Who waits for the kernel's stamp of which datagram, of several sockets.

import type { UdpSocket } from '@pinhole/net';

/** Stamps waited for; a stamp that has not come after so many more sends never will. */
const maxAwaited = 4096;

export class StampsAwaited {
  /** Whether sends can be stamped at all. */
  readonly available: boolean;
  readonly #awaited = new Map<UdpSocket, Map<number, (atNs: number) => void>>();

  constructor(available: boolean) {
    this.available = available;
  }

  wait(socket: UdpSocket, id: number, onStamped: (atNs: number) => void): void {
    const ofSocket = this.#awaited.get(socket) ?? new Map<number, (atNs: number) => void>();
    this.#awaited.set(socket, ofSocket.set(id, onStamped));
    if (ofSocket.size > maxAwaited) ofSocket.delete(ofSocket.keys().next().value as number);
  }

  stamped(socket: UdpSocket, id: number, atNs: number): void {
    const onStamped = this.#awaited.get(socket)?.get(id);
    this.#awaited.get(socket)?.delete(id);
    onStamped?.(atNs);
  }

  /** The socket is closed. */
  drop(socket: UdpSocket): void {
    this.#awaited.delete(socket);
  }

  clear(): void {
    this.#awaited.clear();
  }
}
