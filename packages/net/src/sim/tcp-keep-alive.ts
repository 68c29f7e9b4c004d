import type { Timer } from '../types.ts';
import type { World } from './world.ts';

/** Linux: net.ipv4.tcp_keepalive_probes. */
const MOST_PROBES = 9;

export interface KeepAliveOwner {
  readonly world: World;
  sendKeepAlive(): void;
  onGivenUp(): void;
}

/** Asks the peer of an idle connection whether it is still there (RFC 9293 section 3.8.4). */
export class KeepAlive {
  readonly #idleNs: number;
  readonly #owner: KeepAliveOwner;
  #timer: Timer | null = null;
  #unanswered = 0;

  constructor(idleMs: number, owner: KeepAliveOwner) {
    this.#idleNs = idleMs * 1e6;
    this.#owner = owner;
  }

  /** The peer was heard, or the connection has just been made. */
  restart(): void {
    this.#unanswered = 0;
    this.#wait();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #wait(): void {
    this.stop();
    this.#timer = this.#owner.world.after(this.#idleNs, () => {
      if (this.#unanswered++ >= MOST_PROBES) {
        this.#owner.onGivenUp();
        return;
      }
      this.#owner.sendKeepAlive();
      this.#wait();
    });
  }
}
