// /v7/test-results/{testId}/network

import type { OneDirection, RoundResult } from '@pinhole/contract';
import {
  halMediaType,
  type NetworkResults,
  type ResultsQuery,
  resultsPageRows,
  resultsQuerySchema,
} from '@pinhole/contract';
import type { FastifyInstance } from 'fastify';
import type { Context } from '../context.ts';
import { agentNames, findAgents } from '../store/agents.ts';
import { latestRound, type ResultPosition, readResults } from '../store/results.ts';
import { baseUrl } from './base-url.ts';
import { simpleTestBody } from './bodies.ts';
import { dateTime } from './date-time.ts';
import { invalidRequest, parseRequest } from './problem.ts';
import { resource } from './resource.ts';
import { combinedRow, directionRow, directionsToRead, groupByPair } from './result-rows.ts';
import { existing } from './tests.ts';
import { askedRange, decodeCursor, encodeCursor, type TimeRange } from './time-range.ts';
import { unreachableReasons } from './unreachable.ts';

export function resultRoutes(app: FastifyInstance, context: Context): void {
  const { db, clock } = context;

  resource(app, '/v7/test-results/:testId/network', {
    async GET(request, reply) {
      const query = parseRequest(resultsQuerySchema, request.query);
      const test = await existing(db, request);
      const directions = directionsToRead(test.settings.direction, query.direction);
      if (directions === null) {
        const message = `This test measures ${test.settings.direction} only.`;
        throw invalidRequest([{ code: 'direction-not-measured', field: 'direction', message }]);
      }
      const { range, isAsked, after } = await whatToRead(test.testId, directions, query);
      const page = await readPage(test.testId, directions, range, after);
      const base = baseUrl(context, request);
      const members = await findAgents(db, [test.targetAgentId, ...test.sourceAgentIds]);
      const names = {
        names: await agentNames(db),
        baseUrl: base,
        unreachableReasons: (agentId: string) => {
          const agent = members.get(agentId);
          return agent === undefined ? [] : unreachableReasons(agent);
        },
      };
      const results =
        query.direction === 'bidirectional'
          ? page.groups.map((group) => combinedRow(group, names)).filter((row) => row !== null)
          : page.groups.flat().map((result) => directionRow(result, names));

      const next = new URLSearchParams(query.direction === undefined ? {} : { direction: query.direction });
      if (page.last !== null) next.set('cursor', encodeCursor({ range, isAsked, after: page.last }));
      const path = `${base}/v7/test-results/${test.testId}/network`;
      const body: NetworkResults = {
        results,
        test: simpleTestBody(test, base),
        ...(isAsked ? { startDate: dateTime(range.fromS * 1000), endDate: dateTime(range.toS * 1000) } : {}),
        _links: {
          self: { href: base + request.url },
          ...(page.last === null ? {} : { next: { href: `${path}?${next}` } }),
        },
      };
      reply.type(halMediaType);
      return body;
    },
  });

  async function whatToRead(testId: string, directions: readonly OneDirection[], query: ResultsQuery) {
    if (query.cursor !== undefined) {
      const cursor = decodeCursor(query.cursor);
      if (cursor !== null) return cursor;
      const message = 'This is no cursor of this API; follow _links.next instead of making one.';
      throw invalidRequest([{ code: 'invalid-cursor', field: 'cursor', message }]);
    }
    const range = askedRange(query, clock.wallMs());
    if (range !== null) return { range, isAsked: true, after: null };
    const roundId = (await latestRound(db, testId, directions)) ?? 0;
    return { range: { fromS: roundId, toS: roundId }, isAsked: false, after: null };
  }

  /** Whole pairs only, so that both directions of one are on one page. `last`: where the next page goes on. */
  async function readPage(
    testId: string,
    directions: readonly OneDirection[],
    range: TimeRange,
    after: ResultPosition | null,
  ): Promise<{ groups: RoundResult[][]; last: ResultPosition | null }> {
    const results = await readResults(db, {
      testId,
      directions,
      fromRoundId: range.fromS,
      toRoundId: range.toS,
      after,
      limit: resultsPageRows + 1,
    });
    const groups = groupByPair(results);
    if (results.length <= resultsPageRows) return { groups, last: null };
    // The last pair may go on behind what was read.
    groups.pop();
    return { groups, last: groups.at(-1)![0]! };
  }
}
