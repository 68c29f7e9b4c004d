// What a link does to packets, and when each leaves it. Pure.

import type { Random } from '@pinhole/net';
import { z } from 'zod';
import { faultSchema } from './faults.ts';

/** Of one direction. */
const directionSchema = z
  .strictObject({
    delayMs: z.number().min(0).max(2000, 'a delay is at most 2000 ms').default(0),
    /** Uniform, up to this much less or more than the delay. It keeps the order: of packets that come closer to each
     *  other than this, the later ones may wait for the earlier. */
    jitterMs: z.number().min(0).default(0),
    lossPercent: z.number().min(0).max(100).default(0),
    /** How many packets leave twice, the second time right behind the first. */
    duplicatePercent: z.number().min(0).max(100).default(0),
    /** How many packets are held back, for the later ones to overtake them. */
    reorderPercent: z.number().min(0).max(100).default(0),
    /** How much longer these take. */
    reorderMs: z.number().min(0).max(1000).default(50),
    /** What happens to single packets, beside the shares above. */
    faults: z.array(faultSchema).max(16, 'a link has at most 16 faults each way').default([]),
    /** A file that is written when the link is given a profile without it: a line for each packet (record.ts). */
    recordFile: z.string().startsWith('/', 'the file of a record is an absolute path').optional(),
  })
  .refine(({ delayMs, jitterMs }) => jitterMs <= delayMs, 'a jitter is at most as large as the delay');

const bothSchema = z.strictObject({
  up: directionSchema.prefault({}),
  down: directionSchema.prefault({}),
});

export const linkSchema = z.union([directionSchema, bothSchema], {
  error:
    'a link is { delayMs, jitterMs, lossPercent, duplicatePercent, reorderPercent, reorderMs, faults, recordFile }, or { up, down } of these',
});

export type LinkDirection = z.output<typeof directionSchema>;
/** Either the same in both directions, or each direction's own. */
export type LinkDescription = z.input<typeof linkSchema>;
export type LinkProfile = z.output<typeof bothSchema>;

/** As if there were no link's program. */
export const plainDirection: LinkDirection = directionSchema.parse({});
export const plainProfile: LinkProfile = { up: plainDirection, down: plainDirection };

/** Each direction by itself. */
export function linkProfile(link: z.output<typeof linkSchema>): LinkProfile {
  return 'up' in link ? link : { up: link, down: link };
}

/** A random share of packets is told apart in millionths. */
const million = 1_000_000;

export interface Departure {
  readonly leavesNs: number;
  /** Behind later ones. */
  readonly heldBack: boolean;
  /** It leaves a second time, right behind the first. */
  readonly twice: boolean;
}

/**
 * When a packet leaves that came at `arrivalNs`; null when it is lost. `lastNs` is when the last one leaves that was
 * not held back, which this one does not overtake.
 */
export function departure(
  direction: LinkDirection,
  arrivalNs: number,
  lastNs: number,
  random: Pick<Random, 'below'>,
): Departure | null {
  const { delayMs, jitterMs, lossPercent, duplicatePercent, reorderPercent, reorderMs } = direction;
  const chosen = (percent: number) => percent > 0 && random.below(million) < percent * (million / 100);
  if (chosen(lossPercent)) return null;
  const jitter = jitterMs === 0 ? 0 : (random.below(2 * million + 1) / million - 1) * jitterMs;
  const dueNs = arrivalNs + Math.round((delayMs + jitter) * 1e6);
  const heldBack = chosen(reorderPercent);
  return {
    // Later than the last one, if by 1 ns: two with the same time would have no order.
    leavesNs: heldBack ? dueNs + reorderMs * 1e6 : Math.max(dueNs, lastNs + 1),
    heldBack,
    twice: chosen(duplicatePercent),
  };
}
