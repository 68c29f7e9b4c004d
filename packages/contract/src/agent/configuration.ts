// What an agent is told to do.

import { z } from 'zod';
import { maxTraces, pathTraceModeSchema } from '../path.ts';
import {
  agentIdSchema,
  directionSchema,
  endpointSchema,
  intervalSchema,
  portSchema,
  protocolSchema,
  testIdSchema,
} from '../primitives.ts';

export const traversalAccessSchema = z.object({
  /** In the order to be tried; null stands for the host in the collector's URL. */
  servers: z
    .array(z.object({ host: z.string().max(253).nullable(), ports: z.array(portSchema).min(1).max(4) }))
    .max(16),
  /** Time-limited credentials: wire's `traversalCredential`. */
  username: z.string().max(200),
  password: z.string().max(200),
  expiresAtMs: z.int(),
});
export type TraversalAccess = z.infer<typeof traversalAccessSchema>;

export const scheduleSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('every'),
    intervalS: intervalSchema,
    /** Rounds start this long after each multiple of the interval. */
    offsetMs: z.int().min(0),
    /** Each round at a moment drawn anew within its interval, instead of the offset. */
    randomized: z.boolean().default(false),
    /** Since when the test runs: the interval it falls into gets its round at once. */
    activeSinceMs: z.int().min(0),
  }),
  z.object({
    kind: z.literal('once'),
    /** Rounds to run now, if this agent has not run them yet. */
    roundIds: z.array(z.int().min(0)).max(50),
  }),
]);
export type Schedule = z.infer<typeof scheduleSchema>;

/** One pair of agents of one test, seen from one of them. */
export const assignmentSchema = z.object({
  testId: testIdSchema,
  testName: z.string(),
  /** The source starts each round's session. */
  role: z.enum(['source', 'target']),
  peer: z.object({
    agentId: agentIdSchema,
    agentName: z.string(),
    behindNat: z.boolean(),
    /** Where it is reached without NAT traversal; null where nobody knows. */
    endpoint: endpointSchema.nullable(),
  }),
  protocol: protocolSchema,
  direction: directionSchema,
  schedule: scheduleSchema,
  dscp: z.int().min(0).max(63),
  /** UDP payload octets a probe; null: as small as the probe's format allows. */
  payloadBytes: z.int().min(20).max(1400).nullable(),
  /** Packets a second; null: the agent's own pacing. */
  packetRate: z.int().min(1).max(100).nullable(),
  /** How each end traces the way of the directions that it sends in. */
  path: z.object({ mode: pathTraceModeSchema, traces: z.int().min(1).max(maxTraces) }),
  /** Null: not measured. `rateMbps` is of UDP's packets; null over TCP, which is as fast as it can. */
  throughput: z
    .object({
      durationMs: z.int().min(5_000).max(30_000),
      rateMbps: z.number().min(8).max(1000).nullable(),
    })
    .nullable(),
  /** 32 octets, base64: authenticates this pair's sessions for this test. */
  pairKey: z.base64().length(44),
  /** For the NAT traversal server: wire's `encodeTicket`, base64. Null where the target is not behind a NAT. */
  ticket: z.base64().max(400).nullable(),
});
export type Assignment = z.infer<typeof assignmentSchema>;

export const agentConfigSchema = z.object({
  agentId: agentIdSchema,
  agentName: z.string(),
  /** A disabled agent runs nothing. */
  enabled: z.boolean(),
  behindNat: z.boolean(),
  /** Epoch milliseconds: since when, without a break. Another value calls for a compatibility check at once. */
  behindNatSinceMs: z.int().min(0).optional(),
  traversal: traversalAccessSchema.nullable(),
  assignments: z.array(assignmentSchema).max(10_000),
  /** Tests that somebody looks at: of those it is the source in, the agent tells how far their rounds are (progress.ts). */
  watched: z
    .array(z.object({ testId: testIdSchema, untilMs: z.int().min(0) }))
    .max(100)
    .optional(),
});
export type AgentConfig = z.infer<typeof agentConfigSchema>;
