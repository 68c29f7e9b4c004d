// How a round sends: a periodic stream (RFC 3432) of few small probes.

/** As agents of this kind send by custom; one lost probe is then 2 %. */
export const defaultProbeCount = 50;

/** 50 probes take a second then: long against one burst of queueing, short against the shortest interval (60 s). */
const defaultGapNs = 20_000_000;

/** No round sends for longer, whatever the rate: the rounds of many tests must fit between one another. */
export const maxSendingNs = 8_000_000_000;

/**
 * A probe that takes longer counts as lost: Tmax of RFC 7680 §2.2, which §2.8.2 wants reported. Longer than any
 * terrestrial or satellite path with full queues, and no application still waits for the packet.
 */
export const defaultLossThresholdNs = 2_000_000_000;

export interface RoundPlan {
  /** Nanoseconds after the round's first probe; as many as there are probes. */
  readonly departuresNs: readonly number[];
  readonly gapNs: number;
  readonly lossThresholdNs: number;
  /** After the round's first probe: from here on nothing can arrive that would still count. */
  readonly endNs: number;
}

/**
 * The probes of one round and direction. `packetRate` is in packets a second, null for the default gap; at a low rate
 * there are as many probes as 8 s hold. Throws a RangeError for a rate that is not positive.
 */
export function planRound({
  packetRate,
  lossThresholdNs = defaultLossThresholdNs,
}: {
  packetRate: number | null;
  lossThresholdNs?: number;
}): RoundPlan {
  if (packetRate !== null && !(packetRate > 0)) throw new RangeError(`packet rate ${packetRate}`);
  const gapNs = packetRate === null ? defaultGapNs : Math.round(1e9 / packetRate);
  const probeCount = Math.max(1, Math.min(defaultProbeCount, Math.floor(maxSendingNs / gapNs)));
  const departuresNs = Array.from({ length: probeCount }, (_, sequence) => sequence * gapNs);
  return { departuresNs, gapNs, lossThresholdNs, endNs: (probeCount - 1) * gapNs + lossThresholdNs };
}
