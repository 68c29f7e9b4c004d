// What the views ask the collector.

import {
  type NetworkResult,
  networkResultsSchema,
  roundPathSchema,
  runningSchema,
  timelineSchema,
} from '@pinhole/contract';
import { queryOptions } from '@tanstack/react-query';
import { get } from '../api/client.ts';
import type { Range } from '../timeline/range.ts';

/** A phase of a round takes a few seconds. */
const runningPollMs = 1500;
/** A page of results has 500 rows; a test has 500 sources and two directions at most. */
const mostPages = 3;

export function timelineQuery(
  testId: string,
  { fromS, toS }: Range,
  points: number,
  sourceAgentId: string | undefined,
) {
  return queryOptions({
    queryKey: ['timeline', testId, fromS, toS, points, sourceAgentId ?? null],
    queryFn: ({ signal }) =>
      get(`${testPath(testId)}/timeline`, timelineSchema, {
        query: { from: fromS, to: toS, points, sourceAgentId },
        signal,
      }),
    // While time goes on, the last picture stays until the next is there; not that of another test.
    placeholderData: (previous, query) => (query?.queryKey[1] === testId ? previous : undefined),
    staleTime: 10_000,
  });
}

/** Both directions of all sources. `isOpen`: results may still come in. */
export function roundResultsQuery(testId: string, roundId: number, isOpen: boolean) {
  return queryOptions({
    queryKey: ['round', testId, roundId, 'results'],
    queryFn: async ({ signal }) => {
      const at = new Date(roundId * 1000).toISOString();
      const results: NetworkResult[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < mostPages; page++) {
        const body = await get(
          `/v7/test-results/${encodeURIComponent(testId)}/network`,
          networkResultsSchema,
          {
            query: { startDate: at, endDate: at, cursor },
            signal,
          },
        );
        results.push(...body.results);
        const next = body._links.next?.href;
        if (next === undefined) break;
        cursor = new URL(next, location.href).searchParams.get('cursor') ?? undefined;
      }
      return results;
    },
    refetchInterval: isOpen ? 5000 : false,
    staleTime: isOpen ? 0 : 60_000,
  });
}

/** `isOpen`: traces may still come in. */
export function roundPathQuery(testId: string, roundId: number, isOpen: boolean) {
  return queryOptions({
    queryKey: ['round', testId, roundId, 'path'],
    queryFn: ({ signal }) => get(`${testPath(testId)}/rounds/${roundId}/path`, roundPathSchema, { signal }),
    refetchInterval: isOpen ? 5000 : false,
    staleTime: isOpen ? 0 : 60_000,
  });
}

export function runningQuery(testId: string, isLive: boolean) {
  return queryOptions({
    queryKey: ['running', testId],
    queryFn: ({ signal }) => get(`${testPath(testId)}/running`, runningSchema, { signal }),
    enabled: isLive,
    refetchInterval: runningPollMs,
  });
}

function testPath(testId: string): string {
  return `/page/tests/${encodeURIComponent(testId)}`;
}
