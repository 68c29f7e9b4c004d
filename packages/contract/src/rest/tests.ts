// /v7/tests/agent-to-agent, /v7/tests/agent-to-agent/instant and /v7/tests/{testId}/run

import { z } from 'zod';
import { pathTraceModeSchema } from '../path.ts';
import {
  agentIdSchema,
  directionSchema,
  intervalSchema,
  ipAddressSchema,
  portSchema,
  protocolSchema,
  testIdSchema,
} from '../primitives.ts';
import {
  accountGroupSchema,
  dateTimeSchema,
  idListSchema,
  linkSchema,
  listParameter,
  selfLinksSchema,
} from './common.ts';
import { dscpIds } from './dscp.ts';
import { simpleAgentSchema } from './simple-agent.ts';

const testNameSchema = z.string().trim().min(1).max(255);
const descriptionSchema = z.string().max(1000);
const mssSchema = z.int().min(20).max(1400);
/** Packets a second; 0 leaves the pacing to the agent. */
const fixedPacketRateSchema = z.int().min(0).max(100);
const numPathTracesSchema = z.int().min(1).max(10);
const throughputDurationSchema = z.int().min(5000).max(30_000);
const throughputRateSchema = z.int().min(8).max(1000);

// ---- responses -----------------------------------------------------------------------------------------------

const testLinksSchema = z.object({ self: linkSchema, testResults: z.array(linkSchema) });

/** A test as it stands inside an agent or a page of results. */
export const simpleTestSchema = z.object({
  testId: testIdSchema,
  testName: z.string(),
  type: z.literal('agent-to-agent'),
  description: z.string().optional(),
  createdDate: dateTimeSchema,
  modifiedDate: dateTimeSchema,
  enabled: z.boolean(),
  interval: intervalSchema.optional().describe('Absent for instant tests.'),
  _links: testLinksSchema,
});
export type SimpleTest = z.infer<typeof simpleTestSchema>;

/** An alert rule as it stands inside a test. */
export const testAlertRuleSchema = z.object({
  ruleId: z.string(),
  ruleName: z.string().optional(),
  expression: z.string().optional(),
  direction: directionSchema.optional(),
  isDefault: z.boolean().optional(),
  alertType: z.string().optional(),
  minimumSources: z.int().optional(),
  minimumSourcesPct: z.int().optional(),
  roundsViolatingMode: z.enum(['exact', 'any', 'auto']).optional(),
  roundsViolatingOutOf: z.int().optional(),
  roundsViolatingRequired: z.int().optional(),
  severity: z.enum(['info', 'major', 'minor', 'critical', 'unknown']).optional(),
});
export type TestAlertRule = z.infer<typeof testAlertRuleSchema>;

/** What v7 has and Pinhole does not. */
const nothingSchema = z.array(z.never());

export const testSchema = simpleTestSchema.extend({
  alertsEnabled: z.boolean(),
  bgpMeasurements: z
    .literal(false)
    .optional()
    .describe('Absent for instant tests, as `usePublicBgp`: Pinhole knows nothing of BGP.'),
  usePublicBgp: z.literal(false).optional(),
  savedEvent: z.literal(false),
  liveShare: z.literal(false),
  direction: directionSchema,
  protocol: protocolSchema,
  targetAgentId: agentIdSchema,
  port: portSchema,
  dscp: z.string(),
  dscpId: z.enum(dscpIds),
  mss: mssSchema.optional(),
  fixedPacketRate: fixedPacketRateSchema.optional(),
  numPathTraces: numPathTracesSchema,
  pathTraceMode: pathTraceModeSchema,
  randomizedStartTime: z.boolean(),
  throughputMeasurements: z.boolean(),
  throughputDuration: throughputDurationSchema.optional(),
  throughputRate: throughputRateSchema.optional(),
  agents: z.array(simpleAgentSchema).optional().describe('With expand=agent: the sources.'),
  alertRules: z
    .array(testAlertRuleSchema)
    .optional()
    .describe(
      'With expand=alert-rule: those that the test names, or the default ones; they apply while alerts are enabled.',
    ),
  labels: nothingSchema.optional().describe('With expand=label, tag and monitor.'),
  tags: nothingSchema.optional(),
  monitors: nothingSchema.optional(),
  sharedWithAccounts: z
    .array(z.object({ aid: accountGroupSchema.shape.aid, name: z.string() }))
    .optional()
    .describe('With expand=shared-with-account.'),
});
export type Test = z.infer<typeof testSchema>;

export const testsSchema = z.object({ tests: z.array(testSchema), _links: selfLinksSchema });

/** v7 answers a run with 200 and says nothing of a body; this one is ours. */
export const runResponseSchema = z.object({ testId: testIdSchema, roundId: z.int() });

// ---- requests ------------------------------------------------------------------------------------------------

const testExpansions = ['agent', 'alert-rule', 'monitor', 'label', 'tag', 'shared-with-account'] as const;

export const testQuerySchema = z.object({ expand: listParameter(testExpansions) });

export const testVersionQuerySchema = testQuerySchema.extend({
  versionId: z
    .string()
    .max(40)
    .optional()
    .describe("From the test's history; without it, the test as it is now."),
});

/** At most this many sources in one test. */
export const maxSources = 500;

const settingsShape = {
  description: descriptionSchema.optional(),
  direction: directionSchema.default('to-target'),
  protocol: protocolSchema.default('tcp'),
  targetAgentId: agentIdSchema,
  port: portSchema.optional().describe("The target agent's own port, which is also the default."),
  dscpId: z.enum(dscpIds).default('0'),
  mss: mssSchema.optional(),
  fixedPacketRate: fixedPacketRateSchema.optional(),
  numPathTraces: numPathTracesSchema.default(3),
  pathTraceMode: pathTraceModeSchema.default('classic'),
  randomizedStartTime: z.boolean().default(false),
  throughputMeasurements: z.boolean().default(false),
  throughputDuration: throughputDurationSchema.default(10_000),
  throughputRate: throughputRateSchema.optional(),
  /** The sources; members that are not listed here are ignored, so that what was read can be written back. */
  agents: z
    .array(
      z.object({
        agentId: agentIdSchema,
        sourceIpAddress: ipAddressSchema
          .optional()
          .describe("One of the agent's own; an agent sends from the address that its system chooses."),
      }),
    )
    .min(1)
    .max(maxSources),
  labels: idListSchema('labelId')
    .optional()
    .describe('Pinhole has no labels and no tags, so there is none that could be named.'),
  tags: idListSchema('id').optional(),
  sharedWithAccounts: idListSchema('aid').optional().describe('There is one account group.'),
};

const alertsShape = {
  alertsEnabled: z.boolean().default(true),
  alertRules: idListSchema('ruleId').optional().describe('Without it, the default rules apply.'),
};

/** Of BGP, which Pinhole does not measure: taken, as clients send it, and without effect. */
const bgpShape = {
  bgpMeasurements: z.boolean().optional(),
  usePublicBgp: z.boolean().optional(),
  monitors: idListSchema('monitorId').optional(),
};

/** Members that are not listed here are ignored. */
export const testRequestSchema = z.object({
  testName: testNameSchema,
  enabled: z.boolean().default(true),
  interval: intervalSchema,
  ...settingsShape,
  ...alertsShape,
  ...bgpShape,
});
export type TestRequest = z.infer<typeof testRequestSchema>;

/** PUT: absent members keep their values. */
export const testUpdateSchema = z.object({
  testName: testNameSchema.optional(),
  enabled: z.boolean().optional(),
  interval: intervalSchema.optional(),
  description: descriptionSchema.optional(),
  direction: directionSchema.optional(),
  protocol: protocolSchema.optional(),
  targetAgentId: agentIdSchema.optional(),
  port: portSchema.optional(),
  dscpId: z.enum(dscpIds).optional(),
  mss: mssSchema.nullish(),
  fixedPacketRate: fixedPacketRateSchema.nullish(),
  numPathTraces: numPathTracesSchema.optional(),
  pathTraceMode: pathTraceModeSchema.optional(),
  randomizedStartTime: z.boolean().optional(),
  throughputMeasurements: z.boolean().optional(),
  throughputDuration: throughputDurationSchema.optional(),
  throughputRate: throughputRateSchema.nullish(),
  agents: settingsShape.agents.optional(),
  labels: settingsShape.labels,
  tags: settingsShape.tags,
  sharedWithAccounts: settingsShape.sharedWithAccounts,
  alertsEnabled: z.boolean().optional(),
  alertRules: alertsShape.alertRules,
  ...bgpShape,
});
export type TestUpdate = z.infer<typeof testUpdateSchema>;

export const instantTestRequestSchema = z.object({
  testName: testNameSchema.default('Instant test'),
  ...settingsShape,
});
export type InstantTestRequest = z.infer<typeof instantTestRequestSchema>;
