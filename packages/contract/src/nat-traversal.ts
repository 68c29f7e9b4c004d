// What an agent's compatibility check found out: facts with their evidence, and the verdict for each protocol.
// An agent sends it with its check-in; REST shows it as the agent's `natTraversal` (rest/agents.ts).

import { z } from 'zod';
import { endpointSchema, epochMillisecondsSchema, ipAddressSchema } from './primitives.ts';

export const truthSchema = z.enum(['yes', 'no', 'unknown']);
export type Truth = z.infer<typeof truthSchema>;

/** What was sent where, and what came back. */
export const evidenceSchema = z.object({ sent: z.string().max(300), received: z.string().max(1500) });
const evidenceListSchema = z.array(evidenceSchema).max(16);

function fact<Value extends z.ZodType>(value: Value) {
  return z.object({ value, evidence: evidenceListSchema });
}

/** Of an agent that does not tell it. */
function unknownFact<Value>(value: Value) {
  return { value, evidence: [] };
}

/** RFC 4787 §4.1 and §5. */
const dependenceSchema = z.enum([
  'endpoint-independent',
  'address-dependent',
  'address-and-port-dependent',
  'unknown',
]);

const port = z.int().min(0).max(65_535);

/** How a NAT chooses the public port of a new mapping. */
export const allocationSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('preserving') }),
  z.object({
    kind: z.literal('sequential'),
    step: z.int().min(-65_535).max(65_535),
    lastPort: port,
    othersPerSecond: z.number().min(0),
  }),
  z.object({ kind: z.literal('block'), firstPort: port, size: z.int().min(1).max(65_536) }),
  z.object({ kind: z.literal('random'), lowestPort: port, highestPort: port }),
]);

const transportShape = {
  reachable: fact(truthSchema),
  mapped: fact(endpointSchema.nullable()),
  translated: fact(truthSchema),
  mappingDependsOnAddress: fact(truthSchema),
  mappingDependsOnPort: fact(truthSchema),
  mapping: fact(dependenceSchema),
  filteringDependsOnAddress: fact(truthSchema),
  filteringDependsOnPort: fact(truthSchema),
  filtering: fact(dependenceSchema),
  portPreserved: fact(truthSchema),
  allocation: fact(allocationSchema.nullable()),
  pairedPooling: fact(truthSchema),
  hairpinning: fact(truthSchema),
  mappingLifetimeMs: fact(z.number().min(0).nullable()),
  poisonable: fact(truthSchema).default(unknownFact('unknown')),
};

const layersSchema = z
  .array(
    z.object({
      hop: z.int().min(1).max(255),
      address: ipAddressSchema,
      kind: z.enum(['private', 'carrier-grade']),
    }),
  )
  .max(16);

export const natReportSchema = z.object({
  udp: z.object({
    ...transportShape,
    unrepliedLifetimeMs: fact(z.number().min(0).nullable()).default(unknownFact(null)),
    inboundRefresh: fact(truthSchema).default(unknownFact('unknown')),
  }),
  tcp: z.object({
    ...transportShape,
    unsolicitedSyn: fact(z.enum(['admitted', 'drop', 'rst', 'icmp', 'unknown'])),
    simultaneousOpen: fact(truthSchema),
  }),
  privateAddress: fact(truthSchema),
  keepAlives: fact(truthSchema),
  natHops: fact(z.int().min(0).max(255).nullable()),
  natLayers: fact(layersSchema.nullable()).default(unknownFact(null)),
});
export type NatReport = z.infer<typeof natReportSchema>;

export const protocolVerdictSchema = z.object({
  supported: truthSchema,
  /** 1 contact with the server, 2 not symmetric, 3 keep-alives honoured, 4 simultaneous open (TCP); null where none failed. */
  failedRequirement: z.literal([1, 2, 3, 4]).nullable(),
  evidence: evidenceListSchema,
  /** What to change on the device. */
  advice: z.string().max(500).nullable(),
});
export type ProtocolVerdict = z.infer<typeof protocolVerdictSchema>;

/** How many checks are remembered: an hour of them. */
export const rememberedChecks = 12;

/** What the last checks took the NAT for, the commonest first: one that is not always taken for the same is worth knowing. */
const labelsSchema = z
  .array(z.object({ label: z.string().max(120), checks: z.int().min(1).max(rememberedChecks) }))
  .max(rememberedChecks);

export const natTraversalSchema = z.object({
  /** When the check ended. */
  checkedAtMs: epochMillisecondsSchema,
  verdict: z.object({ udp: protocolVerdictSchema, tcp: protocolVerdictSchema }),
  report: natReportSchema,
  recent: z.object({ udp: labelsSchema, tcp: labelsSchema }),
});
export type NatTraversal = z.infer<typeof natTraversalSchema>;
