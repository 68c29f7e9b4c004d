// Who may ask, and how often.

import { createHash, timingSafeEqual } from 'node:crypto';
import { problemMediaType, type Unauthorized } from '@pinhole/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Context } from '../context.ts';
import { HttpProblem } from './problem.ts';

const minuteMs = 60_000;

/** The token of an `Authorization: Bearer` header (RFC 6750, section 2.1). */
export function bearerToken(request: FastifyRequest): string | null {
  return /^Bearer +([\x21-\x7e]{1,200})$/i.exec(request.headers.authorization ?? '')?.[1] ?? null;
}

/** In constant time, whatever the lengths. */
export function sameSecret(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** Counts what goes wrong from one address; throws 429 beyond the limit. */
export function failureLimit(app: FastifyInstance, maxPerMinute: number) {
  const limit = app.createRateLimit({ max: maxPerMinute, timeWindow: minuteMs });
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const state = await limit(request);
    if (state.isAllowed || !state.isExceeded) return;
    reply.header('retry-after', state.ttlInSeconds);
    throw new HttpProblem(429, `Too many attempts from ${request.ip}.`);
  };
}

/** Lets only the API token through, within v7's rate limit. */
export function protectRest(app: FastifyInstance, context: Context): void {
  const failed = failureLimit(app, context.limits.failedLoginsPerMinute);
  const limit = app.createRateLimit({ max: context.limits.restPerMinute, timeWindow: minuteMs });

  app.addHook('onRequest', async (request, reply) => {
    const token = bearerToken(request);
    if (token === null || !sameSecret(token, context.apiToken)) {
      await failed(request, reply);
      const body: Unauthorized = {
        error: token === null ? 'unauthorized' : 'invalid_token',
        error_description: token === null ? 'An access token is required' : 'Invalid access token',
      };
      reply.code(401).type(problemMediaType).header('www-authenticate', 'Bearer').send(body);
      return reply;
    }
    const state = await limit(request);
    if (state.isAllowed) return;
    const resetS = Math.floor(context.clock.wallMs() / 1000) + state.ttlInSeconds;
    reply.header('x-organization-rate-limit-limit', state.max);
    reply.header('x-organization-rate-limit-remaining', state.remaining);
    reply.header('x-organization-rate-limit-reset', resetS);
    if (!state.isExceeded) return;
    reply.header('retry-after', state.ttlInSeconds);
    throw new HttpProblem(429, `More than ${state.max} requests within a minute.`);
  });
}
