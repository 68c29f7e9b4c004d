// The HTTP server: limits and rooms.

import rateLimit from '@fastify/rate-limit';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { agentProtocolRoutes } from './agents/routes.ts';
import type { Context } from './context.ts';
import { agentRoutes } from './rest/agents.ts';
import { protectRest } from './rest/auth.ts';
import { pathRoutes } from './rest/paths.ts';
import { handleErrors } from './rest/problem.ts';
import { resource } from './rest/resource.ts';
import { resultRoutes } from './rest/results.ts';
import { testRoutes } from './rest/tests.ts';

/** A test with as many sources as can be has less than a tenth of it; check-ins have a limit of their own. */
const bodyLimitBytes = 1_048_576;
/** To hand in one request; how long it is held after that is not counted. */
const requestTimeoutMs = 30_000;
/** Each agent holds one connection open and needs another for a moment. */
const maxConnections = 10_000;

export async function createServer(context: Context): Promise<FastifyInstance> {
  const app: FastifyInstance = Fastify({
    loggerInstance: context.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    // Somebody in front of the collector, on the same machine, is believed about whom he speaks for; nobody else is.
    trustProxy: context.publicUrl === null ? false : 'loopback',
  });
  app.server.maxConnections = maxConnections;
  handleErrors(app);
  await app.register(rateLimit, { global: false });

  resource(app, '/healthz', { GET: async () => ({ status: 'ok' }) });
  await app.register(async (agents) => agentProtocolRoutes(agents, context));
  await app.register(async (rest) => {
    protectRest(rest, context);
    agentRoutes(rest, context);
    testRoutes(rest, context);
    resultRoutes(rest, context);
    pathRoutes(rest, context);
  });
  app.addHook('preClose', async () => context.changes.close());
  return app;
}
