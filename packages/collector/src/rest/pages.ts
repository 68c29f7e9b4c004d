// Results a page at a time: which rounds a request is about, what of them is on this page, and where the next begins.

import {
  type Direction,
  type Link,
  type OneDirection,
  type ResultsQuery,
  resultsPageRows,
} from '@pinhole/contract';
import type { RoundKey, RoundPosition, RoundRange } from '../store/rounds.ts';
import type { TestRecord } from '../store/tests.ts';
import { dateTime } from './date-time.ts';
import { invalidRequest } from './problem.ts';
import { askedRange, type Cursor, decodeCursor, encodeCursor, type TimeRange } from './time-range.ts';

export interface RoundSource<R extends RoundKey> {
  latestRound(testId: string, directions: readonly OneDirection[]): Promise<number | null>;
  /** Newest round first; a pair's directions follow one another. */
  read(range: RoundRange): Promise<R[]>;
}

export interface Page<R> {
  /** Each is a pair's round, whole. */
  readonly groups: readonly (readonly R[])[];
  /** The members of v7's body that tell which rounds these are, and where the others. */
  readonly frame: {
    readonly startDate?: string;
    readonly endDate?: string;
    readonly _links: { readonly self: Link; readonly next?: Link };
  };
}

/** `url`: of the resource, and as it was asked for. Throws HttpProblem 400. */
export async function readPage<R extends RoundKey>(
  source: RoundSource<R>,
  { testId, settings }: TestRecord,
  query: ResultsQuery,
  nowMs: number,
  url: { readonly resource: string; readonly self: string },
): Promise<Page<R>> {
  const directions = directionsToRead(settings.direction, query.direction);
  const { range, isAsked, after } = await whatToRead(source, testId, directions, query, nowMs);
  const results = await source.read({
    testId,
    directions,
    fromRoundId: range.fromS,
    toRoundId: range.toS,
    after,
    limit: resultsPageRows + 1,
  });
  const { groups, last } = wholePairs(results);
  const next = new URLSearchParams(query.direction === undefined ? {} : { direction: query.direction });
  if (last !== null) next.set('cursor', encodeCursor({ range, isAsked, after: last }));
  return {
    groups,
    frame: {
      ...(isAsked && { startDate: dateTime(range.fromS * 1000), endDate: dateTime(range.toS * 1000) }),
      _links: {
        self: { href: url.self },
        ...(last !== null && { next: { href: `${url.resource}?${next}` } }),
      },
    },
  };
}

/** The directions whose results answer a question for `asked`. Throws HttpProblem 400 where the test has not that one. */
export function directionsToRead(ofTest: Direction, asked: Direction | undefined): OneDirection[] {
  const wanted = asked ?? ofTest;
  if (ofTest !== 'bidirectional' && wanted !== ofTest) {
    const message = `This test measures ${ofTest} only.`;
    throw invalidRequest([{ code: 'direction-not-measured', field: 'direction', message }]);
  }
  return wanted === 'bidirectional' ? ['to-target', 'from-target'] : [wanted];
}

async function whatToRead(
  source: Pick<RoundSource<RoundKey>, 'latestRound'>,
  testId: string,
  directions: readonly OneDirection[],
  query: ResultsQuery,
  nowMs: number,
): Promise<Omit<Cursor, 'after'> & { readonly after: RoundPosition | null }> {
  if (query.cursor !== undefined) {
    const cursor = decodeCursor(query.cursor);
    if (cursor !== null) return cursor;
    const message = 'This is no cursor of this API; follow _links.next instead of making one.';
    throw invalidRequest([{ code: 'invalid-cursor', field: 'cursor', message }]);
  }
  const asked = askedRange(query, nowMs);
  if (asked !== null) return { range: asked, isAsked: true, after: null };
  const roundId = (await source.latestRound(testId, directions)) ?? 0;
  const range: TimeRange = { fromS: roundId, toS: roundId };
  return { range, isAsked: false, after: null };
}

/** Both directions of a pair are on one page. `last`: where the next page goes on. */
function wholePairs<R extends RoundKey>(
  results: readonly R[],
): { groups: R[][]; last: RoundPosition | null } {
  const pair = ({ roundId, sourceAgentId, targetAgentId }: RoundKey) =>
    `${roundId}|${sourceAgentId}|${targetAgentId}`;
  const groups = [...Map.groupBy(results, pair).values()];
  if (results.length <= resultsPageRows) return { groups, last: null };
  // The last pair may go on behind what was read.
  groups.pop();
  return { groups, last: groups.at(-1)![0]! };
}
