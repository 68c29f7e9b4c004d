// All of REST that needs to know who asks.

import type { FastifyInstance } from 'fastify';
import type { Context } from '../context.ts';
import { accountGroupRoutes, requireAccountGroup } from './account-group.ts';
import { agentListRoutes } from './agent-lists.ts';
import { agentTestRoutes } from './agent-tests.ts';
import { agentRoutes } from './agents.ts';
import { alertRuleRoutes } from './alert-rules.ts';
import { alertRoutes } from './alerts.ts';
import { pathRoutes } from './paths.ts';
import { notFound } from './problem.ts';
import { resultRoutes } from './results.ts';
import { streamRoutes } from './streams.ts';
import { testRoutes } from './tests.ts';

/** In a scope of its own, behind `protect`. */
export function restRoutes(app: FastifyInstance, context: Context): void {
  requireAccountGroup(app);
  accountGroupRoutes(app, context);
  agentRoutes(app, context);
  agentTestRoutes(app, context);
  agentListRoutes(app, context);
  testRoutes(app, context);
  resultRoutes(app, context);
  pathRoutes(app, context);
  alertRoutes(app, context);
  alertRuleRoutes(app, context);
  app.register(async (streams) => streamRoutes(streams, context));
  // So that these, too, tell strangers nothing, and have the headers of the rate limit.
  app.all('/v7/*', async () => {
    throw notFound('There is nothing at this path.');
  });
}
