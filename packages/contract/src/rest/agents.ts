// /v7/agents and /v7/agents/{agentId}

import { z } from 'zod';
import { registrationStateSchema } from '../agent/index.ts';
import { natReportSchema, natTraversalSchema, protocolVerdictSchema } from '../nat-traversal.ts';
import { endpointSchema, ipAddressSchema } from '../primitives.ts';
import {
  accountGroupSchema,
  dateTimeSchema,
  idListSchema,
  listParameter,
  selfLinksSchema,
  wordsParameter,
} from './common.ts';
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
  checkedAt: dateTimeSchema.optional().describe("By the agent's clock."),
  publicEndpoint: endpointSchema
    .optional()
    .describe(
      "The agent's test port as the NAT traversal server sees it; over TCP, or over UDP where TCP does not get through.",
    ),
  udp: protocolVerdictSchema.optional(),
  tcp: protocolVerdictSchema.optional(),
  recent: natTraversalSchema.shape.recent.optional(),
  report: natReportSchema.optional().describe('Of one agent only, not in the list.'),
});
export type AgentNatTraversal = z.infer<typeof agentNatTraversalSchema>;

export const agentSchema = simpleAgentSchema.extend({
  agentState: agentStateSchema,
  hostname: z.string(),
  createdDate: dateTimeSchema,
  lastSeen: dateTimeSchema,
  interfaceIpMapping: z.array(z.object({ interfaceName: z.string(), ipAddresses: z.array(z.string()) })),
  targetForTests: ipAddressSchema.optional().describe('Absent when none is set.'),
  prefix: z
    .string()
    .optional()
    .describe('Of the public address, by the files of networks; as the next four, of which v7 has no `asn`.'),
  network: z.string().optional(),
  location: z.string().optional(),
  countryId: z.string().optional(),
  asn: z.int().optional(),
  errorDetails: z.array(z.object({ code: z.string(), description: z.string() })),
  accountGroups: z.array(accountGroupSchema),
  behindNat: z.boolean().describe('Not in v7: "Behind a NAT" is ticked.'),
  registration: registrationStateSchema
    .optional()
    .describe(
      'Not in v7: the registration with the NAT traversal server, as last reported; absent before the first check-in.',
    ),
  natTraversal: agentNatTraversalSchema.describe(
    'Not in v7: whether NAT traversal works from there, as the agent has checked.',
  ),
  testPort: z.int().describe('Not in v7: the local port of all test traffic.'),
  agentVersion: z.string().describe("Not in v7: the agent program's version."),
  limitations: z.array(z.string()).describe('Not in v7: what the agent leaves out on its machine, in words.'),
  tests: z.array(simpleTestSchema).optional().describe('With expand=test.'),
  testIds: z.array(z.int()).optional().describe('With expand=test-ids.'),
  notificationRules: z
    .array(z.never())
    .optional()
    .describe('With expand=notification-rule, of one agent only; Pinhole has none.'),
  _links: selfLinksSchema,
});
export type Agent = z.infer<typeof agentSchema>;

export const agentsSchema = z.object({ agents: z.array(agentSchema), _links: selfLinksSchema });

export const agentsQuerySchema = z.object({
  expand: listParameter(['cluster-member', 'test', 'test-ids']),
  agentTypes: listParameter(['cloud', 'enterprise-cluster', 'enterprise']),
  labels: wordsParameter().describe(
    'No agent has a label, so where one is asked for there is no agent to show.',
  ),
  tagKeys: wordsParameter(),
});

export const agentQuerySchema = z.object({
  expand: listParameter(['cluster-member', 'test', 'test-ids', 'notification-rule']),
});

/** PUT: absent members keep their values; members that are not listed here are ignored. */
export const agentRequestSchema = z.object({
  agentName: z.string().trim().min(1).max(120).optional(),
  enabled: z.boolean().optional(),
  targetForTests: z
    .union([ipAddressSchema, z.literal(''), z.null()])
    .optional()
    .describe('Null or the empty string clears it.'),
  tests: idListSchema('testId')
    .optional()
    .describe('All tests that it is to be a source of. Those that it is the target of stay as they are.'),
  accountGroups: idListSchema('aid').optional().describe('There is one, which no agent can leave.'),
  // These three have no effect: agents have no browser, and names are looked up here.
  ipv6Policy: z.enum(['force-ipv4', 'prefer-ipv6', 'force-ipv6']).optional(),
  keepBrowserCache: z.boolean().optional(),
  localResolutionPrefixes: z
    .array(z.union([z.cidrv4(), z.cidrv6()]))
    .max(5)
    .optional(),
  behindNat: z.boolean().optional().describe('Not in v7.'),
});
export type AgentRequest = z.infer<typeof agentRequestSchema>;

// ---- tests of an agent, clusters, notification rules, proxies -----------------------------------------------------

/** POST …/tests/assign, …/tests/override and …/tests/unassign. */
export const agentTestsRequestSchema = z.object({ testIds: idListSchema('testId') });

/** POST …/cluster/assign */
export const clusterAssignRequestSchema = z.object({ agents: idListSchema('agentId') });
/** POST …/cluster/unassign */
export const clusterUnassignRequestSchema = z.object({ members: idListSchema('memberId') });

/** v7 makes these rules in its page only, and so has no request for them. */
export const notificationRulesSchema = z.object({
  agentAlertRules: z.array(z.never()),
  _links: selfLinksSchema,
});

export const agentProxiesSchema = z.object({ agentProxies: z.array(z.never()), _links: selfLinksSchema });
