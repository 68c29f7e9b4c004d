// POST /page/preflight: whether a test between these agents will need NAT traversal, and whether that can work.

import { z } from 'zod';
import { agentIdSchema, directionSchema, protocolSchema } from '../primitives.ts';
import { maxSources } from '../rest/tests.ts';

export const preflightRequestSchema = z.object({
  protocol: protocolSchema,
  direction: directionSchema,
  targetAgentId: agentIdSchema,
  agents: z
    .array(z.object({ agentId: agentIdSchema }))
    .min(1)
    .max(maxSources),
});
export type PreflightRequest = z.infer<typeof preflightRequestSchema>;

/**
 * `direct`: not needed. `traversal`: will be used, and by what is known it works. `likely-required`: an agent seems to be
 * where nobody can reach it, and "Behind a NAT" is not ticked. `cannot-work`: what the checks have found rules it out.
 * `unknown`: too little is known of an agent.
 */
export const preflightOutcomeSchema = z.enum([
  'direct',
  'traversal',
  'likely-required',
  'cannot-work',
  'unknown',
]);
export type PreflightOutcome = z.infer<typeof preflightOutcomeSchema>;

export const preflightPairSchema = z.object({
  sourceAgentId: agentIdSchema,
  targetAgentId: agentIdSchema,
  outcome: preflightOutcomeSchema,
  /** One sentence to show. */
  summary: z.string(),
  /** What it follows from, and about which agent; sentences. */
  reasons: z.array(z.object({ agentId: agentIdSchema.nullable(), sentence: z.string() })),
  /** What to do; sentences. */
  advice: z.array(z.string()),
});
export type PreflightPair = z.infer<typeof preflightPairSchema>;

/** In the order of the request's agents. */
export const preflightSchema = z.object({ pairs: z.array(preflightPairSchema) });
export type Preflight = z.infer<typeof preflightSchema>;
