import { z } from 'zod';
import { agentIdSchema } from '../primitives.ts';

/** An agent as it stands inside a test. */
export const simpleAgentSchema = z.object({
  agentId: agentIdSchema,
  agentName: z.string(),
  agentType: z.literal('enterprise'),
  enabled: z.boolean(),
  ipAddresses: z.array(z.string()),
  publicIpAddresses: z.array(z.string()),
});
export type SimpleAgent = z.infer<typeof simpleAgentSchema>;
