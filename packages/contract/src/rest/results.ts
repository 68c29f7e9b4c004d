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
import { timeRangeQuerySchema } from './time-range.ts';

/** Rows on one page. */
export const resultsPageRows = 500;

export const resultAgentSchema = z.object({
  agentId: agentIdSchema,
  agentName: z.string().optional().describe('Absent when the agent was deleted since.'),
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
  roundId: z.int().describe("Epoch seconds of the round's start."),
  startTime: z.int().describe('Epoch seconds.'),
  endTime: z.int().describe('Epoch seconds.'),
  direction: directionSchema,
  server: z.string().optional().describe('`192.0.2.1:49153`'),
  serverIp: z.string().optional(),
  loss: z.number().optional().describe('Percent.'),
  avgLatency: z
    .number()
    .optional()
    .describe(
      'Milliseconds, as all latencies and the jitter. One-way; of both directions together, their sum.',
    ),
  minLatency: z.number().optional(),
  maxLatency: z.number().optional(),
  jitter: z.number().optional().describe('Mean deviation from the mean.'),
  /** Ours, as all that follows. */
  targetAgent: resultAgentSchema,
  medianLatency: z.number().optional().describe('Of one direction only, as all up to `tcp`.'),
  p95Latency: z.number().optional(),
  latencyErrorBound: z
    .number()
    .optional()
    .describe(
      'The true one-way latencies lie within ± this of those shown; absent where the clocks could not be compared.',
    ),
  pdv95: z
    .number()
    .optional()
    .describe("The 95th percentile of the packets' delay beyond the shortest (RFC 5481)."),
  avgRoundTrip: z
    .number()
    .optional()
    .describe("There and back as the probes' reflections have it, milliseconds; needs no clock."),
  minRoundTrip: z.number().optional(),
  medianRoundTrip: z.number().optional(),
  p95RoundTrip: z.number().optional(),
  maxRoundTrip: z.number().optional(),
  throughput: z
    .number()
    .optional()
    .describe('Megabits (10^6) a second, where the test asks for it and it was measured.'),
  throughputDetails: throughputSchema.optional().describe('How it was measured, or why not.'),
  measurement: measurementSchema.optional().describe('Everything that was measured.'),
  tcp: tcpFiguresSchema.optional().describe("Of the connection, over TCP, where the sender's system tells."),
  method: connectionMethodSchema
    .optional()
    .describe('How the agents came together; absent when the round failed.'),
  /**
   * Milliseconds from when the direction's receiver knew where its peer is to the way found; for both directions
   * together, the source's. Absent where it is not known.
   */
  connectMs: z.number().min(0).optional(),
  errorCode: z.enum(roundErrorCodes).optional(),
  errorParty: z.enum(['source', 'target']).optional(),
  errorDetails: z.string().optional().describe('The sentence to show.'),
  errorEvidence: z.string().optional().describe('What exactly was seen.'),
  errorReasons: z
    .array(z.string())
    .optional()
    .describe('Why an agent cannot be reached, by what is known of it, and what to do; sentences.'),
  _links: z.object({ appLink: linkSchema }),
});
export type NetworkResult = z.infer<typeof networkResultSchema>;

/** What a page of results says beside them. */
export const resultsPageShape = {
  test: simpleTestSchema,
  startDate: dateTimeSchema.optional().describe('Present when a window or dates were given.'),
  endDate: dateTimeSchema.optional(),
  _links: z.object({ self: linkSchema, next: linkSchema.optional() }),
};

export const networkResultsSchema = z.object({
  results: z.array(networkResultSchema).describe('Newest round first.'),
  ...resultsPageShape,
});
export type NetworkResults = z.infer<typeof networkResultsSchema>;

export const resultsQuerySchema = timeRangeQuerySchema.safeExtend({
  cursor: z.string().max(500).optional().describe('Opaque; from `_links.next`.'),
  direction: directionSchema.optional(),
});
export type ResultsQuery = z.infer<typeof resultsQuerySchema>;
