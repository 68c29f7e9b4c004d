// A NAT given by its behaviour: what is left out is as in the commonest kind.

import { z } from 'zod';
import { commonBehaviour as common, type NatBehaviour } from './behaviour.ts';
import { contradiction } from './layers.ts';

/** What is waited for when a NAT is measured: long enough to tell apart from a delay, and not too long. */
const lifetimeMs = z
  .int()
  .min(2000, 'a lifetime is at least 2000 ms')
  .max(30_000, 'a lifetime that is given is measured, so it is at most 30000 ms')
  .multipleOf(1000, 'a lifetime is in whole seconds');

/** What a router or a NAT sets the TTL of packets to. */
export const newTtl = z
  .int()
  .min(32, 'a TTL that is set anew reaches everywhere: it is at least 32')
  .max(255);

const port = z.int().min(1).max(65_535);
const dependence = z.enum(['endpoint-independent', 'address-dependent', 'address-and-port-dependent']);

export const behaviourSchema = z
  .strictObject({
    mapping: dependence.default(common.mapping),
    filtering: dependence.default(common.filtering),
    allocation: z
      .discriminatedUnion('law', [
        z.strictObject({ law: z.literal('preserving') }),
        z.strictObject({ law: z.literal('range'), first: port, last: port }),
        z.strictObject({
          law: z.literal('sequential'),
          first: port,
          last: port,
          step: z.int().min(1).max(16),
        }),
      ])
      .default(common.allocation as { law: 'preserving' }),
    hairpin: z.boolean().default(common.hairpin),
    unsolicited: z.enum(['drop', 'rst', 'icmp', 'host']).default(common.unsolicited),
    poisonable: z.boolean().default(common.poisonable),
    simultaneousOpen: z.boolean().default(common.simultaneousOpen),
    udpLifetimeMs: lifetimeMs.nullable().default(common.udpLifetimeMs),
    udpRefresh: z.enum(['both', 'outbound']).default(common.udpRefresh),
    tcpIdle: z
      .strictObject({ afterMs: lifetimeMs, outcome: z.enum(['black-hole', 'reset', 're-adopt']) })
      .nullable()
      .default(common.tcpIdle),
    setsTtl: newTtl.optional(),
    blocked: z.array(z.enum(['udp', 'traversal-udp', 'traversal-tcp'])).default([]),
  } satisfies Record<keyof NatBehaviour, z.ZodType>)
  .superRefine((behaviour, context) => {
    const fault = contradiction(behaviour);
    if (fault !== null) context.addIssue({ code: 'custom', message: fault });
  });
