import type { Endpoint } from '@pinhole/wire';
import { systemClock } from '../node/clock.ts';
import { socketError } from '../node/errors.ts';
import type { ListenOptions, TcpListener, Timer } from '../types.ts';
import { boundEndpoint } from './descriptor.ts';
import { EAGAIN, EMFILE, ENFILE, ENOBUFS, ENOMEM, errorName, libc } from './libc.ts';
import { scratchMemory } from './memory.ts';
import { EPOLLIN, type Pollable, sharedPoller } from './poller.ts';
import { readSockaddr, SOCKADDR_OCTETS } from './sockaddr.ts';
import { openTcpDescriptor } from './tcp-descriptor.ts';

/** The longest queue of connections not yet accepted; Linux takes the smaller of this and net.core.somaxconn. */
const BACKLOG = 4096;
const SOCK_NONBLOCK_CLOEXEC = 0o2004000;
/** Accepted at one time before others have their turn. */
const ACCEPTS_PER_TURN = 64;

/** Errors that the next accept() would meet as well. Connections wait meanwhile. */
const EXHAUSTED: readonly number[] = [EMFILE, ENFILE, ENOBUFS, ENOMEM];
const EXHAUSTED_PAUSE_MS = 100;

export interface ListenerOwner {
  onAccepted(fd: number, local: Endpoint, remote: Endpoint): void;
  onClosed(listener: LinuxTcpListener): void;
}

/** Of one port. Counts its connections: the owner says when one is gone. */
export class LinuxTcpListener implements TcpListener, Pollable {
  readonly local: Endpoint;
  readonly #fd: number;
  readonly #owner: ListenerOwner;
  readonly #maxConnections: number;
  readonly #pollerKey: number;
  #connections = 0;
  #pause: Timer | null = null;
  #open = true;

  /** Throws SocketError. */
  constructor(options: ListenOptions, owner: ListenerOwner) {
    this.#fd = openListening(options, BACKLOG);
    this.local = boundEndpoint(this.#fd, options.local);
    this.#maxConnections = options.maxConnections ?? Number.POSITIVE_INFINITY;
    this.#owner = owner;
    this.#pollerKey = sharedPoller().add(this.#fd, this);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#pause?.cancel();
    sharedPoller().remove(this.#pollerKey);
    libc().close(this.#fd);
    this.#owner.onClosed(this);
  }

  onConnectionGone(): void {
    this.#connections--;
  }

  onReady(): void {
    const memory = scratchMemory();
    for (let i = 0; this.#open && i < ACCEPTS_PER_TURN; i++) {
      memory.view.setUint32(SOCKADDR_OCTETS, SOCKADDR_OCTETS, true);
      const { address } = memory;
      const fd = libc().accept4(this.#fd, address, address + SOCKADDR_OCTETS, SOCK_NONBLOCK_CLOEXEC);
      if (fd >= 0) this.#accept(fd, readSockaddr(memory, 0));
      else if (!this.#goesOnAfter(libc().errno())) return;
    }
  }

  #accept(fd: number, remote: Endpoint | null): void {
    if (remote === null || this.#connections >= this.#maxConnections) {
      libc().close(fd);
      return;
    }
    this.#connections++;
    this.#owner.onAccepted(fd, boundEndpoint(fd, this.local), remote);
  }

  /** A connection that died before it was accepted is nobody's concern. */
  #goesOnAfter(errno: number): boolean {
    if (EXHAUSTED.includes(errno)) {
      sharedPoller().change(this.#pollerKey, 0);
      this.#pause = systemClock.after(EXHAUSTED_PAUSE_MS, () =>
        sharedPoller().change(this.#pollerKey, EPOLLIN),
      );
      return false;
    }
    return errno !== EAGAIN;
  }
}

/** A descriptor that listens, with room for `backlog` connections and one that nobody has accepted. Throws SocketError. */
export function openListening(options: ListenOptions, backlog: number): number {
  const { local } = options;
  const fd = openTcpDescriptor({ ...options, bind: true });
  if (fd < 0) throw socketError('listen on TCP', local, errorName(-fd));
  if (libc().listen(fd, backlog) === 0) return fd;
  const error = socketError('listen on TCP', local, errorName(libc().errno()));
  libc().close(fd);
  throw error;
}
