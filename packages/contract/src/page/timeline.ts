// GET /page/tests/{testId}/timeline: figures over time, in as few points as can be seen.

import { z } from 'zod';
import { agentIdSchema, epochSecondsSchema, testIdSchema } from '../primitives.ts';

/** Epoch seconds, both included. */
export const timelineQuerySchema = z
  .object({
    from: z.coerce.number().pipe(epochSecondsSchema),
    to: z.coerce.number().pipe(epochSecondsSchema),
    /** At most so many points a direction. */
    points: z.coerce.number().int().min(1).max(5000).default(1000),
    /** Of one source only. */
    sourceAgentId: agentIdSchema.optional(),
  })
  .refine(({ from, to }) => from <= to, { path: ['to'], message: 'to is before from' });

const figures = z.array(z.number().nullable());

/** Columns of the same length, a bucket of time in each place; buckets without a round are left out. */
export const timelineSeriesSchema = z.object({
  /** Epoch seconds at which the bucket begins: a round's id where a bucket holds one round. */
  startS: z.array(z.int()),
  /** Results of the bucket, and how many of them are failures. The figures below are of the others; null without any. */
  results: z.array(z.int()),
  failed: z.array(z.int()),
  /** Percent. */
  lossMean: figures,
  lossMax: figures,
  /** One-way, milliseconds: least, mean of the means, greatest, and the widest bound of error. */
  latencyMin: figures,
  latencyMean: figures,
  latencyMax: figures,
  latencyBound: figures,
  roundTripMean: figures,
  jitterMean: figures,
  jitterMax: figures,
  /** Megabits a second. */
  throughputMin: figures,
  throughputMean: figures,
});
export type TimelineSeries = z.infer<typeof timelineSeriesSchema>;

export const timelineSchema = z.object({
  testId: testIdSchema,
  bucketS: z.int().min(1),
  /** Null where the test does not measure that direction. */
  toTarget: timelineSeriesSchema.nullable(),
  fromTarget: timelineSeriesSchema.nullable(),
  /** Of all time; null where there is no result yet. */
  firstRoundId: z.int().nullable(),
  lastRoundId: z.int().nullable(),
});
export type Timeline = z.infer<typeof timelineSchema>;
