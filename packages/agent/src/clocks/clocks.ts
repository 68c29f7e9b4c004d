// What this agent has found out about the clocks of its peers, from round to round.

import { type ClockHistory, emptyClockHistory, type Measurement } from '@pinhole/measure';
import type { SessionPlan } from '@pinhole/wire';
import { measureReceived, type SessionLog } from '../session/log.ts';

/** As many as there are agents in a large account; each takes 25 kB at most. */
const maxPeers = 1024;

export class PeerClocks {
  /** By agent id, that of the last round last. */
  readonly #histories = new Map<string, ClockHistory>();

  /** Measures what a session has received of a peer, and remembers what its exchanges say of the peer's clock. */
  measure(peerAgentId: string, log: SessionLog, plan: SessionPlan): Measurement {
    const before = this.#histories.get(peerAgentId) ?? emptyClockHistory;
    const { measurement, history } = measureReceived(log, plan, before);
    this.#histories.delete(peerAgentId);
    this.#histories.set(peerAgentId, history);
    if (this.#histories.size > maxPeers)
      this.#histories.delete(this.#histories.keys().next().value as string);
    return measurement;
  }
}
