// The routers between a site's router and the core, as a description gives them.

import { z } from 'zod';
import { newTtl } from '../nat/description.ts';

/** A hop has at most as many interfaces as the product of two neighbours: what a trace can find in a minute. */
const maxParallel = 8;
/** One way of the longest path is then shorter than the 30 hops at which other programs give up. */
const maxSegments = 8;
/** What a site's block of addresses holds, two addresses a link. */
const maxPathLinks = 256;

/** What a router that stops packets sends back: nothing, or destination unreachable with this code (RFC 792, RFC 1812). */
export const unreachableCodes = {
  silently: null,
  'net-unreachable': 0,
  'host-unreachable': 1,
  'port-unreachable': 3,
  'net-prohibited': 9,
  'host-prohibited': 10,
  'admin-prohibited': 13,
} as const;
export type Stop = keyof typeof unreachableCodes;

const stops = Object.keys(unreachableCodes) as [Stop, ...Stop[]];

/** One router, or several side by side among which each flow has its own. */
const segmentSchema = z
  .strictObject({
    routers: z
      .int()
      .min(1)
      .max(maxParallel, `a segment has at most ${maxParallel} routers side by side`)
      .default(1),
    /** Sends no time exceeded. */
    silent: z.boolean().default(false),
    /** Between two errors to one destination, after the first six; 0: no limit. @default 1000, Linux's own */
    rateLimitMs: z.int().min(0).max(60_000).default(1000),
    /** Of the links behind it. @default 1500 */
    mtu: z
      .int()
      .min(576, 'an MTU is at least 576, which every host takes (RFC 1122)')
      .max(1500, 'an MTU is at most 1500')
      .optional(),
    /** The labels that its time exceeded tells (RFC 4950), outermost first. */
    mpls: z
      .array(z.int().min(16, 'labels below 16 are reserved (RFC 3032)').max(0xfffff))
      .min(1)
      .max(8)
      .optional(),
    /** What it sets the TTL of every packet to that it passes on, the server's too. */
    setsTtl: newTtl.optional(),
    /** It passes no UDP and TCP on but the server's, and answers like this. */
    stops: z.enum(stops).optional(),
    /** It sends UDP and TCP back to the router before it, but for the server's. */
    loop: z.boolean().default(false),
  })
  .refine(({ silent, mpls }) => !silent || mpls === undefined, 'a silent router tells no labels')
  .refine(
    ({ silent, stops }) => !silent || stops === undefined || stops === 'silently',
    'a silent router stops packets silently',
  );

export type Segment = z.output<typeof segmentSchema>;

const chainSchema = z.array(segmentSchema).max(maxSegments, `a path has at most ${maxSegments} segments`);

/**
 * Either the same routers in both directions, from the site to the core; or each direction's own, in the order in
 * which packets pass them.
 */
export const pathSchema = z
  .union(
    [
      chainSchema.min(1, 'a path has at least one segment'),
      z.strictObject({ up: chainSchema.default([]), down: chainSchema.default([]) }),
    ],
    {
      error: 'a path is a list of segments, or { up, down } of these; a segment is { routers, silent, … }',
    },
  )
  .superRefine((path, context) => {
    const fault = (message: string, ...place: PropertyKey[]) =>
      context.addIssue({ code: 'custom', path: place, message });
    if (Array.isArray(path)) {
      path.forEach(({ loop }, at) => {
        if (loop) fault('a loop is of one direction: give the path as { up, down }', at, 'loop');
      });
    } else {
      if (path.up.length + path.down.length === 0) fault('a path has at least one segment');
      for (const direction of ['up', 'down'] as const) {
        path[direction].forEach(({ loop, routers }, at, chain) => {
          if (loop && (routers > 1 || chain[at - 1]?.routers !== 1))
            fault('a loop is between a single router and a single one before it', direction, at, 'loop');
        });
      }
    }
    const links = pathChains(path).reduce((sum, { segments }) => sum + linkCount(segments), 0);
    if (links > maxPathLinks) fault(`the path has ${links} links, of ${maxPathLinks} at most`);
  });

export type PathDescription = z.output<typeof pathSchema>;

/** Routers one after the other. */
export interface Chain {
  readonly name: 'path' | 'up' | 'down';
  /** From the site to the core, also of the way down. */
  readonly segments: readonly Segment[];
}

/** What stands between a site's router and the core: one chain for both directions, or one for each. */
export function pathChains(path: PathDescription | undefined): Chain[] {
  if (path === undefined || Array.isArray(path)) return [{ name: 'path', segments: path ?? [] }];
  return [
    { name: 'up', segments: path.up },
    { name: 'down', segments: path.down.toReversed() },
  ];
}

/** Every router has a link to every one of the next segment. */
function linkCount(segments: readonly Segment[]): number {
  const sizes = [1, ...segments.map(({ routers }) => routers), 1];
  return sizes.slice(1).reduce((sum, size, at) => sum + size * sizes[at]!, 0);
}
