// Loss (RFC 7680), duplicates (RFC 5560) and reordering (RFC 4737) of one round and direction.

import type { ReceivedProbe, SentProbe } from './records.ts';

/** The first arrival of a probe. */
export interface Arrival {
  readonly sequence: number;
  /** Of receivedAtNs and sentAtNs, on their two clocks. */
  readonly receivedAtNs: number;
  /** Null where neither the log nor the packet tells it. */
  readonly sentAtNs: number | null;
  readonly dscp: number | null;
}

export interface Arrivals {
  /** Of each probe that was sent and came, the earliest; in order of their arrival. */
  readonly first: readonly Arrival[];
  readonly duplicates: number;
}

/** Sorts out what came. Arrivals of probes that were never sent are nobody's and left out. */
export function sortArrivals(sent: readonly SentProbe[], received: readonly ReceivedProbe[]): Arrivals {
  const sentAt = new Map(sent.map((probe) => [probe.sequence, probe.sentAtNs]));
  const first = new Map<number, Arrival>();
  let duplicates = 0;
  for (const { sequence, receivedAtNs, sentAtNs, dscp } of received) {
    const logged = sentAt.get(sequence);
    if (logged === undefined) continue;
    const earlier = first.get(sequence);
    if (earlier !== undefined) duplicates++;
    if (earlier === undefined || receivedAtNs < earlier.receivedAtNs)
      first.set(sequence, { sequence, receivedAtNs, sentAtNs: logged ?? sentAtNs, dscp });
  }
  const inOrder = [...first.values()].sort(
    (a, b) => a.receivedAtNs - b.receivedAtNs || a.sequence - b.sequence,
  );
  return { first: inOrder, duplicates };
}

/**
 * How many came after a later one (RFC 4737 §3): reordered is a sequence number below the next expected one.
 * `sequences` are in order of arrival; a repetition does not count.
 */
export function countReordered(sequences: readonly number[]): number {
  const seen = new Set<number>();
  let nextExpected = Number.NEGATIVE_INFINITY;
  let reordered = 0;
  for (const sequence of sequences) {
    if (seen.has(sequence)) continue;
    seen.add(sequence);
    if (sequence < nextExpected) reordered++;
    else nextExpected = sequence + 1;
  }
  return reordered;
}

/** The value that most of these have, of several such that which came first; null where none is known. */
export function mostFrequent(values: readonly (number | null)[]): number | null {
  const counts = new Map<number, number>();
  for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  let most: number | null = null;
  for (const [value, count] of counts) if (most === null || count > counts.get(most)!) most = value;
  return most;
}

/** (sent − received) / sent, in percent; 0 where nothing was sent. */
export function lossPercent(sent: number, received: number): number {
  return sent === 0 ? 0 : ((sent - received) / sent) * 100;
}
