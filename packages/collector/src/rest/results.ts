// /v7/test-results/{testId}/network

import {
  type NetworkResult,
  type ResultsQuery,
  type RoundResult,
  resultsQuerySchema,
} from '@pinhole/contract';
import type { FastifyInstance } from 'fastify';
import type { Context } from '../context.ts';
import { findAgents } from '../store/agents.ts';
import { readResults } from '../store/results.ts';
import { latestRound } from '../store/rounds.ts';
import { pageRoute } from './page-route.ts';
import { combinedRow, directionRow } from './result-rows.ts';
import { unreachableReasons } from './unreachable.ts';

export function resultRoutes(app: FastifyInstance, context: Context): void {
  const { db } = context;
  pageRoute<RoundResult, ResultsQuery, NetworkResult>(app, context, {
    path: 'network',
    querySchema: resultsQuerySchema,
    source: {
      latestRound: (testId, directions) => latestRound(db, 'result', testId, directions),
      read: (range) => readResults(db, range),
    },
    async rows(groups, { query, test, names }) {
      const members = await findAgents(db, [test.targetAgentId, ...test.sourceAgentIds]);
      const rowNames = {
        ...names,
        unreachableReasons: (agentId: string) => {
          const agent = members.get(agentId);
          return agent === undefined ? [] : unreachableReasons(agent);
        },
      };
      return query.direction === 'bidirectional'
        ? groups.map((group) => combinedRow(group, rowNames)).filter((row) => row !== null)
        : groups.flat().map((result) => directionRow(result, rowNames));
    },
  });
}
