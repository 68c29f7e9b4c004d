// What the two ends of a session write down. Times are nanoseconds on the writer's own clock, from any origin; as
// numbers they are exact to 2^53 ns, so the origin should be near the round (not 1970).

/** A probe, as its sender logged it. */
export interface SentProbe {
  /** Counts up from the round's first probe. */
  readonly sequence: number;
  /** Sender's clock, the true transmission; null where only the sending is known. */
  readonly sentAtNs: number | null;
}

/** An arrival of a probe. */
export interface ReceivedProbe {
  readonly sequence: number;
  /** Receiver's clock. */
  readonly receivedAtNs: number;
  /** Sender's clock, as the packet itself says; stands in where the sender's log has no time. */
  readonly sentAtNs: number | null;
  /** What it arrived with, 0 to 63; null where the system does not tell. */
  readonly dscp: number | null;
}

/** A packet there and its answer back. T1 and T4 are on the clock of the side that began, T2 and T3 on the other's. */
export interface ClockExchange {
  readonly t1Ns: number;
  readonly t2Ns: number;
  readonly t3Ns: number;
  readonly t4Ns: number;
}
