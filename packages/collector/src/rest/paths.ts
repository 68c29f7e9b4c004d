// /v7/test-results/{testId}/path-vis and /v7/test-results/{testId}/path-vis/agent/{agentId}/round/{roundId}

import {
  halMediaType,
  type PathVisDetailResults,
  type PathVisResult,
  pathVisDetailQuerySchema,
  pathVisQuerySchema,
  type ResultsQuery,
  roundIdParameterSchema,
  type TracedResult,
} from '@pinhole/contract';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { hopAddresses } from '../agents/results.ts';
import type { Context } from '../context.ts';
import { agentNames } from '../store/agents.ts';
import { readPaths, readPathsOfRound } from '../store/paths.ts';
import { latestRound } from '../store/rounds.ts';
import { baseUrl } from './base-url.ts';
import { simpleTestBody } from './bodies.ts';
import { existingTest } from './existing.ts';
import { pageRoute } from './page-route.ts';
import { directionsToRead } from './pages.ts';
import { pathDetailRow, pathRow } from './path-rows.ts';
import { notFound, parseRequest } from './problem.ts';
import { resource } from './resource.ts';

/** What a person does not take for slow; names that come later are there the next time. */
const namesWaitMs = 400;

const detailParametersSchema = z.object({ agentId: z.string(), roundId: roundIdParameterSchema });

export function pathRoutes(app: FastifyInstance, context: Context): void {
  const { db, networks, names } = context;
  pageRoute<TracedResult, ResultsQuery, PathVisResult>(app, context, {
    path: 'path-vis',
    querySchema: pathVisQuerySchema,
    source: {
      latestRound: (testId, directions) => latestRound(db, 'path', testId, directions),
      read: (range) => readPaths(db, range),
    },
    rows: (groups, { names: rowNames }) =>
      groups.flat().map((result) => pathRow(result, { ...rowNames, networks })),
  });

  resource(app, '/v7/test-results/:testId/path-vis/agent/:agentId/round/:roundId', {
    async GET(request, reply) {
      const query = parseRequest(pathVisDetailQuerySchema, request.query);
      const test = await existingTest(db, request);
      const { agentId, roundId } = parseRequest(detailParametersSchema, request.params);
      const directions = directionsToRead(test.settings.direction, query.direction);
      const results = await readPathsOfRound(db, {
        testId: test.testId,
        directions,
        sourceAgentId: agentId,
        roundId,
      });
      if (results.length === 0 && !test.sourceAgentIds.includes(agentId))
        throw notFound(`Agent ${agentId} is no source of test ${test.testId}.`);
      const base = baseUrl(context, request);
      const rowNames = {
        names: await agentNames(db),
        baseUrl: base,
        networks,
        hopNames: await names.of(hopAddresses(results), namesWaitMs),
      };
      const body: PathVisDetailResults = {
        results: results.map((result) => pathDetailRow(result, rowNames)),
        test: simpleTestBody(test, base),
        _links: { self: { href: base + request.url } },
      };
      reply.type(halMediaType);
      return body;
    },
  });
}
