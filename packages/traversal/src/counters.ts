/** Why something was refused or dropped, or what was done: each counted, so that an operator sees it without a log line each. */
export type Counter =
  | 'binding-answered'
  | 'registered-tcp'
  | 'registered-udp'
  | 'met'
  | 'probed'
  // dropped without an answer
  | 'dropped-over-budget'
  | 'dropped-oversized'
  | 'dropped-not-stun'
  | 'dropped-truncated'
  | 'dropped-attribute'
  | 'dropped-fingerprint'
  | 'dropped-unexpected'
  | 'dropped-bad-signature'
  // connections closed
  | 'closed-over-budget'
  | 'closed-silent'
  | 'closed-crowded'
  | 'closed-oversized'
  | 'closed-not-stun'
  | 'closed-too-many-messages'
  | 'closed-unresponsive'
  | 'closed-not-reading'
  | 'closed-expired'
  | 'closed-replaced'
  // requests refused
  | 'refused-no-credentials'
  | 'refused-stale-nonce'
  | 'refused-expired-credentials'
  | 'refused-wrong-password'
  | 'refused-bad-request'
  | 'refused-udp-without-tcp'
  | 'refused-ticket-signature'
  | 'refused-ticket-expired'
  | 'refused-ticket-not-yours'
  | 'refused-target-not-registered'
  | 'refused-target-silent'
  | 'refused-by-target'
  | 'refused-too-many-meetings'
  | 'refused-too-many-probes';

export class Counters {
  readonly #counts = new Map<Counter, number>();

  add(counter: Counter): void {
    this.#counts.set(counter, (this.#counts.get(counter) ?? 0) + 1);
  }

  get(counter: Counter): number {
    return this.#counts.get(counter) ?? 0;
  }

  toJSON(): Partial<Record<Counter, number>> {
    return Object.fromEntries(this.#counts);
  }
}
