// A path as an agent has traced it: hop by hop, towards its peer. docs/measuring.md tells how.

import { z } from 'zod';
import { endpointSchema, epochMillisecondsSchema, ipAddressSchema, protocolSchema } from './primitives.ts';

/** `classic`: each trace is a flow of its own. `in-session`: in the 5-tuple of the test itself. */
export const pathTraceModeSchema = z.enum(['classic', 'in-session']);
export type PathTraceMode = z.infer<typeof pathTraceModeSchema>;

/** Further than any path on the Internet; TTLs beyond are not tried. */
export const maxHops = 32;
/** To one hop in one trace. */
export const maxProbesPerHop = 3;
export const maxTraces = 10;

/** ICMP's own, of version 4 or 6 as the address is. */
const icmpSchema = z.object({ type: z.int().min(0).max(255), code: z.int().min(0).max(255) });
const roundTrip = z.number().min(0).max(60_000);
const mtu = z.int().min(0).max(65_535);

/** RFC 3032 §2.1 */
export const mplsLabelSchema = z.object({
  label: z.int().min(0).max(0xfffff),
  trafficClass: z.int().min(0).max(7),
  bottom: z.boolean(),
  ttl: z.int().min(0).max(255),
});
export type MplsLabel = z.infer<typeof mplsLabelSchema>;

export const tracedHopSchema = z.object({
  ttl: z.int().min(1).max(maxHops),
  /** Who answered; null where nobody did. Where several did, the one that answered first. */
  address: ipAddressSchema.nullable(),
  sent: z.int().min(1).max(maxProbesPerHop),
  /** Milliseconds, of each answer. */
  roundTripsMs: z.array(roundTrip).max(maxProbesPerHop),
  /** Null where nobody answered, and for the peer itself. */
  icmp: icmpSchema.nullable(),
  /** What was left of the TTL when the packet was quoted: 1 as a rule. Null where it was not quoted. */
  quotedTtl: z.int().min(0).max(255).nullable(),
  /** The labels that the packet had there, outermost first (RFC 4950). */
  mpls: z.array(mplsLabelSchema).max(16),
  /** Of the link behind this hop, where it said that a packet is too large for that. */
  mtu: mtu.nullable(),
  /**
   * Packets are translated here, and why that is said: behind this hop, private or carrier-grade addresses have come to an
   * end; or it quotes another source than was sent from; or it answers by the peer's public address without being the peer.
   */
  nat: z.enum(['private-prefix-ends', 'quoted-source', 'peer-address']).nullable(),
});
export type TracedHop = z.infer<typeof tracedHopSchema>;

/**
 * `reached`: the peer itself answered. `silent`: six hops in a row did not. `loop`: an address came again twice.
 * `unreachable`: a hop said that there is no way; `endIcmp` says which. `far`: no end within 32 hops. `time`: it took too
 * long.
 */
export const traceEndSchema = z.enum(['reached', 'silent', 'loop', 'unreachable', 'far', 'time']);
export type TraceEnd = z.infer<typeof traceEndSchema>;

export const pathTraceSchema = z.object({
  mode: pathTraceModeSchema,
  protocol: protocolSchema,
  /** Where the probes left from, before any NAT, and where they were sent. */
  source: endpointSchema,
  target: endpointSchema,
  end: traceEndSchema,
  endIcmp: icmpSchema.nullable(),
  /** One for each TTL from 1 on that was tried, to the last that anybody answered. */
  hops: z.array(tracedHopSchema).max(maxHops),
  /** Octets of the largest packet that gets through; null where it was not found. */
  pathMtu: mtu.nullable(),
  /** Of TCP, as agreed with the peer. */
  mss: mtu.nullable(),
  /** At this TTL the packet reached the peer with more left of it than can be: something on the way sets it anew. */
  ttlRewrittenAt: z.int().min(1).max(maxHops).nullable(),
  startedAtMs: epochMillisecondsSchema,
  finishedAtMs: epochMillisecondsSchema,
});
export type PathTrace = z.infer<typeof pathTraceSchema>;
