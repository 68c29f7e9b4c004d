// The retransmission timeout of RFC 6298.

/** RFC 6298 section 2.1. */
const INITIAL_NS = 1e9;
/** Linux: TCP_RTO_MIN; RFC 6298 asks for a second, which nobody waits for. */
const LEAST_NS = 200e6;
/** Linux: TCP_RTO_MAX. */
const MOST_NS = 120e9;

export class RetransmissionTimeout {
  leastNs: number | null = null;
  #smoothedNs: number | null = null;
  #variationNs = 0;
  #backoff = 1;

  get smoothedNs(): number {
    return this.#smoothedNs ?? 0;
  }

  get variationNs(): number {
    return this.#variationNs;
  }

  get currentNs(): number {
    const base =
      this.#smoothedNs === null
        ? INITIAL_NS
        : Math.max(LEAST_NS, this.#smoothedNs + Math.max(4 * this.#variationNs, 1e6));
    return Math.min(base * this.#backoff, MOST_NS);
  }

  /** A round trip that was measured. */
  sample(roundTripNs: number): void {
    this.leastNs = Math.min(this.leastNs ?? roundTripNs, roundTripNs);
    if (this.#smoothedNs === null) {
      this.#smoothedNs = roundTripNs;
      this.#variationNs = roundTripNs / 2;
      return;
    }
    this.#variationNs = 0.75 * this.#variationNs + 0.25 * Math.abs(this.#smoothedNs - roundTripNs);
    this.#smoothedNs = 0.875 * this.#smoothedNs + 0.125 * roundTripNs;
  }

  backOff(): void {
    this.#backoff *= 2;
  }

  forgetBackoff(): void {
    this.#backoff = 1;
  }
}
