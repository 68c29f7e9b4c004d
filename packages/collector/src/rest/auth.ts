// Who may ask, and how often.

import { createHash, timingSafeEqual } from 'node:crypto';
import { type Access, problemMediaType, type Unauthorized } from '@pinhole/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Context } from '../context.ts';
import { type Identity, identify, isSafeMethod } from '../people/identity.ts';
import { HttpProblem } from './problem.ts';

const minuteMs = 60_000;

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

/** v7's body of a 401. */
export function sendUnauthorized(reply: FastifyReply, body: Unauthorized): FastifyReply {
  return reply.code(401).type(problemMediaType).header('www-authenticate', 'Bearer').send(body);
}

/** What a request needs: `read` to look, `write` to change something. */
function accessByMethod({ method }: FastifyRequest): Access {
  return isSafeMethod(method) ? 'read' : 'write';
}

/**
 * Lets those through who have an API token or a session, within v7's rate limit, as far as they may do what they ask
 * for. `identityOf` tells who it is. What may change something is judged again once its body is there: who sends it takes
 * as long as the server waits, and a token may be revoked by then, a session over, a person somebody who may only read.
 */
export function protect(
  app: FastifyInstance,
  context: Context,
  needed: (request: FastifyRequest) => Access = accessByMethod,
): void {
  const failed = failureLimit(app, context.limits.failedLoginsPerMinute);
  const limit = app.createRateLimit({ max: context.limits.restPerMinute, timeWindow: minuteMs });

  app.addHook('onRequest', async (request, reply) => {
    reply.header('cache-control', 'no-store');
    const identity = await known(request, reply);
    if (identity === null) return reply;
    const state = await limit(request);
    if (!state.isAllowed) {
      const resetS = Math.floor(context.clock.wallMs() / 1000) + state.ttlInSeconds;
      reply.header('x-organization-rate-limit-limit', state.max);
      reply.header('x-organization-rate-limit-remaining', state.remaining);
      reply.header('x-organization-rate-limit-reset', resetS);
      if (state.isExceeded) {
        reply.header('retry-after', state.ttlInSeconds);
        throw new HttpProblem(429, `More than ${state.max} requests within a minute.`);
      }
    }
    refuseReaders(request, identity);
    return undefined;
  });

  app.addHook('preHandler', async (request, reply) => {
    if (isSafeMethod(request.method)) return undefined;
    const identity = await known(request, reply);
    if (identity === null) return reply;
    refuseReaders(request, identity);
    return undefined;
  });

  /** Null: nobody that is known, and that is answered. */
  async function known(request: FastifyRequest, reply: FastifyReply): Promise<Identity | null> {
    const identity = await identify(context, request);
    if (identity === 'nobody') {
      sendUnauthorized(reply, { error: 'unauthorized', error_description: 'An access token is required' });
      return null;
    }
    if (identity === 'wrong') {
      await failed(request, reply);
      sendUnauthorized(reply, { error: 'invalid_token', error_description: 'Invalid access token' });
      return null;
    }
    return identity;
  }

  function refuseReaders(request: FastifyRequest, { access }: Identity): void {
    if (needed(request) === 'read' || access === 'write') return;
    throw new HttpProblem(
      403,
      'Insufficient permissions: this needs write access, and yours is for reading.',
    );
  }
}
