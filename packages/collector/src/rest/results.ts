// /v7/test-results/{testId}/network

import { halMediaType, type NetworkResults, type RoundResult, resultsQuerySchema } from '@pinhole/contract';
import type { FastifyInstance } from 'fastify';
import type { Context } from '../context.ts';
import { agentNames, findAgents } from '../store/agents.ts';
import { readResults } from '../store/results.ts';
import { latestRound } from '../store/rounds.ts';
import { baseUrl } from './base-url.ts';
import { simpleTestBody } from './bodies.ts';
import { type RoundSource, readPage } from './pages.ts';
import { parseRequest } from './problem.ts';
import { resource } from './resource.ts';
import { combinedRow, directionRow } from './result-rows.ts';
import { existing } from './tests.ts';
import { unreachableReasons } from './unreachable.ts';

export function resultRoutes(app: FastifyInstance, context: Context): void {
  const { db, clock } = context;
  const source: RoundSource<RoundResult> = {
    latestRound: (testId, directions) => latestRound(db, 'result', testId, directions),
    read: (range) => readResults(db, range),
  };

  resource(app, '/v7/test-results/:testId/network', {
    async GET(request, reply) {
      const query = parseRequest(resultsQuerySchema, request.query);
      const test = await existing(db, request);
      const base = baseUrl(context, request);
      const { groups, frame } = await readPage(source, test, query, clock.wallMs(), {
        resource: `${base}/v7/test-results/${test.testId}/network`,
        self: base + request.url,
      });
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
          ? groups.map((group) => combinedRow(group, names)).filter((row) => row !== null)
          : groups.flat().map((result) => directionRow(result, names));
      const body: NetworkResults = { results, test: simpleTestBody(test, base), ...frame };
      reply.type(halMediaType);
      return body;
    },
  });
}
