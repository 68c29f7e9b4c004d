// Which names of addresses are known, which are to be looked up, and when. Pure: it holds what was found out, and says
// what is due; whoever drives it looks it up.

import type { IpAddress } from '@pinhole/wire';

export type LookUp =
  | { readonly outcome: 'named'; readonly name: string }
  /** The zone says that there is no name. */
  | { readonly outcome: 'nameless' }
  /** Nobody has answered, or nobody who knows. */
  | { readonly outcome: 'failed' };

/** For how long an answer counts. Then the address is looked up again when it is asked for; until that is done, the answer stays. */
const freshMs = {
  /** Names of routers change seldom; Node does not tell the record's own TTL. */
  named: 3_600_000,
  /** Within the three hours of RFC 2308 §5, short enough for somebody who is just adding names. */
  nameless: 600_000,
  /** RFC 2308 §7: not more than five minutes. */
  failed: 60_000,
} as const;

export interface NameBookLimits {
  /** Addresses of which something is known; the one that was asked for longest ago goes first. */
  readonly maxKnown: number;
  /** Addresses that wait; further ones are forgotten, and asked for again by whoever needs them. */
  readonly maxWaiting: number;
  readonly maxUnderWay: number;
  readonly perSecond: number;
}

interface Entry {
  readonly name: string | null;
  readonly staleAtMs: number;
}

export class NameBook {
  readonly #limits: NameBookLimits;
  /** In the order in which they were asked for, oldest first. */
  readonly #known = new Map<IpAddress, Entry>();
  /** Somebody waits for the urgent ones. */
  readonly #urgent = new Set<IpAddress>();
  readonly #patient = new Set<IpAddress>();
  readonly #underWay = new Set<IpAddress>();
  /** Look-ups that may begin now, and since when that is so. */
  #allowance: number;
  #allowanceAtMs = 0;

  constructor(limits: NameBookLimits) {
    this.#limits = limits;
    this.#allowance = limits.perSecond;
  }

  /** Undefined where nothing is known yet, null where there is no name. */
  name(address: IpAddress): string | null | undefined {
    return this.#known.get(address)?.name;
  }

  /** Puts what is not known, or not any more, on the list. */
  ask(address: IpAddress, isUrgent: boolean, nowMs: number): void {
    const entry = this.#known.get(address);
    if (entry !== undefined) {
      this.#known.delete(address);
      this.#known.set(address, entry);
      if (entry.staleAtMs > nowMs) return;
    }
    if (this.#underWay.has(address) || this.#urgent.has(address)) return;
    if (isUrgent) this.#patient.delete(address);
    if (this.#urgent.size + this.#patient.size >= this.#limits.maxWaiting) return;
    (isUrgent ? this.#urgent : this.#patient).add(address);
  }

  /** What is to be looked up now: each is under way from here on. */
  due(nowMs: number): IpAddress[] {
    const { perSecond, maxUnderWay } = this.#limits;
    const gained = Math.max(0, nowMs - this.#allowanceAtMs) * (perSecond / 1000);
    this.#allowance = Math.min(perSecond, this.#allowance + gained);
    this.#allowanceAtMs = nowMs;
    const due: IpAddress[] = [];
    for (const waiting of [this.#urgent, this.#patient]) {
      for (const address of waiting) {
        if (this.#underWay.size >= maxUnderWay || this.#allowance < 1) return due;
        this.#allowance -= 1;
        waiting.delete(address);
        this.#underWay.add(address);
        due.push(address);
      }
    }
    return due;
  }

  /** When `due` will have something again, as far as time alone decides; null where it does not. */
  dueAtMs(): number | null {
    const isWaiting = this.#urgent.size + this.#patient.size > 0;
    if (!isWaiting || this.#underWay.size >= this.#limits.maxUnderWay) return null;
    const missing = Math.max(0, 1 - this.#allowance);
    return this.#allowanceAtMs + (1000 * missing) / this.#limits.perSecond;
  }

  /** Whether somebody who asked for it may expect an answer. */
  isPending(address: IpAddress): boolean {
    return this.#underWay.has(address) || this.#urgent.has(address) || this.#patient.has(address);
  }

  answered(address: IpAddress, lookUp: LookUp, nowMs: number): void {
    this.#underWay.delete(address);
    const known = this.#known.get(address);
    // A server that does not answer now takes no name away.
    const name = lookUp.outcome === 'named' ? lookUp.name : lookUp.outcome === 'failed' ? known?.name : null;
    this.#known.delete(address);
    this.#known.set(address, { name: name ?? null, staleAtMs: nowMs + freshMs[lookUp.outcome] });
    const [oldest] = this.#known.keys();
    if (this.#known.size > this.#limits.maxKnown && oldest !== undefined) this.#known.delete(oldest);
  }
}
