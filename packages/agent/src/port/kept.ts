// The ways that a port holds open from round to round, one for each peer, because finding them again would cost a search.

import type { Clock, Timer } from '@pinhole/net';
import { type Endpoint, sameEndpoint } from '@pinhole/wire';
import type { KeptWay } from './port.ts';

/** Half of the 30 s after which Linux forgets a UDP mapping that has seen no answer; RFC 8445 §11 keeps alive at 15 s too. */
export const keepAliveMs = 15_000;
/** Tests run hourly at the least often; a round may be late, and take its time. */
export const unusedLimitMs = 65 * 60_000;
/** Each costs a descriptor, and a packet every 15 s. */
export const maxKept = 64;

/** `Means` is what a way is held open by: a connection, a socket. */
export interface KeptWaysOptions<Means> {
  readonly clock: Clock;
  /** Sends something that keeps the mappings on the way alive. */
  readonly refresh: (way: KeptWay, means: Means) => void;
  /** No peer's any more: may be closed. Not called for what is `lost`. */
  readonly onDropped: (means: Means) => void;
}

interface Held<Means> {
  readonly way: KeptWay;
  readonly means: Means;
  readonly usedAtMs: number;
}

export class KeptWays<Means> {
  readonly #options: KeptWaysOptions<Means>;
  /** By the peer's agent id, least recently used first. */
  readonly #held = new Map<string, Held<Means>>();
  #timer: Timer | null = null;

  constructor(options: KeptWaysOptions<Means>) {
    this.#options = options;
  }

  /** From now on, or again: to be called after every session that has used it. Another way of the peer's is dropped. */
  keep(peerAgentId: string, way: KeptWay, means: Means): void {
    const before = this.#held.get(peerAgentId);
    this.#held.delete(peerAgentId);
    this.#held.set(peerAgentId, { way, means, usedAtMs: this.#nowMs() });
    if (before !== undefined) this.#release(before.means);
    if (this.#held.size > maxKept) this.forget(this.#held.keys().next().value as string);
    if (this.#timer === null) this.#schedule();
  }

  /** Null where there is none. */
  of(peerAgentId: string): { readonly way: KeptWay; readonly means: Means } | null {
    return this.#held.get(peerAgentId) ?? null;
  }

  /** The means by which a peer there is reached; null where none is held. */
  to(remote: Endpoint): Means | null {
    return [...this.#held.values()].find(({ way }) => sameEndpoint(way.remote, remote))?.means ?? null;
  }

  holds(means: Means): boolean {
    return [...this.#held.values()].some((each) => each.means === means);
  }

  /** Drops the peer's, if there is one. */
  forget(peerAgentId: string): void {
    const held = this.#held.get(peerAgentId);
    if (!this.#held.delete(peerAgentId)) return;
    this.#release((held as Held<Means>).means);
  }

  /** The means have come to an end by themselves. */
  lost(means: Means): void {
    for (const [peerAgentId, held] of this.#held) {
      if (held.means === means) this.#held.delete(peerAgentId);
    }
  }

  /** Drops all. */
  close(): void {
    this.#timer?.cancel();
    const all = new Set([...this.#held.values()].map(({ means }) => means));
    this.#held.clear();
    for (const means of all) this.#options.onDropped(means);
  }

  #release(means: Means): void {
    if (!this.holds(means)) this.#options.onDropped(means);
  }

  #schedule(): void {
    this.#timer = this.#options.clock.after(keepAliveMs, () => {
      this.#timer = null;
      this.#tick();
      if (this.#held.size > 0) this.#schedule();
    });
  }

  #tick(): void {
    for (const [peerAgentId, { way, means, usedAtMs }] of this.#held) {
      if (this.#nowMs() - usedAtMs >= unusedLimitMs) this.forget(peerAgentId);
      else this.#options.refresh(way, means);
    }
  }

  #nowMs(): number {
    return this.#options.clock.monotonicNs() / 1e6;
  }
}
