// /v7/test-results/{testId}/path-vis and /v7/test-results/{testId}/path-vis/agent/{agentId}/round/{roundId}

import { z } from 'zod';
import { pathTraceSchema, tracedHopSchema } from '../path.ts';
import { endpointSchema, oneDirectionSchema } from '../primitives.ts';
import { dateTimeSchema, linkSchema, selfLinksSchema } from './common.ts';
import { resultAgentSchema, resultsPageShape, resultsQuerySchema } from './results.ts';
import { simpleTestSchema } from './tests.ts';

const trace = pathTraceSchema.shape;
const hop = tracedHopSchema.shape;

/**
 * What both resources say of one direction of one pair in one round. `agent` is the test's source and `server` its target
 * whatever the direction; `direction` says who has traced towards whom.
 */
const pathVisBaseShape = {
  agent: resultAgentSchema,
  date: dateTimeSchema,
  roundId: z.int().describe("Epoch seconds of the round's start."),
  startTime: z.int().describe('Epoch seconds.'),
  endTime: z.int().describe('Epoch seconds.'),
  direction: oneDirectionSchema,
  /**
   * The target agent, `192.0.2.1:49153`: where probes went, or where they left from, before any NAT; then without a port
   * where that was none of the test's. Absent without traces, as the source's address.
   */
  server: z.string().optional(),
  serverIp: z.string().optional(),
  sourceIp: z.string().optional(),
  sourcePrefix: z.string().optional().describe('By the files of networks.'),
  /** Ours, as all that follows. */
  targetAgent: resultAgentSchema,
  limitation: z.string().optional().describe('What could not be traced and why, a sentence.'),
  _links: z.object({ appLink: linkSchema }),
};

/** Of each trace, in both resources. */
const traceShape = {
  pathId: z.string().describe('Names this trace of this round.'),
  mss: z.int().optional(),
  pathMtu: z.int().optional(),
  /** Ours, as all that follows. */
  mode: trace.mode,
  protocol: trace.protocol,
  end: trace.end.describe('How it ended; `reached` is the only one that found the peer.'),
  endIcmp: trace.endIcmp.unwrap().optional().describe('What an unreachable said.'),
};

export const pathVisTraceSchema = z.object({
  ipAddress: z.string().optional().describe('Who answered last: the peer where it was reached.'),
  numberOfHops: z.int(),
  responseTime: z
    .int()
    .optional()
    .describe('Of the peer, milliseconds without a fraction; absent where it was not reached.'),
  ...traceShape,
  responseTimeMs: z.number().optional().describe('Not in v7: with its fraction; the mean of the answers.'),
});
export type PathVisTrace = z.infer<typeof pathVisTraceSchema>;

export const pathVisResultSchema = z.object({
  ...pathVisBaseShape,
  pathTraces: z.array(pathVisTraceSchema),
});
export type PathVisResult = z.infer<typeof pathVisResultSchema>;

export const pathVisResultsSchema = z.object({
  results: z.array(pathVisResultSchema).describe('Newest round first.'),
  ...resultsPageShape,
});
export type PathVisResults = z.infer<typeof pathVisResultsSchema>;

/** One TTL; the members of v7 that tell who answered are absent where nobody did. */
export const pathVisHopSchema = z.object({
  hop: z.int().describe('The TTL.'),
  ipAddress: z.string().optional(),
  prefix: z
    .string()
    .optional()
    .describe('The network that the address is in, by the files of networks: `192.0.2.0/24`.'),
  rdns: z.string().optional().describe("The address's name, once reverse DNS has told it."),
  network: z.string().optional().describe('`Example Networks (AS 64496)`'),
  responseTime: z.int().optional().describe('The mean of the answers, milliseconds without a fraction.'),
  location: z.string().optional().describe('`Cape Town, South Africa`, or the country alone.'),
  mpls: z
    .string()
    .optional()
    .describe(
      "As Linux's traceroute writes them, outermost first: `L=16010,E=0,S=0,T=1/L=24001,E=0,S=1,T=1`.",
    ),
  /** Ours, as all that follows; tracedHopSchema says what each is. */
  sent: hop.sent,
  roundTripsMs: hop.roundTripsMs,
  icmp: hop.icmp.unwrap().optional(),
  quotedTtl: hop.quotedTtl.unwrap().optional(),
  mplsLabels: hop.mpls,
  mtu: hop.mtu.unwrap().optional(),
  nat: hop.nat.unwrap().optional(),
  asn: z.int().optional().describe('Of the autonomous system.'),
  countryId: z.string().optional().describe('ISO 3166-1: `ZA`'),
});
export type PathVisHop = z.infer<typeof pathVisHopSchema>;

export const pathVisRouteSchema = z.object({
  hops: z.array(pathVisHopSchema),
  ...traceShape,
  probeSource: endpointSchema.describe('Where the probes left from, before any NAT.'),
  probeTarget: endpointSchema.describe('Where they were sent.'),
  ttlRewrittenAt: z.int().optional(),
  startedAtMs: trace.startedAtMs,
  finishedAtMs: trace.finishedAtMs,
});
export type PathVisRoute = z.infer<typeof pathVisRouteSchema>;

export const pathVisDetailResultSchema = z.object({
  ...pathVisBaseShape,
  pathTraces: z.array(pathVisRouteSchema),
});
export type PathVisDetailResult = z.infer<typeof pathVisDetailResultSchema>;

export const pathVisDetailResultsSchema = z.object({
  results: z.array(pathVisDetailResultSchema),
  test: simpleTestSchema,
  _links: selfLinksSchema,
});
export type PathVisDetailResults = z.infer<typeof pathVisDetailResultsSchema>;

/** As of the network results, but a path has one direction. */
export const pathVisQuerySchema = resultsQuerySchema.safeExtend({ direction: oneDirectionSchema.optional() });

export const pathVisDetailQuerySchema = z.object({ direction: oneDirectionSchema.optional() });

/** As it stands in a URL. */
export const roundIdParameterSchema = z
  .string()
  .regex(/^\d{1,12}$/, 'a round id is its start in epoch seconds')
  .transform(Number);
