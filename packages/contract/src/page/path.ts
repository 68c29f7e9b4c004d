// GET /page/tests/{testId}/rounds/{roundId}/path: all traces of a round, of all its agents and both directions, as one graph.

import { z } from 'zod';
import { mplsLabelSchema, tracedHopSchema, traceEndSchema } from '../path.ts';
import { agentIdSchema, oneDirectionSchema, testIdSchema } from '../primitives.ts';

const nodeShape = {
  /** Names the node within this graph, and in other rounds' where it is the same place. */
  id: z.string(),
  kind: z.enum(['agent', 'hop', 'silent']),
  agentId: agentIdSchema.nullable(),
  address: z.string().nullable(),
  directions: z.array(oneDirectionSchema),
  /** Hops from where the direction begins; null where it does not pass. */
  columns: z.object({ 'to-target': z.int().nullable(), 'from-target': z.int().nullable() }),
  traces: z.int(),
  sent: z.int(),
  answered: z.int(),
  lossPercent: z.number().nullable(),
  roundTrips: z.array(z.object({ fromAgentId: agentIdSchema, leastMs: z.number(), medianMs: z.number() })),
  nat: z.array(tracedHopSchema.shape.nat.unwrap()),
  mpls: z.array(z.array(mplsLabelSchema)),
  mtu: z.int().nullable(),
};

export const pathGraphNodeSchema = z.object({
  ...nodeShape,
  /** Absent where nobody knows. */
  name: z.string().optional(),
  prefix: z.string().optional(),
  network: z.string().optional(),
  asn: z.int().optional(),
  countryId: z.string().optional(),
  location: z.string().optional(),
});
export type PathGraphNode = z.infer<typeof pathGraphNodeSchema>;

export const pathGraphLinkSchema = z.object({
  from: z.string(),
  to: z.string(),
  directions: z.array(oneDirectionSchema),
  traces: z.int(),
  delayMs: z.number().nullable(),
});
export type PathGraphLink = z.infer<typeof pathGraphLinkSchema>;

export const pathGraphTraceSchema = z.object({
  direction: oneDirectionSchema,
  sourceAgentId: agentIdSchema,
  targetAgentId: agentIdSchema,
  end: traceEndSchema,
  /** The nodes that it passes, the agent it begins at first. */
  nodeIds: z.array(z.string()),
  pathMtu: z.int().nullable(),
  /** As traceroute prints it. */
  text: z.string(),
});
export type PathGraphTrace = z.infer<typeof pathGraphTraceSchema>;

export const roundPathSchema = z.object({
  testId: testIdSchema,
  roundId: z.int(),
  /** All that stand in nodes and traces. */
  agents: z.array(
    z.object({
      agentId: agentIdSchema,
      agentName: z.string().nullable(),
      behindNat: z.boolean(),
      role: z.enum(['source', 'target']),
    }),
  ),
  nodes: z.array(pathGraphNodeSchema),
  links: z.array(pathGraphLinkSchema),
  traces: z.array(pathGraphTraceSchema),
  /** Why something is not here, sentences. */
  limitations: z.array(z.string()),
});
export type RoundPath = z.infer<typeof roundPathSchema>;
