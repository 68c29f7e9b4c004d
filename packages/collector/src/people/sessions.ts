// The session of a signed-in person: a cookie that scripts cannot read, of which the collector keeps a hash.

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Context } from '../context.ts';
import {
  addSession,
  changePerson,
  endOldSessions,
  endSession,
  findPerson,
  findSession,
  type PersonRecord,
  type SessionRecord,
  touchSession,
} from '../store/people.ts';
import { lastUseIntervalMs, written } from './last-use.ts';

/** NIST SP 800-63B §2.1.3: to sign in again after 30 days at the latest. */
const sessionLifetimeMs = 30 * 86_400_000;
/** A page that is open asks all the time; a working day without one ends the session. */
const idleLifetimeMs = 12 * 3_600_000;
/** Against guessing, more than anybody can try: 256 bits. */
const secretBytes = 32;
const secretPattern = /^[\w-]{43}$/;

/** The person whose session the request's cookie names; null where there is none, or none any more. */
export async function sessionOf(context: Context, request: FastifyRequest): Promise<SessionRecord | null> {
  const secret = request.cookies[cookieName(context, request)];
  if (secret === undefined || !secretPattern.test(secret)) return null;
  const session = await findSession(context.db, secret);
  if (session === null) return null;
  const nowMs = context.clock.wallMs();
  const isOver =
    nowMs - session.createdAtMs > sessionLifetimeMs || nowMs - session.lastSeenAtMs > idleLifetimeMs;
  if (isOver) {
    await endSession(context.db, session.sessionHash);
    return null;
  }
  if (nowMs - session.lastSeenAtMs > lastUseIntervalMs)
    await written(touchSession(context.db, session.sessionHash, nowMs));
  return session;
}

/**
 * Always another secret than before: one that somebody else has planted is worth nothing. False where the person is gone,
 * or has another password since this one was looked at.
 */
export async function beginSession(
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  { personId, passwordHash }: PersonRecord,
): Promise<boolean> {
  const secret = Buffer.from(context.random.bytes(secretBytes)).toString('base64url');
  const nowMs = context.clock.wallMs();
  const isBegun = await context.db.transaction().execute(async (db) => {
    if ((await findPerson(db, personId))?.passwordHash !== passwordHash) return false;
    await endOldSessions(db, {
      begunBeforeMs: nowMs - sessionLifetimeMs,
      seenBeforeMs: nowMs - idleLifetimeMs,
    });
    await addSession(db, personId, secret, nowMs);
    await changePerson(db, personId, { lastSignInAtMs: nowMs });
    return true;
  });
  if (!isBegun) return false;
  reply.setCookie(cookieName(context, request), secret, {
    ...cookieOptions(context, request),
    maxAge: sessionLifetimeMs / 1000,
  });
  return true;
}

export function clearSessionCookie(context: Context, request: FastifyRequest, reply: FastifyReply): void {
  reply.clearCookie(cookieName(context, request), cookieOptions(context, request));
}

function isSecure(context: Context, request: FastifyRequest): boolean {
  return request.protocol === 'https' || context.publicUrl?.startsWith('https:') === true;
}

/** A browser takes a cookie of this prefix from this very host only, over TLS (RFC 6265bis §4.1.3). */
function cookieName(context: Context, request: FastifyRequest): string {
  return isSecure(context, request) ? '__Host-pinhole' : 'pinhole';
}

function cookieOptions(context: Context, request: FastifyRequest) {
  return { path: '/', httpOnly: true, sameSite: 'strict', secure: isSecure(context, request) } as const;
}
