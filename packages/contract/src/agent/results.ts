// What an agent has measured and traced.

import { z } from 'zod';
import { roundErrorCodes } from '../errors.ts';
import { maxTraces, pathTraceSchema } from '../path.ts';
import {
  agentIdSchema,
  endpointSchema,
  epochMillisecondsSchema,
  epochSecondsSchema,
  oneDirectionSchema,
  testIdSchema,
} from '../primitives.ts';

/** Which round, of which test, between whom, in which direction: the key under which a result is kept once; and when. */
const resultShape = {
  testId: testIdSchema,
  /** Epoch seconds of the round's start. */
  roundId: epochSecondsSchema,
  sourceAgentId: agentIdSchema,
  targetAgentId: agentIdSchema,
  direction: oneDirectionSchema,
  startedAtMs: epochMillisecondsSchema,
  finishedAtMs: epochMillisecondsSchema,
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
  ...resultShape,
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
  ...resultShape,
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
  ...resultShape,
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
