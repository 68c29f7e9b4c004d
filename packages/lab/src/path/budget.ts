// How often a router sends errors to one destination, as Linux does it (icmp(7), icmp_ratelimit). Pure.

/** The kernel's XRLIM_BURST_FACTOR: how many are saved up. */
const burst = 6;
/** Of destinations that are remembered. */
const maxDestinations = 1024;

export class ErrorBudget {
  /** Until when each destination's budget is used up, in ms. */
  readonly #spent = new Map<string, number>();

  /** Whether an error may be sent now, which then counts. One each `periodMs`; 0: no limit. */
  take(destination: string, periodMs: number, nowMs: number): boolean {
    const from = Math.max(this.#spent.get(destination) ?? -Infinity, nowMs - burst * periodMs);
    if (from + periodMs > nowMs) return false;
    if (this.#spent.size >= maxDestinations) this.#spent.clear();
    this.#spent.set(destination, from + periodMs);
    return true;
  }
}
