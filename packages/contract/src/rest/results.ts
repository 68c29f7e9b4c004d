// /v7/test-results/{testId}/network

import { z } from 'zod';
import {
  connectionMethodSchema,
  measurementSchema,
  tcpFiguresSchema,
  throughputSchema,
} from '../agent/index.ts';
import { roundErrorCodes } from '../errors.ts';
import { agentIdSchema, directionSchema } from '../primitives.ts';
import { dateTimeSchema, linkSchema } from './common.ts';
import { simpleTestSchema } from './tests.ts';

/** Rows on one page. */
export const resultsPageRows = 500;

export const resultAgentSchema = z.object({
  agentId: agentIdSchema,
  /** Absent when the agent was deleted since. */
  agentName: z.string().optional(),
});

/**
 * One direction of one pair of agents in one round. The metrics are absent when the round failed; then the members
 * that begin with `error` say why.
 *
 * With direction=bidirectional a row is both directions together: loss over all packets of both; each latency the sum
 * of the two one-way latencies, which is the round trip and free of the clocks' offset; jitter the mean of both. What
 * cannot be put together like this is absent there.
 */
export const networkResultSchema = z.object({
  agent: resultAgentSchema,
  date: dateTimeSchema,
  /** Epoch seconds of the round's start. */
  roundId: z.int(),
  /** Epoch seconds. */
  startTime: z.int(),
  endTime: z.int(),
  direction: directionSchema,
  /** `192.0.2.1:49153` */
  server: z.string().optional(),
  serverIp: z.string().optional(),
  /** Percent. */
  loss: z.number().optional(),
  /** Milliseconds, as the other latencies and the jitter. One-way; see above for both directions together. */
  avgLatency: z.number().optional(),
  minLatency: z.number().optional(),
  maxLatency: z.number().optional(),
  /** Mean deviation from the mean. */
  jitter: z.number().optional(),
  /** Ours, as all that follows. */
  targetAgent: resultAgentSchema,
  /** Of the one-way latency, milliseconds; for one direction only, as all up to `tcp`. */
  medianLatency: z.number().optional(),
  p95Latency: z.number().optional(),
  /** The true one-way latencies lie within ± this of those shown; absent where the clocks could not be compared. */
  latencyErrorBound: z.number().optional(),
  /** The 95th percentile of the packets' delay beyond the shortest (RFC 5481). */
  pdv95: z.number().optional(),
  /** There and back as the probes' reflections have it, milliseconds; needs no clock. */
  avgRoundTrip: z.number().optional(),
  minRoundTrip: z.number().optional(),
  medianRoundTrip: z.number().optional(),
  p95RoundTrip: z.number().optional(),
  maxRoundTrip: z.number().optional(),
  /** Megabits (10^6) a second, where the test asks for it and it was measured. */
  throughput: z.number().optional(),
  /** How it was measured, or why not. */
  throughputDetails: throughputSchema.optional(),
  /** Everything that was measured. */
  measurement: measurementSchema.optional(),
  /** Of the connection, over TCP, where the sender's system tells. */
  tcp: tcpFiguresSchema.optional(),
  /** How the agents came together; absent when the round failed. */
  method: connectionMethodSchema.optional(),
  /**
   * Milliseconds from when the direction's receiver knew where its peer is to the way found; for both directions
   * together, the source's. Absent where it is not known.
   */
  connectMs: z.number().min(0).optional(),
  errorCode: z.enum(roundErrorCodes).optional(),
  errorParty: z.enum(['source', 'target']).optional(),
  /** The sentence to show. */
  errorDetails: z.string().optional(),
  /** What exactly was seen. */
  errorEvidence: z.string().optional(),
  /** Why an agent cannot be reached, by what is known of it, and what to do; sentences. */
  errorReasons: z.array(z.string()).optional(),
  _links: z.object({ appLink: linkSchema }),
});
export type NetworkResult = z.infer<typeof networkResultSchema>;

export const networkResultsSchema = z.object({
  /** Newest round first. */
  results: z.array(networkResultSchema),
  test: simpleTestSchema,
  /** Present when a window or dates were given. */
  startDate: dateTimeSchema.optional(),
  endDate: dateTimeSchema.optional(),
  _links: z.object({ self: linkSchema, next: linkSchema.optional() }),
});
export type NetworkResults = z.infer<typeof networkResultsSchema>;

const dateParameter = z.iso.datetime({ offset: true });

export const resultsQuerySchema = z
  .object({
    /** A number and s, m, h, d or w (seconds where it has none), up to now. */
    window: z
      .string()
      .regex(/^\d{1,9}[smhdw]?$/)
      .optional(),
    startDate: dateParameter.optional(),
    endDate: dateParameter.optional(),
    /** Opaque; from `_links.next`. */
    cursor: z.string().max(500).optional(),
    direction: directionSchema.optional(),
  })
  .refine((query) => query.window === undefined || query.startDate === undefined, {
    path: ['window'],
    message: 'window cannot be used together with startDate and endDate',
  })
  .refine((query) => query.endDate === undefined || query.startDate !== undefined, {
    path: ['endDate'],
    message: 'endDate needs startDate',
  });
export type ResultsQuery = z.infer<typeof resultsQuerySchema>;
