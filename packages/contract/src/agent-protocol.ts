// Agent ↔ collector: HTTP with JSON bodies, below /agent/v1. docs/protocol.md tells it in prose.
//
//   POST /agent/v1/enroll      EnrollRequest  → 201 EnrollResponse        (account group token in the body)
//   POST /agent/v1/check-in    CheckInRequest → 200 CheckInResponse       (Authorization: Bearer agentSecret)
//   GET  /agent/v1/changes?version=N  → 200 ChangesResponse as soon as the configuration is no longer version N,
//                                       null after changesHoldMs without a change; until then a blank line again and again
//
// Errors are problem bodies (RFC 9457), as in REST. 401: the secret is no longer known. A disabled agent goes on
// checking in; its configuration says `enabled: false`.

import { z } from 'zod';
import { roundErrorCodes } from './errors.ts';
import { natTraversalSchema } from './nat-traversal.ts';
import { maxTraces, pathTraceModeSchema, pathTraceSchema } from './path.ts';
import {
  agentIdSchema,
  directionSchema,
  endpointSchema,
  intervalSchema,
  ipAddressSchema,
  oneDirectionSchema,
  portSchema,
  protocolSchema,
  testIdSchema,
} from './primitives.ts';

/** Check-in at least this often. */
export const checkInIntervalMs = 60_000;
/** How long the collector holds a request for changes; below the 60 s at which common proxies cut. */
export const changesHoldMs = 50_000;
/** Results in one check-in at most; the rest follows at once in further ones. */
export const maxResultsPerCheckIn = 200;

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

// ---- results -------------------------------------------------------------------------------------------------

/** Which round, of which test, between whom, in which direction: the key under which a result is kept once. */
const resultKeyShape = {
  testId: testIdSchema,
  /** Epoch seconds of the round's start. */
  roundId: z.int().min(0),
  sourceAgentId: agentIdSchema,
  targetAgentId: agentIdSchema,
  direction: oneDirectionSchema,
};

const milliseconds = z.number().min(-86_400_000).max(86_400_000);
const packetCount = z.int().min(0).max(100_000);

/** Loss and delay of one direction of one round, as its receiver saw them. docs/measuring.md defines each. */
export const measurementSchema = z.object({
  sent: packetCount,
  received: packetCount,
  /** Came after the loss threshold: counted as lost, and here. */
  late: packetCount,
  duplicates: packetCount,
  reordered: packetCount,
  lossPercent: z.number().min(0).max(100),
  /** One-way delay; null when nothing arrived. */
  delay: z
    .object({
      meanMs: milliseconds,
      minMs: milliseconds,
      medianMs: milliseconds,
      p95Ms: milliseconds,
      maxMs: milliseconds,
      /** The true one-way delay lies within ± this of each figure above; null without a clock estimate. */
      errorBoundMs: milliseconds.nullable(),
      /** Mean deviation from the mean. */
      jitterMs: milliseconds,
      pdv95Ms: milliseconds,
      rfc3550JitterMs: milliseconds,
    })
    .nullable(),
  /** Needs no clock; null when no probe was reflected. */
  roundTrip: z
    .object({
      meanMs: milliseconds,
      minMs: milliseconds,
      medianMs: milliseconds,
      p95Ms: milliseconds,
      maxMs: milliseconds,
    })
    .nullable(),
  /** The DSCP that most probes had when they came; null where the system does not tell. */
  arrivedDscp: z.int().min(0).max(63).nullable(),
  /** The peer's clock, as the receiver's sees it; null without a clock estimate. */
  clock: z
    .object({
      /** How far the sender's clock was ahead at the round's first probe. Clocks without a common origin differ by anything. */
      offsetMs: z.number(),
      /** How much faster it runs, parts per million. */
      skewPpm: z.number().min(-1_000_000).max(1_000_000),
      /** By how much one of the two clocks was set anew since the last round or in this one; null where none was. */
      steppedByMs: z.number().nullable(),
    })
    .nullable(),
});
export type Measurement = z.infer<typeof measurementSchema>;

/**
 * How the agents came together. `direct`: the source sent to an address that the collector knows. The others are by way
 * of the NAT traversal server. `punched`: both sent to each other's registered endpoint. `predicted`: to the port that
 * a sequential NAT would give next. `searched`: to many ports, of which some were open.
 */
export const connectionMethodSchema = z.enum(['direct', 'punched', 'predicted', 'searched']);
export type ConnectionMethod = z.infer<typeof connectionMethodSchema>;

/** What the kernel says of the connection (TCP_INFO), at this direction's sender. */
export const tcpFiguresSchema = z.object({
  /** Segments sent again, since the connection was made. */
  retransmissions: packetCount,
  /** The kernel's smoothed round trip and its mean deviation (RFC 6298), and the least that it has seen. */
  roundTripMs: milliseconds,
  roundTripDeviationMs: milliseconds,
  leastRoundTripMs: milliseconds.nullable(),
  mss: z.int().min(0).max(65_535),
  pathMtu: z.int().min(0).max(65_535).nullable(),
});
export type TcpFigures = z.infer<typeof tcpFiguresSchema>;

/** Counted by the direction's receiver. */
export const throughputSchema = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('measured'),
    bitsPerSecond: z.number().min(0),
    /** From the first octet to the last. */
    durationMs: z.number().min(0).max(60_000),
    receivedBytes: z.int().min(0),
    /** Of UDP's packets; null over TCP. */
    lossPercent: z.number().min(0).max(100).nullable(),
  }),
  /** Not measured, and why: `busy`, where an agent measures another throughput at the moment. */
  z.object({ outcome: z.literal('refused'), reason: z.enum(['busy', 'failed']) }),
]);
export type Throughput = z.infer<typeof throughputSchema>;

export const measuredResultSchema = z.object({
  outcome: z.literal('measured'),
  ...resultKeyShape,
  startedAtMs: z.int().min(0),
  finishedAtMs: z.int().min(0),
  method: connectionMethodSchema,
  /**
   * From when this agent knew where its peer is (the server's Start had come; without a server, the session began) to
   * the way found. null where that was not seen; absent in results from before it was measured.
   */
  connectMs: z.number().min(0).max(86_400_000).nullable().optional(),
  /** Where the session's packets went, seen from the source. */
  targetEndpoint: endpointSchema,
  /** Where they came from, seen from the target. */
  sourceEndpoint: endpointSchema,
  measurement: measurementSchema,
  /** Of the connection, over TCP; null over UDP, and where the system does not tell. */
  tcp: tcpFiguresSchema.nullable().optional(),
  /** Where the test asks for it. */
  throughput: throughputSchema.optional(),
});
export type MeasuredResult = z.infer<typeof measuredResultSchema>;

export const failedResultSchema = z.object({
  outcome: z.literal('failed'),
  ...resultKeyShape,
  startedAtMs: z.int().min(0),
  finishedAtMs: z.int().min(0),
  errorCode: z.enum(roundErrorCodes),
  /** Which side could not be reached or gave up. */
  party: z.enum(['source', 'target']),
  /** What exactly was seen, for the engineer. */
  evidence: z.string().max(500),
});
export type FailedResult = z.infer<typeof failedResultSchema>;

export const roundResultSchema = z.discriminatedUnion('outcome', [measuredResultSchema, failedResultSchema]);
export type RoundResult = z.infer<typeof roundResultSchema>;

/** The paths of one direction of one round, as its sender has traced them. */
export const tracedResultSchema = z.object({
  outcome: z.literal('traced'),
  ...resultKeyShape,
  startedAtMs: z.int().min(0),
  finishedAtMs: z.int().min(0),
  traces: z.array(pathTraceSchema).max(maxTraces),
  /** What could not be traced on this machine and why, a sentence; null where all was. */
  limitation: z.string().max(300).nullable(),
});
export type TracedResult = z.infer<typeof tracedResultSchema>;

/** All that an agent hands in. */
export const agentResultSchema = z.discriminatedUnion('outcome', [
  measuredResultSchema,
  failedResultSchema,
  tracedResultSchema,
]);
export type AgentResult = z.infer<typeof agentResultSchema>;

// ---- configuration -------------------------------------------------------------------------------------------

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
});
export type AgentConfig = z.infer<typeof agentConfigSchema>;

// ---- check-in ------------------------------------------------------------------------------------------------

export const registrationStateSchema = z.object({
  status: z.enum(['off', 'connecting', 'registered', 'failed']),
  /** As the NAT traversal server sees them. */
  tcp: endpointSchema.nullable(),
  udp: endpointSchema.nullable(),
  /** Why it is not registered, in words. */
  detail: z.string().max(300).nullable(),
});
export type RegistrationState = z.infer<typeof registrationStateSchema>;

export const checkInRequestSchema = z.object({
  /** The configuration the agent holds; 0 for none. */
  configVersion: z.int().min(0),
  facts: agentFactsSchema,
  registration: registrationStateSchema,
  results: z.array(agentResultSchema).max(maxResultsPerCheckIn),
  /** The last compatibility check, where the collector does not have it yet. */
  natTraversal: natTraversalSchema.optional(),
});
export type CheckInRequest = z.infer<typeof checkInRequestSchema>;

export const checkInResponseSchema = z.object({
  /** How many of the request's results, from its first on, are kept safely now (or never will be: a deleted test's). */
  acknowledged: z.int().min(0),
  configVersion: z.int().min(0),
  /** Present when it differs from what the agent holds. */
  config: agentConfigSchema.optional(),
});
export type CheckInResponse = z.infer<typeof checkInResponseSchema>;

export const changesResponseSchema = z.object({ configVersion: z.int().min(0) });
export type ChangesResponse = z.infer<typeof changesResponseSchema>;
