// One epoll descriptor for all descriptors of the process, which Node's event loop watches. It is all that libuv sees of
// them: its own sockets read error queues and stamps as errors of the descriptor.

import { libuv, type Watch } from './event-loop.ts';
import { libc } from './libc.ts';
import { allocate, type Memory } from './memory.ts';

export interface Pollable {
  /** Deals with what is there, up to a bound; what remains is reported again. */
  onReady(events: number): void;
}

export const EPOLLIN = 1;
export const EPOLLOUT = 4;
/** These two are reported whatever was asked for. */
export const EPOLLERR = 8;
export const EPOLLHUP = 16;

const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;
const EPOLL_CLOEXEC = 0o2000000;
/** struct epoll_event is packed on x86-64 only. */
const EVENT_OCTETS = process.arch === 'x64' ? 12 : 16;
const DATA_OFFSET = EVENT_OCTETS - 8;
/** Dealt with before timers, and what else the loop watches, have their turn. */
const MOST_EVENTS = 64;

class Poller {
  readonly #epoll: number;
  readonly #watch: Watch;
  readonly #events: Memory = allocate(MOST_EVENTS * EVENT_OCTETS);
  readonly #parameter: Memory = allocate(16);
  /** By a key of its own: a descriptor's number may be taken again while an event of it is on its way. */
  readonly #pollables = new Map<number, { pollable: Pollable; fd: number }>();
  #nextKey = 1;

  constructor() {
    this.#epoll = libc().epoll_create1(EPOLL_CLOEXEC);
    this.#watch = libuv().watch(this.#epoll, () => this.#look());
  }

  /** @returns the key to change and remove it by */
  add(fd: number, pollable: Pollable, events = EPOLLIN): number {
    const key = this.#nextKey++;
    if (this.#pollables.size === 0) this.#watch.start();
    this.#pollables.set(key, { pollable, fd });
    this.#control(EPOLL_CTL_ADD, fd, key, events);
    return key;
  }

  /** Other events from now on. */
  change(key: number, events: number): void {
    const entry = this.#pollables.get(key);
    if (entry !== undefined) this.#control(EPOLL_CTL_MOD, entry.fd, key, events);
  }

  /** To be called before the descriptor is closed. */
  remove(key: number): void {
    const entry = this.#pollables.get(key);
    if (entry === undefined) return;
    this.#pollables.delete(key);
    this.#control(EPOLL_CTL_DEL, entry.fd, key, 0);
    if (this.#pollables.size === 0) this.#watch.stop();
  }

  #control(operation: number, fd: number, key: number, events: number): void {
    this.#parameter.view.setUint32(0, events, true);
    this.#parameter.view.setUint32(DATA_OFFSET, key, true);
    libc().epoll_ctl(this.#epoll, operation, fd, this.#parameter.address);
  }

  #look(): void {
    const count = libc().epoll_wait(this.#epoll, this.#events.address, MOST_EVENTS, 0);
    const { view } = this.#events;
    const ready: { key: number; events: number }[] = [];
    for (let i = 0; i < count; i++) {
      const events = view.getUint32(i * EVENT_OCTETS, true);
      ready.push({ key: view.getUint32(i * EVENT_OCTETS + DATA_OFFSET, true), events });
    }
    // One that throws does not keep the others from their turn: what was not dealt with is reported again.
    for (const { key, events } of ready) this.#pollables.get(key)?.pollable.onReady(events);
  }
}

let poller: Poller | null = null;

export function sharedPoller(): Poller {
  poller ??= new Poller();
  return poller;
}
