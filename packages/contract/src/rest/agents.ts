// /v7/agents and /v7/agents/{agentId}

import { z } from 'zod';
import { registrationStateSchema } from '../agent/index.ts';
import { natReportSchema, natTraversalSchema, protocolVerdictSchema } from '../nat-traversal.ts';
import { endpointSchema, ipAddressSchema } from '../primitives.ts';
import { dateTimeSchema, listParameter, selfLinksSchema } from './common.ts';
import { simpleAgentSchema } from './simple-agent.ts';
import { simpleTestSchema } from './tests.ts';

export const agentStateSchema = z.enum(['online', 'offline', 'disabled']);
export type AgentState = z.infer<typeof agentStateSchema>;

/** Ours: the compatibility check. The members after `status` are absent until there is a check, and while it is off. */
export const agentNatTraversalSchema = z.object({
  /**
   * `off` where "Behind a NAT" is not ticked; `checking` until the first check since it was. `not-supported` where the
   * check has shown for UDP, for TCP or for both that NAT traversal will not work: `udp` and `tcp` tell which.
   */
  status: z.enum(['off', 'checking', 'supported', 'not-supported']),
  /** By the agent's clock. */
  checkedAt: dateTimeSchema.optional(),
  /** The agent's test port as the NAT traversal server sees it; over TCP, or over UDP where TCP does not get through. */
  publicEndpoint: endpointSchema.optional(),
  udp: protocolVerdictSchema.optional(),
  tcp: protocolVerdictSchema.optional(),
  recent: natTraversalSchema.shape.recent.optional(),
  /** Of one agent only, not in the list. */
  report: natReportSchema.optional(),
});
export type AgentNatTraversal = z.infer<typeof agentNatTraversalSchema>;

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
  /** Ours: whether NAT traversal works from there, as the agent has checked. */
  natTraversal: agentNatTraversalSchema,
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
