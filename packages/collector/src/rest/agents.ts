// /v7/agents and /v7/agents/{agentId}

import {
  type Agent,
  type AgentRequest,
  agentQuerySchema,
  agentRequestSchema,
  agentsQuerySchema,
  halMediaType,
} from '@pinhole/contract';
import type { IpAddress } from '@pinhole/wire';
import { parseIpAddress } from '@pinhole/wire';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { peersOf } from '../agents/check-in.ts';
import type { Context } from '../context.ts';
import {
  type AgentChange,
  type AgentRecord,
  changeAgent,
  deleteAgent,
  findAgent,
  findAgentByName,
  listAgents,
} from '../store/agents.ts';
import { findChecks, forgetCheck } from '../store/compatibility.ts';
import type { Store } from '../store/schema.ts';
import { listScheduledTests, type TestRecord } from '../store/tests.ts';
import { baseUrl } from './base-url.ts';
import { agentBody, simpleTestBody } from './bodies.ts';
import { natTraversalBody } from './nat-traversal.ts';
import { invalidRequest, notFound, parseRequest } from './problem.ts';
import { resource } from './resource.ts';

export function agentRoutes(app: FastifyInstance, context: Context): void {
  const { db, clock, changes } = context;

  resource(app, '/v7/agents', {
    async GET(request, reply) {
      const { expand, agentTypes } = parseRequest(agentsQuerySchema, request.query);
      const shown = agentTypes.length === 0 || agentTypes.includes('enterprise') ? await listAgents(db) : [];
      const bodies = await agentBodies(request, shown, expand, false);
      reply.type(halMediaType);
      return { agents: bodies, _links: { self: { href: `${baseUrl(context, request)}/v7/agents` } } };
    },
  });

  resource(app, '/v7/agents/:agentId', {
    async GET(request, reply) {
      const { expand } = parseRequest(agentQuerySchema, request.query);
      reply.type(halMediaType);
      return (await agentBodies(request, [await existing(db, request)], expand, true))[0];
    },
    async PUT(request, reply) {
      const { expand } = parseRequest(agentQuerySchema, request.query);
      const wanted = parseRequest(agentRequestSchema, request.body);
      const { agent, concerned } = await db.transaction().execute(async (tx) => {
        const before = await existing(tx, request);
        await refuseTakenName(tx, before, wanted);
        const { targetForTests, ...rest } = wanted;
        await changeAgent(tx, before.agentId, {
          ...rest,
          ...(await ticked(tx, before, wanted, clock.wallMs())),
          ...(targetForTests === undefined ? {} : { targetForTests: addressOrNull(targetForTests) }),
        });
        return {
          agent: await existing(tx, request),
          concerned: await peersOf(tx, before.agentId, clock.wallMs()),
        };
      });
      changes.wake([agent.agentId, ...concerned]);
      reply.type(halMediaType);
      return (await agentBodies(request, [agent], expand, true))[0];
    },
    async DELETE(request, reply) {
      const concerned = await db.transaction().execute(async (tx) => {
        const { agentId } = await existing(tx, request);
        const peers = await peersOf(tx, agentId, clock.wallMs());
        await deleteAgent(tx, agentId, clock.wallMs());
        return [agentId, ...peers];
      });
      changes.wake(concerned);
      return reply.code(204).send();
    },
  });

  async function agentBodies(
    request: FastifyRequest,
    agents: readonly AgentRecord[],
    expand: readonly string[],
    withReports: boolean,
  ): Promise<Agent[]> {
    const base = baseUrl(context, request);
    const nowMs = clock.wallMs();
    const withTests = expand.includes('test');
    const withIds = expand.includes('test-ids');
    const tests = withTests || withIds ? await listScheduledTests(db) : [];
    const checks = await findChecks(
      db,
      agents.map(({ agentId }) => agentId),
    );
    return agents.map((agent) => {
      const natTraversal = natTraversalBody(agent, checks.get(agent.agentId) ?? null, withReports);
      const own = tests.filter((test) => isMember(agent.agentId, test));
      return {
        ...agentBody(agent, natTraversal, base, nowMs),
        ...(withTests ? { tests: own.map((test) => simpleTestBody(test, base)) } : {}),
        ...(withIds ? { testIds: own.map((test) => Number(test.testId)) } : {}),
      };
    });
  }
}

/** The agent that the path names. Throws 404. */
async function existing(db: Store, request: FastifyRequest): Promise<AgentRecord> {
  const { agentId } = request.params as { agentId: string };
  const agent = await findAgent(db, agentId);
  if (agent === null) throw notFound(`There is no agent ${agentId}.`);
  return agent;
}

/** What "Behind a NAT" brings with it where it is changed: what was found out before counts no more. */
async function ticked(
  db: Store,
  { agentId, behindNat }: AgentRecord,
  wanted: AgentRequest,
  nowMs: number,
): Promise<Pick<AgentChange, 'behindNatSinceMs'>> {
  if (wanted.behindNat === undefined || wanted.behindNat === behindNat) return {};
  await forgetCheck(db, agentId);
  return { behindNatSinceMs: wanted.behindNat ? nowMs : null };
}

async function refuseTakenName(db: Store, agent: AgentRecord, { agentName }: AgentRequest): Promise<void> {
  if (agentName === undefined || agentName === agent.agentName) return;
  if ((await findAgentByName(db, agentName)) === null) return;
  const message = `Another agent is called "${agentName}" already.`;
  throw invalidRequest([{ code: 'name-taken', field: 'agentName', message }]);
}

function addressOrNull(text: string | null): IpAddress | null {
  return text === null ? null : parseIpAddress(text);
}

function isMember(agentId: string, test: TestRecord): boolean {
  return test.targetAgentId === agentId || test.sourceAgentIds.includes(agentId);
}
