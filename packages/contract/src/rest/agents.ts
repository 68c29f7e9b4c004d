// /v7/agents and /v7/agents/{agentId}

import { z } from 'zod';
import { registrationStateSchema } from '../agent-protocol.ts';
import { ipAddressSchema } from '../primitives.ts';
import { dateTimeSchema, listParameter, selfLinksSchema } from './common.ts';
import { simpleAgentSchema } from './simple-agent.ts';
import { simpleTestSchema } from './tests.ts';

export const agentStateSchema = z.enum(['online', 'offline', 'disabled']);
export type AgentState = z.infer<typeof agentStateSchema>;

export const agentSchema = simpleAgentSchema.extend({
  agentState: agentStateSchema,
  hostname: z.string(),
  createdDate: dateTimeSchema,
  lastSeen: dateTimeSchema,
  interfaceIpMapping: z.array(z.object({ interfaceName: z.string(), ipAddresses: z.array(z.string()) })),
  /** Absent when none is set. */
  targetForTests: ipAddressSchema.optional(),
  errorDetails: z.array(z.object({ code: z.string(), description: z.string() })),
  /** Ours: "Behind a NAT" is ticked. */
  behindNat: z.boolean(),
  /** Ours: the registration with the NAT traversal server, as last reported; absent before the first check-in. */
  registration: registrationStateSchema.optional(),
  /** Ours: the local port of all test traffic. */
  testPort: z.int(),
  /** Ours: the agent program's version. */
  agentVersion: z.string(),
  /** Ours: what the agent leaves out on its machine, in words. */
  limitations: z.array(z.string()),
  /** With expand=test. */
  tests: z.array(simpleTestSchema).optional(),
  /** With expand=test-ids. */
  testIds: z.array(z.int()).optional(),
  _links: selfLinksSchema,
});
export type Agent = z.infer<typeof agentSchema>;

export const agentsSchema = z.object({ agents: z.array(agentSchema), _links: selfLinksSchema });

export const agentsQuerySchema = z.object({
  expand: listParameter(['cluster-member', 'test']),
  agentTypes: listParameter(['cloud', 'enterprise-cluster', 'enterprise']),
});

export const agentQuerySchema = z.object({
  expand: listParameter(['cluster-member', 'test', 'test-ids', 'notification-rule']),
});

/** PUT: absent members keep their values; members that are not listed here are ignored. */
export const agentRequestSchema = z.object({
  agentName: z.string().trim().min(1).max(120).optional(),
  enabled: z.boolean().optional(),
  /** Null or the empty string clears it. */
  targetForTests: z.union([ipAddressSchema, z.literal(''), z.null()]).optional(),
  behindNat: z.boolean().optional(),
});
export type AgentRequest = z.infer<typeof agentRequestSchema>;
