// One epoll descriptor for all descriptors of the process. Waiting costs one thread of Node's pool, so there is one
// wait for all, and none while nothing is open.

import { libc } from './libc.ts';
import { allocate, type Memory, setWord } from './memory.ts';

export interface Readable {
  /** Reads what is there, up to a bound; what remains is reported again. */
  onReady(events: number): void;
}

export const EPOLLIN = 1;
export const EPOLLERR = 8;

const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CLOEXEC = 0o2000000;
const EFD_NONBLOCK_CLOEXEC = 0o2004000;
/** struct epoll_event is packed on x86-64 only. */
const EVENT_OCTETS = process.arch === 'x64' ? 12 : 16;
const DATA_OFFSET = EVENT_OCTETS - 8;
const MOST_EVENTS = 64;

class Poller {
  readonly #epoll: number;
  /** Written to end a wait. */
  readonly #wake: number;
  readonly #events: Memory = allocate(MOST_EVENTS * EVENT_OCTETS);
  readonly #parameter: Memory = allocate(16);
  /** By a key of its own: a descriptor's number may be taken again while an event of it is on its way. */
  readonly #readables = new Map<number, { readable: Readable; fd: number }>();
  #nextKey = 1;
  #waiting = false;
  #scheduled = false;

  constructor() {
    this.#epoll = libc().epoll_create1(EPOLL_CLOEXEC);
    this.#wake = libc().eventfd(0, EFD_NONBLOCK_CLOEXEC);
    this.#control(EPOLL_CTL_ADD, this.#wake, 0);
    // A thread that waits for ever keeps the process from ending.
    process.on('exit', () => this.#interrupt());
  }

  /** @returns the key to remove it by */
  add(fd: number, readable: Readable): number {
    const key = this.#nextKey++;
    this.#readables.set(key, { readable, fd });
    this.#control(EPOLL_CTL_ADD, fd, key);
    this.#schedule();
    return key;
  }

  /** To be called before the descriptor is closed. */
  remove(key: number): void {
    const entry = this.#readables.get(key);
    if (entry === undefined) return;
    this.#readables.delete(key);
    this.#control(EPOLL_CTL_DEL, entry.fd, key);
    if (this.#readables.size === 0) this.#interrupt();
  }

  #control(operation: number, fd: number, key: number): void {
    this.#parameter.view.setUint32(0, EPOLLIN, true);
    this.#parameter.view.setUint32(DATA_OFFSET, key, true);
    libc().epoll_ctl(this.#epoll, operation, fd, this.#parameter.address);
  }

  #interrupt(): void {
    if (!this.#waiting) return;
    setWord(this.#parameter.view, 0, 1);
    libc().write(this.#wake, this.#parameter.address, 8);
  }

  /** The turn between two looks is what timers and other sockets get under full load. */
  #schedule(): void {
    if (this.#scheduled || this.#waiting) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#look();
    });
  }

  #look(): void {
    if (this.#readables.size === 0) return;
    const count = libc().epoll_wait(this.#epoll, this.#events.address, MOST_EVENTS, 0);
    if (count > 0) this.#dispatch(count);
    else this.#wait();
  }

  #wait(): void {
    this.#waiting = true;
    libc().epollWaitAsync(this.#epoll, this.#events.address, MOST_EVENTS, -1, (_error, count) => {
      this.#waiting = false;
      this.#dispatch(count);
    });
  }

  #dispatch(count: number): void {
    // A handler that throws must not end the reading for everybody else.
    if (!this.#waiting) this.#schedule();
    const { view } = this.#events;
    const ready: { key: number; events: number }[] = [];
    for (let i = 0; i < count; i++) {
      const events = view.getUint32(i * EVENT_OCTETS, true);
      ready.push({ key: view.getUint32(i * EVENT_OCTETS + DATA_OFFSET, true), events });
    }
    for (const { key, events } of ready) {
      if (key === 0) libc().read(this.#wake, this.#parameter.address, 8);
      else this.#readables.get(key)?.readable.onReady(events);
    }
  }
}

let poller: Poller | null = null;

export function sharedPoller(): Poller {
  poller ??= new Poller();
  return poller;
}
