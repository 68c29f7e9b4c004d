// A resource that gives a test's rounds a page at a time.

import { halMediaType, type ResultsQuery } from '@pinhole/contract';
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import type { Context } from '../context.ts';
import { agentNames } from '../store/agents.ts';
import type { RoundKey } from '../store/rounds.ts';
import type { TestRecord } from '../store/tests.ts';
import { baseUrl } from './base-url.ts';
import { simpleTestBody } from './bodies.ts';
import { existingTest } from './existing.ts';
import { type RoundSource, readPage } from './pages.ts';
import { parseRequest } from './problem.ts';
import { resource } from './resource.ts';
import type { RowNames } from './row-frame.ts';

export interface PagedRounds<R extends RoundKey, Query extends ResultsQuery, Row> {
  /** Below the test's results. */
  readonly path: string;
  readonly querySchema: z.ZodType<Query>;
  readonly source: RoundSource<R>;
  /** `groups`: each is a pair's round, whole. */
  rows(
    groups: readonly (readonly R[])[],
    asked: { readonly query: Query; readonly test: TestRecord; readonly names: RowNames },
  ): Row[] | Promise<Row[]>;
}

export function pageRoute<R extends RoundKey, Query extends ResultsQuery, Row>(
  app: FastifyInstance,
  context: Context,
  { path, querySchema, source, rows }: PagedRounds<R, Query, Row>,
): void {
  const { db, clock } = context;
  resource(app, `/v7/test-results/:testId/${path}`, {
    async GET(request, reply) {
      const query = parseRequest(querySchema, request.query);
      const test = await existingTest(db, request);
      const base = baseUrl(context, request);
      const { groups, frame } = await readPage(source, test, query, clock.wallMs(), {
        resource: `${base}/v7/test-results/${test.testId}/${path}`,
        self: base + request.url,
      });
      const names = { names: await agentNames(db), baseUrl: base };
      reply.type(halMediaType);
      return {
        results: await rows(groups, { query, test, names }),
        test: simpleTestBody(test, base),
        ...frame,
      };
    },
  });
}
