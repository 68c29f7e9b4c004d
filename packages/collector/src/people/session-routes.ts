// /page/session: signing in and out.

import { passwordChangeSchema, type Session, signInRequestSchema } from '@pinhole/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Context } from '../context.ts';
import { failureLimit, protect, sendUnauthorized } from '../rest/auth.ts';
import { HttpProblem, invalidRequest, notFound, parseRequest } from '../rest/problem.ts';
import { resource } from '../rest/resource.ts';
import {
  changePerson,
  endSession,
  endSessions,
  findPerson,
  findPersonByName,
  type PersonRecord,
  type SessionRecord,
} from '../store/people.ts';
import { administratorName, forgetFirstPassword } from './administrator.ts';
import { Attempts } from './attempts.ts';
import { identityOf, refuseOtherSites } from './identity.ts';
import { TooManyPasswords } from './password.ts';
import { beginSession, clearSessionCookie } from './sessions.ts';

const sessionUrl = '/page/session';
/** Whatever is sent there: a name and a password are not longer. */
const bodyLimit = 8192;

export async function sessionRoutes(app: FastifyInstance, context: Context): Promise<void> {
  const { db, log, clock, passwords } = context;
  const attempts = new Attempts();

  await app.register(async (open) => {
    // Before the body is read, and whatever is in it.
    const limit = failureLimit(open, context.limits.restPerMinute);
    open.post(sessionUrl, { bodyLimit, onRequest: limit }, async (request, reply) => {
      refuseOtherSites(request);
      reply.header('cache-control', 'no-store');
      const { name, password } = parseRequest(signInRequestSchema, request.body);
      const person = await findPersonByName(db, name);
      const isRight = await isPassword(request, reply, name, person, password);
      if (!isRight || person === null || !(await beginSession(context, request, reply, person))) {
        log.warn({ from: request.ip }, 'a sign-in failed');
        return sendUnauthorized(reply, {
          error: 'invalid_credentials',
          error_description: 'The name or the password is wrong.',
        });
      }
      log.info({ person: person.name, from: request.ip }, 'signed in');
      return sessionBody(person);
    });
  });

  await app.register(async (own) => {
    // Of one's own session anybody may dispose.
    protect(own, context, () => 'read');
    own.get(sessionUrl, async (request) => sessionBody(ownSession(request).person));
    own.delete(sessionUrl, async (request, reply) => {
      const { session } = identityOf(request);
      if (session !== null) await endSession(db, session.sessionHash);
      clearSessionCookie(context, request, reply);
      return reply.code(204).send();
    });
    resource(
      own,
      `${sessionUrl}/password`,
      {
        async PUT(request, reply) {
          const { person, sessionHash } = ownSession(request);
          const { current, next } = parseRequest(passwordChangeSchema, request.body);
          if (!(await isPassword(request, reply, person.name, person, current))) throw wrongPassword();
          const passwordHash = await whenThereIsRoom(reply, () => passwords.hash(next));
          await db.transaction().execute(async (tx) => {
            // Somebody else may have set another one since this one was looked at.
            if ((await findPerson(tx, person.personId))?.passwordHash !== person.passwordHash)
              throw wrongPassword();
            await changePerson(tx, person.personId, { passwordHash });
            await endSessions(tx, person.personId, sessionHash);
          });
          if (person.name === administratorName) forgetFirstPassword(context.dataDir);
          log.info({ person: person.name, from: request.ip }, 'password changed');
          return reply.code(204).send();
        },
      },
      { bodyLimit },
    );
  });

  /** Throws HttpProblem 429 where there have been too many attempts. */
  async function isPassword(
    request: FastifyRequest,
    reply: FastifyReply,
    name: string,
    person: PersonRecord | null,
    password: string,
  ): Promise<boolean> {
    const attempt = attempts.begin(name, request.ip, nowMs());
    if (!attempt.allowed) {
      const waitS = Math.max(1, Math.ceil(attempt.retryAfterMs / 1000));
      reply.header('retry-after', waitS);
      throw new HttpProblem(429, `Too many attempts. Try again in ${waitS} s.`);
    }
    const hash = person?.passwordHash ?? null;
    const isRight = await whenThereIsRoom(reply, () => passwords.verify(password, hash));
    if (isRight) attempts.succeeded(name, request.ip, nowMs());
    return isRight;
  }

  function nowMs(): number {
    return clock.monotonicNs() / 1e6;
  }
}

/** Rejects with HttpProblem 503 where there is none. */
export async function whenThereIsRoom<T>(reply: FastifyReply, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TooManyPasswords)) throw error;
    reply.header('retry-after', 2);
    throw new HttpProblem(503, 'Too many people sign in at the moment. Try again.');
  }
}

function wrongPassword(): HttpProblem {
  const message = 'This is not your current password.';
  return invalidRequest([{ code: 'wrong-password', field: 'current', message }]);
}

function ownSession(request: FastifyRequest): SessionRecord {
  const { session } = identityOf(request);
  if (session === null) throw notFound('An API token has no session.');
  return session;
}

function sessionBody({ personId, name, access }: PersonRecord): Session {
  return { personId, name, access };
}
