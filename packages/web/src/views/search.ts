// What the address bar says of a view: a link shows a colleague the same. What is wrong or absent becomes the default.

import { type OneDirection, oneDirectionSchema } from '@pinhole/contract';
import { z } from 'zod';
import { groupings } from '../path/grouping.ts';
import { metrics } from '../timeline/metric.ts';
import { spans } from '../timeline/range.ts';

const epochS = z.coerce.number().int().min(0).max(99_999_999_999).optional().catch(undefined);
const threshold = z.coerce.number().min(0).max(1_000_000).optional().catch(undefined);
const text = z.string().min(1).max(2000).optional().catch(undefined);

export const viewsSearchSchema = z.object({
  /** Of /views; of /views/{testId} it stands in the path. */
  test: z
    .string()
    .regex(/^\d{1,19}$/)
    .optional()
    .catch(undefined),
  /** Absent: both, where the test measures both. */
  direction: oneDirectionSchema.optional().catch(undefined),
  metric: z.enum(metrics).optional().catch(undefined),
  /** The last so many; `from` and `to` take its place. */
  span: z.enum(spans).optional().catch(undefined),
  from: epochS,
  to: epochS,
  /** Absent: the latest one, and then the next. */
  round: epochS,
  /** Sources; absent for all. */
  agents: z
    .union([
      z.array(z.string()),
      z.string().transform((joined) => joined.split(',').filter((item) => item !== '')),
    ])
    .optional()
    .catch(undefined),
  path: z.enum(['graph', 'table', 'text']).optional().catch(undefined),
  group: z.enum(groupings).optional().catch(undefined),
  /** Long runs of hops are drawn as one. */
  collapse: z
    .union([z.literal(true), z.literal('true').transform(() => true as const)])
    .optional()
    .catch(undefined),
  /** Runs that are open all the same, and selected nodes: ids. */
  open: text,
  select: text,
  find: text,
  /** Percent and milliseconds beyond which a hop has a red ring, and a link is red. */
  hopLoss: threshold,
  linkDelay: threshold,
  /** Of the metric, from where on an agent is yellow, and red. */
  warn: threshold,
  bad: threshold,
});
export type ViewsSearch = z.infer<typeof viewsSearchSchema>;

/** What holds where the address bar says nothing. */
export const viewsDefaults = {
  metric: 'latency',
  span: '24h',
  path: 'graph',
  group: 'interface',
} as const satisfies Partial<ViewsSearch>;

/** Without what holds anyhow, so that links are short. */
export function shownSearch(search: ViewsSearch): ViewsSearch {
  const defaults: Record<string, unknown> = viewsDefaults;
  return Object.fromEntries(
    Object.entries(search).filter(([name, value]) => value !== undefined && value !== defaults[name]),
  );
}

/** Nodes' ids may have commas and spaces in them, and none of these. */
const idSeparator = '~';

export function splitIds(joined: string | undefined): string[] {
  return joined === undefined || joined === '' ? [] : joined.split(idSeparator);
}

export function joinIds(ids: readonly string[]): string | undefined {
  return ids.length === 0 ? undefined : ids.join(idSeparator);
}

/** The directions in view, of those that the test measures. */
export function shownDirections(
  measured: readonly OneDirection[],
  direction: OneDirection | undefined,
): OneDirection[] {
  const chosen = measured.filter((each) => direction === undefined || each === direction);
  return chosen.length > 0 ? chosen : [...measured];
}
