// An established connection on a descriptor of our own. Nothing is read from it before start(), so the kernel's window
// holds the peer back.

import { addressFamily, type Endpoint } from '@pinhole/wire';
import { closeReason } from '../node/errors.ts';
import type { TcpCloseReason, TcpConnection, TcpHandler, TcpInfo, WriteOptions } from '../types.ts';
import { takeErrno } from './descriptor.ts';
import { EAGAIN, EINTR, errorName, libc } from './libc.ts';
import { EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT, type Pollable, sharedPoller } from './poller.ts';
import { closeWithReset, setDscp, tcpInfo } from './tcp-descriptor.ts';
import { CHUNK_OCTETS, readStream } from './tcp-message.ts';
import { TcpWriter } from './tcp-writer.ts';

const SHUT_WR = 1;

/** Reads for one connection before others, and timers, have their turn. */
const READS_PER_TURN = 4;

export interface ConnectionOwner {
  onGone(connection: LinuxTcpConnection): void;
}

export class LinuxTcpConnection implements TcpConnection, Pollable {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly #fd: number;
  readonly #owner: ConnectionOwner;
  readonly #writer: TcpWriter;
  #handler: TcpHandler | null = null;
  /** 0 while it is not polled. */
  #pollerKey = 0;
  #events = 0;
  #isEnding = false;
  #hasEnded = false;
  #peerEnded = false;
  #endedFirst = false;
  #closeReason: TcpCloseReason | null = null;
  #closeIsTold = false;

  constructor(fd: number, local: Endpoint, remote: Endpoint, owner: ConnectionOwner) {
    this.#fd = fd;
    this.local = local;
    this.remote = remote;
    this.#owner = owner;
    this.#writer = new TcpWriter(fd, local, remote);
  }

  get bufferedBytes(): number {
    return this.#writer.bufferedBytes;
  }

  start(handler: TcpHandler): void {
    if (this.#handler !== null) throw new TypeError('a connection is started once');
    this.#handler = handler;
    if (this.#closeReason === null) this.#poll();
    else this.#tellClosed();
  }

  write(data: Uint8Array, options?: WriteOptions): number {
    const isOpen = !this.#isEnding && this.#closeReason === null;
    const { id, errno } = this.#writer.write(data, options, isOpen);
    if (errno !== 0) this.#failLater(errno);
    else if (this.bufferedBytes > 0) this.#poll();
    return id;
  }

  setDscp(dscp: number): void {
    if (this.#closeReason === null) setDscp(this.#fd, addressFamily(this.remote.address) === 6, dscp);
  }

  info(): TcpInfo | null {
    if (this.#closeReason !== null) return null;
    return tcpInfo(this.#fd, this.#writer.acknowledgedBytes(this.#hasEnded));
  }

  end(): void {
    if (this.#isEnding || this.#closeReason !== null) return;
    this.#isEnding = true;
    this.#endedFirst = !this.#peerEnded;
    if (this.bufferedBytes === 0) this.#sendEnd();
  }

  reset(): void {
    if (this.#closeReason !== null) return;
    this.#stopPolling();
    closeWithReset(this.#fd);
    this.#gone('reset');
    setImmediate(() => this.#tellClosed());
  }

  /** For Net.close(). */
  close(): void {
    this.reset();
  }

  // ---- events --------------------------------------------------------------------------------------------------

  onReady(events: number): void {
    // Stamps are reported as an error is; one that is there as well is reported again.
    const hasError = (events & EPOLLERR) !== 0 && !this.#drainStamps();
    if ((events & EPOLLOUT) !== 0 && this.#closeReason === null) this.#flush();
    const reads = hasError || (events & (EPOLLIN | EPOLLHUP)) !== 0;
    if (reads && this.#closeReason === null) this.#read();
  }

  /** @returns whether there were any */
  #drainStamps(): boolean {
    const stamps = this.#writer.drainStamps();
    for (const stamp of stamps ?? []) {
      if (this.#closeReason === null) this.#handler?.onTransmitted?.(stamp);
    }
    return stamps !== null;
  }

  #flush(): void {
    const errno = this.#writer.flush();
    if (errno !== 0) this.#fail(errno);
    else if (this.bufferedBytes === 0 && this.#isEnding && !this.#hasEnded) this.#sendEnd();
    else this.#poll();
  }

  #read(): void {
    const handler = this.#handler;
    if (handler === null || this.#peerEnded) {
      // Only an error brings us here.
      const errno = takeErrno(this.#fd);
      if (errno !== 0) this.#fail(errno);
      return;
    }
    for (let reads = 0; reads < READS_PER_TURN; reads++) {
      const { length, data, receivedAtNs } = readStream(this.#fd);
      if (length < 0) {
        const errno = libc().errno();
        if (errno !== EAGAIN && errno !== EINTR) this.#fail(errno);
        return;
      }
      if (length === 0) {
        this.#onPeerEnded();
        return;
      }
      handler.onData(data, receivedAtNs);
      if (this.#closeReason !== null || length < CHUNK_OCTETS) return;
    }
  }

  /** The peer sends no more: neither shall we, once what is queued has left. */
  #onPeerEnded(): void {
    this.#peerEnded = true;
    if (this.#hasEnded) this.#finish();
    else if (this.#isEnding) this.#poll();
    else this.end();
  }

  #sendEnd(): void {
    this.#hasEnded = true;
    libc().shutdown(this.#fd, SHUT_WR);
    if (this.#peerEnded) this.#finish();
    else this.#poll();
  }

  // ---- the end -------------------------------------------------------------------------------------------------

  #finish(): void {
    this.#closeDescriptor(this.#endedFirst ? 'ended' : 'ended-by-peer');
    this.#tellClosed();
  }

  #fail(errno: number): void {
    this.#closeDescriptor(closeReason(errorName(errno)));
    this.#tellClosed();
  }

  /** No handler is called from within a write. */
  #failLater(errno: number): void {
    this.#closeDescriptor(closeReason(errorName(errno)));
    setImmediate(() => this.#tellClosed());
  }

  #closeDescriptor(reason: TcpCloseReason): void {
    this.#stopPolling();
    libc().close(this.#fd);
    this.#gone(reason);
  }

  #gone(reason: TcpCloseReason): void {
    this.#closeReason = reason;
    this.#writer.clear();
    this.#owner.onGone(this);
  }

  #tellClosed(): void {
    if (this.#handler === null || this.#closeReason === null || this.#closeIsTold) return;
    this.#closeIsTold = true;
    this.#handler.onClose(this.#closeReason);
  }

  // ---- polling -------------------------------------------------------------------------------------------------

  /** Not before there is something to wait for: errors are reported whatever was asked for, and again and again. */
  #poll(): void {
    const reads = this.#handler !== null && !this.#peerEnded;
    const events = (reads ? EPOLLIN : 0) | (this.bufferedBytes > 0 ? EPOLLOUT : 0);
    if (this.#pollerKey === 0) {
      if (events !== 0) this.#pollerKey = sharedPoller().add(this.#fd, this, events);
    } else if (events !== this.#events) sharedPoller().change(this.#pollerKey, events);
    this.#events = events;
  }

  #stopPolling(): void {
    if (this.#pollerKey !== 0) sharedPoller().remove(this.#pollerKey);
    this.#pollerKey = 0;
  }
}
