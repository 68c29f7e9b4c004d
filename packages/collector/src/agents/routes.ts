// The agent protocol over HTTP: contract's agent-protocol.ts says what goes over it.

import { Readable } from 'node:stream';
import {
  type ChangesResponse,
  changesHoldMs,
  enrollRequestSchema,
  progressRequestSchema,
} from '@pinhole/contract';
import { type IpAddress, parseIpAddress } from '@pinhole/wire';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { bearerToken } from '../people/identity.ts';
import { failureLimit, sameSecret } from '../rest/auth.ts';
import { HttpProblem, parseRequest } from '../rest/problem.ts';
import { resource } from '../rest/resource.ts';
import { type AgentRecord, findAgentBySecret } from '../store/agents.ts';
import { findTests } from '../store/tests.ts';
import type { Waiter } from './changes.ts';
import { checkIn, checkInSchema, currentConfiguration, enroll } from './check-in.ts';

/** 64 interfaces with 64 IPv6 addresses each have 192 KiB, all texts no 64, even if each character is escaped. */
const enrollBytes = 262_144;
/** 200 results with three traces of 15 hops each have half of it. An agent whose results are larger hands in fewer at once. */
const checkInBytes = 4 * 1_048_576;

/** A few a second, of whatever tests are looked at. */
const progressPerMinute = 600;

const changesQuerySchema = z.object({ version: z.coerce.number().int().min(0) });

export function agentProtocolRoutes(app: FastifyInstance, context: Context): void {
  const { db, clock, changes, watched, log, limits, names, outgoing } = context;
  const limitEnrollments = failureLimit(app, limits.enrollmentsPerMinute);
  const limitFailures = failureLimit(app, limits.failedLoginsPerMinute);

  resource(
    app,
    '/agent/v1/enroll',
    {
      async POST(request, reply) {
        const { accountToken, agentName, facts } = parseRequest(enrollRequestSchema, request.body);
        if (!sameSecret(accountToken, context.accountToken)) {
          throw new HttpProblem(401, 'This is not the account group token of this collector.');
        }
        const enrolled = await enroll(context, agentName, facts, observedAddress(request));
        log.info({ agentId: enrolled.agentId, agentName, from: request.ip }, 'agent enrolled');
        return reply.code(201).send(enrolled);
      },
    },
    // Before the body is read: anybody may send one.
    { bodyLimit: enrollBytes, onRequest: limitEnrollments },
  );

  const checkingIn = new WeakMap<FastifyRequest, string>();
  resource(
    app,
    '/agent/v1/check-in',
    {
      async POST(request, reply) {
        const agentId = checkingIn.get(request)!;
        const report = parseRequest(checkInSchema, request.body);
        const done = await checkIn(context, agentId, report, observedAddress(request));
        if (done === null) throw unknownAgent(reply);
        if (Object.keys(done.dropped).length > 0)
          log.warn({ agentId, dropped: done.dropped }, 'what an agent reported was dropped');
        changes.wake(done.concerned);
        names.want(done.hops);
        outgoing.taken(done.fresh);
        return {
          acknowledged: report.results.length,
          configVersion: done.configVersion,
          ...(done.configVersion === report.configVersion ? {} : { config: done.config }),
        };
      },
    },
    {
      bodyLimit: checkInBytes,
      // Before the body is read: it may be large, and comes from agents only.
      async onRequest(request, reply) {
        checkingIn.set(request, (await knownAgent(request, reply)).agentId);
      },
    },
  );

  const telling = new WeakMap<FastifyRequest, string>();
  const limitProgress = app.createRateLimit({
    max: progressPerMinute,
    timeWindow: 60_000,
    keyGenerator: (request) => telling.get(request) ?? request.ip,
  });
  resource(
    app,
    '/agent/v1/progress',
    {
      async POST(request, reply) {
        const sourceAgentId = telling.get(request)!;
        const { rounds } = parseRequest(progressRequestSchema, request.body);
        const nowMs = clock.wallMs();
        const looked = rounds.filter(({ testId }) => watched.untilMs(testId, nowMs) !== null);
        const tests = new Map(
          (await findTests(db, [...new Set(looked.map(({ testId }) => testId))])).map((test) => [
            test.testId,
            test,
          ]),
        );
        for (const { phase, ...round } of looked) {
          const test = tests.get(round.testId);
          const isPair =
            test?.targetAgentId === round.targetAgentId && test.sourceAgentIds.includes(sourceAgentId);
          if (isPair) watched.tell({ ...round, sourceAgentId }, phase, nowMs);
        }
        return reply.code(204).send();
      },
    },
    {
      async onRequest(request, reply) {
        telling.set(request, (await knownAgent(request, reply)).agentId);
        const state = await limitProgress(request);
        if (!state.isAllowed && state.isExceeded) {
          reply.header('retry-after', state.ttlInSeconds);
          throw new HttpProblem(429, `More than ${progressPerMinute} requests within a minute.`);
        }
      },
    },
  );

  resource(app, '/agent/v1/changes', {
    async GET(request, reply) {
      const { agentId } = await knownAgent(request, reply);
      const { version } = parseRequest(changesQuerySchema, request.query);
      // The wait begins before the first look, so that no change falls between the two.
      const waiter = changes.wait(agentId, changesHoldMs);
      reply.raw.once('close', waiter.end);
      const first = await look(agentId, version);
      if (first === 'gone') throw unknownAgent(reply);
      if (first !== null) {
        waiter.end();
        return first;
      }
      // For a proxy that would gather what is to keep the way open (nginx).
      reply.header('x-accel-buffering', 'no').type('application/json; charset=utf-8');
      return reply.send(Readable.from(held(agentId, version, waiter)));
    },
  });

  /** What is new to an agent that has this version; null where nothing is. */
  async function look(agentId: string, version: number): Promise<ChangesResponse | 'gone' | null> {
    const current = await db.transaction().execute((tx) => currentConfiguration(context, tx, agentId));
    if (current === null) return 'gone';
    return current.configVersion === version ? null : { configVersion: current.configVersion };
  }

  /**
   * The body of a held answer: blank lines, which JSON allows before a value (RFC 8259 §2), at once and again and again,
   * so that NATs keep the connection and the agent knows that it is there; then the change, or null.
   */
  async function* held(agentId: string, version: number, waiter: Waiter): AsyncGenerator<string> {
    try {
      yield '\n';
      for (let waking = await waiter.next(); waking !== 'over'; waking = await waiter.next()) {
        const found = waking === 'changed' ? await look(agentId, version) : null;
        // It is told so when it asks again: the status of this answer is sent.
        if (found === 'gone') break;
        if (found !== null) {
          yield JSON.stringify(found);
          return;
        }
        yield '\n';
      }
      yield 'null';
    } finally {
      waiter.end();
    }
  }

  /** The agent whose secret the request carries. Throws 401. A disabled one is told so by its configuration. */
  async function knownAgent(request: FastifyRequest, reply: FastifyReply): Promise<AgentRecord> {
    const secret = bearerToken(request);
    const agent = secret === null ? null : await findAgentBySecret(db, secret);
    if (agent === null) {
      await limitFailures(request, reply);
      throw unknownAgent(reply);
    }
    return agent;
  }
}

function unknownAgent(reply: FastifyReply): HttpProblem {
  reply.header('www-authenticate', 'Bearer');
  return new HttpProblem(401, 'No agent has this secret. Was it deleted? Then it must enrol again.');
}

/** Where the request came from, as far as the server is set to believe it. */
function observedAddress(request: FastifyRequest): IpAddress | null {
  return parseIpAddress(request.ip);
}
