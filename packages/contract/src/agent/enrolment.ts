// What an agent tells of itself, and how it becomes known to the collector.

import { z } from 'zod';
import { agentIdSchema, ipAddressSchema, portSchema } from '../primitives.ts';

/** Random octets, base64: the secret that proves who an agent is. */
const secretSchema = z.string().min(20).max(200);

export const agentFactsSchema = z.object({
  hostname: z.string().max(253),
  version: z.string().max(64),
  /** The local port that everything runs over. */
  port: portSchema,
  interfaces: z
    .array(z.object({ interfaceName: z.string().max(64), ipAddresses: z.array(ipAddressSchema).max(64) }))
    .max(64),
  /** What the agent leaves out on this machine, in words. */
  limitations: z.array(z.string().max(200)).max(20).default([]),
});
export type AgentFacts = z.infer<typeof agentFactsSchema>;

export const enrollRequestSchema = z.object({
  accountToken: z.string().min(1).max(200),
  agentName: z.string().trim().min(1).max(120),
  facts: agentFactsSchema,
});
export type EnrollRequest = z.infer<typeof enrollRequestSchema>;

export const enrollResponseSchema = z.object({ agentId: agentIdSchema, agentSecret: secretSchema });
export type EnrollResponse = z.infer<typeof enrollResponseSchema>;
