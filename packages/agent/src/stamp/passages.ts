// What happened to the probes at the reflector: which packet of its is which, and when each came and left there.

import type { ClockExchange } from '@pinhole/measure';
import { countsByItself } from './attribution.ts';
import type { Reply } from './replies.ts';

/** `swapped`: T2 and T3 in each other's place, which is put right; `one`: both are the same. */
export type ReflectorTimes = 'two' | 'one' | 'swapped' | 'none';

/** Swapped where most replies would have left before their probes came. */
export function timesOf(replies: readonly Reply[]): ReflectorTimes {
  const held = replies.flatMap(({ times }) => (times === null ? [] : [times.t3UnixNs - times.t2UnixNs]));
  if (held.length * 2 < replies.length) return 'none';
  if (held.every((ns) => ns === 0n)) return 'one';
  return held.filter((ns) => ns < 0n).length * 2 > held.length ? 'swapped' : 'two';
}

/** One probe at the reflector, or a copy of it: a passage there, and replies back, as many as came. */
export interface Passage {
  readonly probe: number;
  /** The order of arrival there. */
  readonly rank: number;
  readonly t1Ns: number;
  /** On the reflector's clock, from `originUnixNs`. */
  readonly t2Ns: number;
  readonly t3Ns: number;
  /** In order. */
  readonly receivedAtNs: readonly number[];
}

export interface Passages {
  readonly all: readonly Passage[];
  /** Null where the reflector tells no times. */
  readonly originUnixNs: bigint | null;
  /** Whether one passage is told from another, by number or time. */
  readonly told: boolean;
}

export function passagesOf(
  replies: readonly Reply[],
  sentAtNs: ReadonlyMap<number, number>,
  times: ReflectorTimes,
): Passages {
  const originUnixNs =
    times === 'none' ? null : (replies.find((each) => each.times !== null)?.times?.t2UnixNs ?? null);
  const followUps = new Map(
    replies.flatMap(({ told }) =>
      told.followUp === null ? [] : [[told.followUp.sequence, told.followUp.unixNs]],
    ),
  );
  const counts = countsByItself(replies);
  const copies = Map.groupBy(
    replies.filter(({ probe }) => sentAtNs.has(probe)),
    ({ probe, sequence, times: own }) => `${probe} ${sequence} ${own?.t2UnixNs} ${own?.t3UnixNs}`,
  );
  const passages = [...copies.values()].map((same) => {
    const { probe, sequence, times: own } = same[0]!;
    const t1Ns = sentAtNs.get(probe)!;
    const receivedAtNs = same.map((each) => each.receivedAtNs);
    if (own === null || originUnixNs === null) {
      const middleNs = (t1Ns + receivedAtNs[0]!) / 2;
      return { probe, order: counts ? sequence : probe, t1Ns, t2Ns: middleNs, t3Ns: middleNs, receivedAtNs };
    }
    const [t2UnixNs, t3UnixNs] =
      times === 'swapped' ? [own.t3UnixNs, own.t2UnixNs] : [own.t2UnixNs, own.t3UnixNs];
    const t2Ns = Number(t2UnixNs - originUnixNs);
    const leftNs = Number(t3UnixNs - originUnixNs);
    const followUpUnixNs = followUps.get(sequence);
    const trulyNs = followUpUnixNs === undefined ? leftNs : Number(followUpUnixNs - originUnixNs);
    // What is told afterwards is believed where it can be: not before the packet says, nor after the reply came.
    const believed = trulyNs >= leftNs && trulyNs - t2Ns <= receivedAtNs[0]! - t1Ns;
    return {
      probe,
      order: counts ? sequence : t2Ns,
      t1Ns,
      t2Ns,
      t3Ns: believed ? trulyNs : leftNs,
      receivedAtNs,
    };
  });
  const ranked = passages
    .toSorted((a, b) => a.order - b.order)
    .map(({ order: _, ...passage }, rank) => ({ ...passage, rank }));
  return { all: ranked, originUnixNs, told: counts || originUnixNs !== null };
}

export function exchangeOf({ t1Ns, t2Ns, t3Ns, receivedAtNs }: Passage): ClockExchange {
  return { t1Ns, t2Ns, t3Ns, t4Ns: receivedAtNs[0]! };
}
