// Which rounds a question for results is about, and where its next page begins. Pure.

import { epochSecondsSchema, type ResultsQuery } from '@pinhole/contract';
import { z } from 'zod';
import type { RoundPosition } from '../store/rounds.ts';

/** Epoch seconds, both included. */
export interface TimeRange {
  readonly fromS: number;
  readonly toS: number;
}

const unitSeconds = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;

/** What `window` or the dates ask for; null where neither is given. */
export function askedRange(
  query: Pick<ResultsQuery, 'window' | 'startDate' | 'endDate'>,
  nowMs: number,
): TimeRange | null {
  const nowS = Math.ceil(nowMs / 1000);
  if (query.window !== undefined) {
    const unit = (/[smhdw]$/.exec(query.window)?.[0] ?? 's') as keyof typeof unitSeconds;
    const lengthS = Number.parseInt(query.window, 10) * unitSeconds[unit];
    return { fromS: Math.max(0, nowS - lengthS), toS: nowS };
  }
  if (query.startDate === undefined) return null;
  const toS = query.endDate === undefined ? nowS : Math.floor(Date.parse(query.endDate) / 1000);
  return { fromS: Math.max(0, Math.floor(Date.parse(query.startDate) / 1000)), toS };
}

/** Everything the next page needs, so that all pages are of one range although time goes on. */
export interface Cursor {
  readonly range: TimeRange;
  /** Whether the range was asked for, or is the latest round. */
  readonly isAsked: boolean;
  readonly after: RoundPosition;
}

const cursorSchema = z.tuple([
  epochSecondsSchema,
  epochSecondsSchema,
  z.boolean(),
  epochSecondsSchema,
  z.string().regex(/^\d{1,19}$/),
  z.string().regex(/^\d{1,19}$/),
]);

export function encodeCursor({ range, isAsked, after }: Cursor): string {
  const fields: z.infer<typeof cursorSchema> = [
    range.fromS,
    range.toS,
    isAsked,
    after.roundId,
    after.sourceAgentId,
    after.targetAgentId,
  ];
  return Buffer.from(JSON.stringify(fields)).toString('base64url');
}

/** Null for text that is no cursor of ours. */
export function decodeCursor(text: string): Cursor | null {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    return null;
  }
  const parsed = cursorSchema.safeParse(value);
  if (!parsed.success) return null;
  const [fromS, toS, isAsked, roundId, sourceAgentId, targetAgentId] = parsed.data;
  return { range: { fromS, toS }, isAsked, after: { roundId, sourceAgentId, targetAgentId } };
}
