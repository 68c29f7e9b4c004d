// What the rounds of the last hour have said of one peer's clock, so that a round whose packets all waited in queues
// need not speak for itself, and so that the skew is known better than a second of probes can tell.

import type { ClockExchange } from '../records.ts';
import { type Bound, type Bounds, boundsOf, joined } from './bounds.ts';
import { quickestOf } from './exchange.ts';
import { hullOf } from './skew.ts';

/** A value: each round makes another of it. Times are on the clock of the side that began the exchanges. */
export interface ClockHistory {
  /** In order of time. */
  readonly slots: readonly Slot[];
}

/** What the rounds of two minutes have said. */
interface Slot {
  readonly index: number;
  /** The corners of all bounds, for the skew, and to find out that a clock was set. */
  readonly bounds: Bounds;
  /**
   * Of the least round trip, for the offset: what a single exchange says is true for itself, while bounds of several
   * rounds are together too narrow where a clock was set by so little between them that nobody saw it.
   */
  readonly quickest: ClockExchange;
}

export const emptyClockHistory: ClockHistory = { slots: [] };

/**
 * 32 slots are an hour and four minutes: over a longer time a quartz does not keep its rate (it follows the room's
 * temperature), and a bound has become wider by seconds. Slots rather than rounds, so that a pair of agents with a
 * hundred tests remembers as long as one with a single test, in the same space.
 */
const slotNs = 120e9;
const maxSlots = 32;
/** Corners of a hull: two minutes have two or three as a rule. Leaving one out makes the bound wider, never wrong. */
const maxCorners = 8;

/** With a round's exchanges (plausible, begun by the side whose clock the history counts by). */
export function withRound(history: ClockHistory, exchanges: readonly ClockExchange[]): ClockHistory {
  const slots = new Map(history.slots.map((slot) => [slot.index, slot]));
  for (const [index, added] of Map.groupBy(exchanges, ({ t1Ns }) => Math.floor(t1Ns / slotNs))) {
    const before = slots.get(index);
    const bounds = boundsOf(added);
    slots.set(index, {
      index,
      bounds: cornersOf(before === undefined ? bounds : joined([before.bounds, bounds])),
      quickest: quickestOf(before === undefined ? added : [before.quickest, ...added]),
    });
  }
  const newest = Math.max(...slots.keys());
  return {
    slots: [...slots.values()]
      .filter(({ index }) => index > newest - maxSlots)
      .sort((a, b) => a.index - b.index),
  };
}

function cornersOf(bounds: Bounds): Bounds {
  const { upper, lower } = hullOf(bounds);
  return { upper: spread(upper), lower: spread(lower) };
}

/** As many as there may be, the first and the last among them. */
function spread(corners: readonly Bound[]): readonly Bound[] {
  if (corners.length <= maxCorners) return corners;
  const step = (corners.length - 1) / (maxCorners - 1);
  return Array.from({ length: maxCorners }, (_, i) => corners[Math.round(i * step)]!);
}
