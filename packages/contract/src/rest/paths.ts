// /v7/test-results/{testId}/path-vis and /v7/test-results/{testId}/path-vis/agent/{agentId}/round/{roundId}

import { z } from 'zod';
import { pathTraceSchema, tracedHopSchema } from '../path.ts';
import { endpointSchema, oneDirectionSchema } from '../primitives.ts';
import { dateTimeSchema, linkSchema, selfLinksSchema } from './common.ts';
import { resultAgentSchema, resultsQuerySchema } from './results.ts';
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
  /** Epoch seconds of the round's start. */
  roundId: z.int(),
  /** Epoch seconds. */
  startTime: z.int(),
  endTime: z.int(),
  direction: oneDirectionSchema,
  /**
   * The target agent, `192.0.2.1:49153`: where probes went, or where they left from, before any NAT; then without a port
   * where that was none of the test's. Absent without traces, as the source's address.
   */
  server: z.string().optional(),
  serverIp: z.string().optional(),
  sourceIp: z.string().optional(),
  /** By the files of networks. */
  sourcePrefix: z.string().optional(),
  /** Ours, as all that follows. */
  targetAgent: resultAgentSchema,
  /** What could not be traced and why, a sentence. */
  limitation: z.string().optional(),
  _links: z.object({ appLink: linkSchema }),
};

/** Ours: of each trace, in both resources. */
const traceShape = {
  mode: trace.mode,
  protocol: trace.protocol,
  /** How it ended; `reached` is the only one that found the peer. */
  end: trace.end,
  /** What an unreachable said. */
  endIcmp: trace.endIcmp.unwrap().optional(),
};

export const pathVisTraceSchema = z.object({
  /** Names this trace of this round, the same in both resources. */
  pathId: z.string(),
  /** Who answered last: the peer where it was reached. */
  ipAddress: z.string().optional(),
  mss: z.int().optional(),
  numberOfHops: z.int(),
  pathMtu: z.int().optional(),
  /** Of the peer, milliseconds without a fraction; absent where it was not reached. */
  responseTime: z.int().optional(),
  ...traceShape,
  /** Ours: with its fraction; the mean of the answers. */
  responseTimeMs: z.number().optional(),
});
export type PathVisTrace = z.infer<typeof pathVisTraceSchema>;

export const pathVisResultSchema = z.object({
  ...pathVisBaseShape,
  pathTraces: z.array(pathVisTraceSchema),
});
export type PathVisResult = z.infer<typeof pathVisResultSchema>;

export const pathVisResultsSchema = z.object({
  /** Newest round first. */
  results: z.array(pathVisResultSchema),
  test: simpleTestSchema,
  /** Present when a window or dates were given. */
  startDate: dateTimeSchema.optional(),
  endDate: dateTimeSchema.optional(),
  _links: z.object({ self: linkSchema, next: linkSchema.optional() }),
});
export type PathVisResults = z.infer<typeof pathVisResultsSchema>;

/** One TTL; the members of v7 that tell who answered are absent where nobody did. */
export const pathVisHopSchema = z.object({
  /** The TTL. */
  hop: z.int(),
  ipAddress: z.string().optional(),
  /** The network that the address is in, by the files of networks: `192.0.2.0/24`. */
  prefix: z.string().optional(),
  /** The address's name, once reverse DNS has told it. */
  rdns: z.string().optional(),
  /** `Example Networks (AS 64496)` */
  network: z.string().optional(),
  /** The mean of the answers, milliseconds without a fraction. */
  responseTime: z.int().optional(),
  /** `Cape Town, South Africa`, or the country alone. */
  location: z.string().optional(),
  /** As Linux's traceroute writes them, outermost first: `L=16010,E=0,S=0,T=1/L=24001,E=0,S=1,T=1`. */
  mpls: z.string().optional(),
  /** Ours, as all that follows; tracedHopSchema says what each is. */
  sent: hop.sent,
  roundTripsMs: hop.roundTripsMs,
  icmp: hop.icmp.unwrap().optional(),
  quotedTtl: hop.quotedTtl.unwrap().optional(),
  mplsLabels: hop.mpls,
  mtu: hop.mtu.unwrap().optional(),
  nat: hop.nat.unwrap().optional(),
  /** Of the autonomous system. */
  asn: z.int().optional(),
  /** ISO 3166-1: `ZA` */
  countryId: z.string().optional(),
});
export type PathVisHop = z.infer<typeof pathVisHopSchema>;

export const pathVisRouteSchema = z.object({
  pathId: z.string(),
  hops: z.array(pathVisHopSchema),
  ...traceShape,
  /** Where the probes left from, before any NAT, and where they were sent. */
  probeSource: endpointSchema,
  probeTarget: endpointSchema,
  pathMtu: z.int().optional(),
  mss: z.int().optional(),
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
