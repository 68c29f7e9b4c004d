// What happens to single packets that are told apart by what they are: so that exactly one is lost, comes twice, or
// comes behind the next. Pure.

import { z } from 'zod';
import type { FlowPacket } from './frame.ts';

const octets = z.int().min(0).max(65_535);

export const faultSchema = z.strictObject({
  /** `hold-back`: it leaves right behind the next one that matches, or after a second where none comes. */
  kind: z.enum(['drop', 'duplicate', 'hold-back']),
  /** Which of those that match; the first is 1. They are counted from when the link is given its profile. */
  nth: z.int().min(1).default(1),
  /** How many from there on. */
  count: z.int().min(1).default(1),
  /** Counts the packets of each flow (5-tuple) by themselves. */
  perFlow: z.boolean().default(false),
  match: z
    .strictObject({
      protocol: z.enum(['udp', 'tcp', 'icmp']).default('udp'),
      /** Of the payload. */
      leastBytes: octets.default(0),
      mostBytes: octets.default(65_535),
      /** What stands in the payload, in hex, from the octet `at` on. */
      hex: z
        .string()
        .regex(/^([0-9a-f]{2})*$/, 'octets in hex are pairs of 0 to 9 and a to f')
        .default(''),
      at: octets.default(0),
    })
    .prefault({}),
});
export type Fault = z.output<typeof faultSchema>;

/** Flows that are counted by themselves, at a time. */
const maxFlows = 1024;

interface Counted {
  readonly fault: Fault;
  readonly pattern: Uint8Array;
  /** By flow; of all flows under the empty name. */
  readonly seen: Map<string, number>;
}

/** Counts the packets of one direction against its faults. */
export class FaultCounts {
  readonly #faults: readonly Counted[];

  constructor(faults: readonly Fault[]) {
    this.#faults = faults.map((fault) => {
      return { fault, pattern: Buffer.from(fault.match.hex, 'hex'), seen: new Map() };
    });
  }

  get isEmpty(): boolean {
    return this.#faults.length === 0;
  }

  /** To be called for each packet once: which fault hits it, and of which faults it is the next that matches. */
  take(packet: FlowPacket): { readonly hit: Fault | null; readonly nextOf: readonly Fault[] } {
    let hit: Fault | null = null;
    const nextOf: Fault[] = [];
    for (const { fault, pattern, seen } of this.#faults) {
      if (!matches(fault.match, pattern, packet)) continue;
      const key = fault.perFlow ? packet.flow : '';
      const number = (seen.get(key) ?? 0) + 1;
      if (number === 1 && seen.size >= maxFlows) seen.delete(seen.keys().next().value as string);
      seen.set(key, number);
      if (number >= fault.nth && number < fault.nth + fault.count) hit ??= fault;
      else if (fault.kind === 'hold-back') nextOf.push(fault);
    }
    return { hit, nextOf };
  }
}

function matches(match: Fault['match'], pattern: Uint8Array, { protocol, payload }: FlowPacket): boolean {
  const { leastBytes, mostBytes, at } = match;
  if (protocol !== match.protocol || payload.length < leastBytes || payload.length > mostBytes) return false;
  return Buffer.compare(pattern, payload.subarray(at, at + pattern.length)) === 0;
}
