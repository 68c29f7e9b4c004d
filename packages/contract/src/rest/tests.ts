// /v7/tests/agent-to-agent, /v7/tests/agent-to-agent/instant and /v7/tests/{testId}/run

import { z } from 'zod';
import { pathTraceModeSchema } from '../path.ts';
import {
  agentIdSchema,
  directionSchema,
  intervalSchema,
  portSchema,
  protocolSchema,
  testIdSchema,
} from '../primitives.ts';
import { dateTimeSchema, linkSchema, listParameter, selfLinksSchema } from './common.ts';
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
  /** Absent for instant tests. */
  interval: intervalSchema.optional(),
  _links: testLinksSchema,
});
export type SimpleTest = z.infer<typeof simpleTestSchema>;

export const testSchema = simpleTestSchema.extend({
  alertsEnabled: z.literal(false),
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
  /** With expand=agent: the sources. */
  agents: z.array(simpleAgentSchema).optional(),
});
export type Test = z.infer<typeof testSchema>;

export const testsSchema = z.object({ tests: z.array(testSchema), _links: selfLinksSchema });

/** v7 answers a run with 200 and says nothing of a body; this one is ours. */
export const runResponseSchema = z.object({ testId: testIdSchema, roundId: z.int() });

// ---- requests ------------------------------------------------------------------------------------------------

export const testQuerySchema = z.object({
  expand: listParameter(['agent', 'alert-rule', 'monitor', 'label', 'tag', 'shared-with-account']),
});

/** At most this many sources in one test. */
export const maxSources = 500;

const settingsShape = {
  description: descriptionSchema.optional(),
  direction: directionSchema.default('to-target'),
  protocol: protocolSchema.default('tcp'),
  targetAgentId: agentIdSchema,
  /** The target agent's own port, which is also the default. */
  port: portSchema.optional(),
  dscpId: z.enum(dscpIds).default('0'),
  mss: mssSchema.optional(),
  fixedPacketRate: fixedPacketRateSchema.optional(),
  numPathTraces: numPathTracesSchema.default(3),
  pathTraceMode: pathTraceModeSchema.default('classic'),
  randomizedStartTime: z.boolean().default(false),
  throughputMeasurements: z.boolean().default(false),
  throughputDuration: throughputDurationSchema.default(10_000),
  throughputRate: throughputRateSchema.optional(),
  /** The sources; members beside the id are ignored, so that what was read can be written back. */
  agents: z
    .array(z.object({ agentId: agentIdSchema }))
    .min(1)
    .max(maxSources),
};

/** Members that are not listed here are ignored. */
export const testRequestSchema = z.object({
  testName: testNameSchema,
  enabled: z.boolean().default(true),
  interval: intervalSchema,
  ...settingsShape,
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
});
export type TestUpdate = z.infer<typeof testUpdateSchema>;

export const instantTestRequestSchema = z.object({
  testName: testNameSchema.default('Instant test'),
  ...settingsShape,
});
export type InstantTestRequest = z.infer<typeof instantTestRequestSchema>;
