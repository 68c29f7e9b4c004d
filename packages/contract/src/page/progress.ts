// GET /page/tests/{testId}/running: the rounds of a test that are under way. Whoever asks is taken to be looking: for the
// next minute the test's agents tell the collector how far they are.

import { z } from 'zod';
import { roundPhaseSchema } from '../agent/index.ts';
import { agentIdSchema } from '../primitives.ts';

export const runningSchema = z.object({
  /** Epoch seconds of the next round's start, where the schedule tells. */
  nextRoundId: z.int().nullable(),
  rounds: z.array(
    z.object({
      roundId: z.int(),
      sourceAgentId: agentIdSchema,
      targetAgentId: agentIdSchema,
      phase: roundPhaseSchema,
      /** Milliseconds in this phase. */
      sinceMs: z.number().min(0),
    }),
  ),
});
export type Running = z.infer<typeof runningSchema>;
