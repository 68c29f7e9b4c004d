// How far a round is: told by the agents of a test that somebody looks at, kept in the collector's memory only.

import { z } from 'zod';
import { agentIdSchema, epochSecondsSchema, testIdSchema } from '../primitives.ts';

/** In this order; a test without throughput leaves that out. `done`: its results are on their way. */
export const roundPhaseSchema = z.enum(['connecting', 'measuring', 'throughput', 'tracing', 'done']);
export type RoundPhase = z.infer<typeof roundPhaseSchema>;

/** By the source of each pair, when the phase begins. */
export const progressRequestSchema = z.object({
  rounds: z
    .array(
      z.object({
        testId: testIdSchema,
        roundId: epochSecondsSchema,
        targetAgentId: agentIdSchema,
        phase: roundPhaseSchema,
      }),
    )
    .min(1)
    .max(100),
});
export type ProgressRequest = z.infer<typeof progressRequestSchema>;
