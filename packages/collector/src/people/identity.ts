// Who sends a request, and what they may do.

import { type Access, pageHeader } from '@pinhole/contract';
import type { FastifyRequest } from 'fastify';
import type { Context } from '../context.ts';
import { HttpProblem } from '../rest/problem.ts';
import { findTokenBySecret, type SessionRecord, touchToken } from '../store/people.ts';
import { lastUseIntervalMs, written } from './last-use.ts';
import { sessionOf } from './sessions.ts';

export interface Identity {
  readonly access: Access;
  /** Null for an API token. */
  readonly session: SessionRecord | null;
}

/** `wrong`: a token that is none, or none any more. */
export type Identified = Identity | 'nobody' | 'wrong';

const identities = new WeakMap<FastifyRequest, Identity>();

/** Of a request that has come past `protect` (rest/auth.ts). */
export function identityOf(request: FastifyRequest): Identity {
  const identity = identities.get(request);
  if (identity === undefined) throw new Error('nobody has asked who sends this request');
  return identity;
}

/**
 * By the token of the Authorization header (RFC 6750) or, without that header, by the session's cookie. Throws HttpProblem
 * 403 where a browser has sent the cookie for another site's page.
 */
export async function identify(context: Context, request: FastifyRequest): Promise<Identified> {
  const found = await find(context, request);
  if (typeof found !== 'string') identities.set(request, found);
  return found;
}

async function find(context: Context, request: FastifyRequest): Promise<Identified> {
  // Other schemes are those of a proxy in front of the collector.
  if (/^Bearer\b/i.test(request.headers.authorization ?? '')) {
    const secret = bearerToken(request);
    const token = secret === null ? null : await findTokenBySecret(context.db, secret);
    if (token === null) return 'wrong';
    const nowMs = context.clock.wallMs();
    if (nowMs - (token.lastUsedAtMs ?? 0) > lastUseIntervalMs)
      await written(touchToken(context.db, token.tokenId, nowMs));
    return { access: token.access, session: null };
  }
  const session = await sessionOf(context, request);
  if (session === null) return 'nobody';
  refuseOtherSites(request);
  return { access: session.person.access, session };
}

/** The token of an `Authorization: Bearer` header (RFC 6750, section 2.1). */
export function bearerToken(request: FastifyRequest): string | null {
  return /^Bearer +([\x21-\x7e]{1,200})$/i.exec(request.headers.authorization ?? '')?.[1] ?? null;
}

/**
 * Throws HttpProblem 403 for what another site's page has made a browser send. A page of another origin cannot set
 * `pageHeader` without being allowed to (the Fetch Standard's preflight), which nobody is here; browsers also say where a
 * request comes from, and `none` is what a person has typed or bookmarked.
 */
export function refuseOtherSites(request: FastifyRequest): void {
  const site = request.headers['sec-fetch-site'];
  const isSafe = isSafeMethod(request.method);
  const isOwn = site === undefined || site === 'same-origin' || (site === 'none' && isSafe);
  if (!isOwn) throw new HttpProblem(403, 'This request was sent by the page of another site.');
  if (isSafe || request.headers[pageHeader] !== undefined) return;
  throw new HttpProblem(403, `With a session's cookie this needs the header ${pageHeader}.`);
}

/** RFC 9110 §9.2.1 */
export function isSafeMethod(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}
