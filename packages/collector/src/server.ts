// The HTTP server: limits and rooms.

import cookie from '@fastify/cookie';
import rateLimit from '@fastify/rate-limit';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyServerOptions,
  LogController,
} from 'fastify';
import { agentProtocolRoutes } from './agents/routes.ts';
import type { Context } from './context.ts';
import { metricsRoutes } from './export/prometheus/routes.ts';
import { pageFiles } from './page/files.ts';
import { pageRoutes } from './page/routes.ts';
import { securityHeaders, setSecurityHeaders } from './page/security.ts';
import { protect } from './rest/auth.ts';
import { descriptionRoutes } from './rest/description.ts';
import { forwardedWithoutPorts } from './rest/forwarded.ts';
import { handleErrors, sendProblem } from './rest/problem.ts';
import { resource } from './rest/resource.ts';
import { restRoutes } from './rest/routes.ts';
import type { TlsMaterial } from './tls.ts';

/** A test with as many sources as can be has less than a tenth of it; check-ins have a limit of their own. */
const bodyLimitBytes = 1_048_576;
/** To hand in one request; how long it is held after that is not counted. */
const requestTimeoutMs = 30_000;
/** Of these for its headers, also the first one's of a connection: whoever says nothing is not kept. */
const headersTimeoutMs = 10_000;
/** How often both are looked at: they are exceeded by this much at most. */
const timeoutCheckMs = 5000;
/** Each agent holds one connection open and needs another for a moment. */
const maxConnections = 10_000;

export interface ServerOptions {
  /** Null: plain HTTP. */
  readonly tls: TlsMaterial | null;
  /** Addresses and networks of those who are believed about whom they speak for. */
  readonly trustedProxies: readonly string[];
  /** The folder of the page's files; null: there is no page. */
  readonly pageDir: string | null;
}

export async function createServer(context: Context, options: ServerOptions): Promise<FastifyInstance> {
  const timeouts = { headersTimeout: headersTimeoutMs, connectionsCheckingInterval: timeoutCheckMs };
  const serverOptions: FastifyServerOptions = {
    loggerInstance: context.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    // Of a URL that cannot be decoded: no route, hook or error handler comes to it.
    frameworkErrors: (error, request, reply) => {
      setSecurityHeaders(request, reply);
      sendProblem(request, reply, { status: error.statusCode ?? 400, detail: error.message });
    },
    trustProxy: options.trustedProxies.length === 0 ? false : [...options.trustedProxies],
    ...(options.tls === null
      ? { http: timeouts }
      : { https: { ...options.tls, ...timeouts, handshakeTimeout: headersTimeoutMs } }),
  };
  const app: FastifyInstance = Fastify(serverOptions);
  app.server.maxConnections = maxConnections;
  if (options.trustedProxies.length > 0) forwardedWithoutPorts(app);
  handleErrors(app);
  securityHeaders(app);
  await app.register(rateLimit, { global: false });
  await app.register(cookie);

  resource(app, '/healthz', { GET: async () => ({ status: 'ok' }) });
  await app.register(async (agents) => agentProtocolRoutes(agents, context));
  await app.register(async (open) => descriptionRoutes(open));
  await app.register(async (rest) => {
    protect(rest, context);
    restRoutes(rest, context);
    metricsRoutes(rest, context);
  });
  await app.register(async (page) => pageRoutes(page, context));
  const { pageDir } = options;
  if (pageDir !== null) await app.register(async (files) => pageFiles(files, pageDir));
  app.addHook('preClose', async () => context.changes.close());
  return app;
}
