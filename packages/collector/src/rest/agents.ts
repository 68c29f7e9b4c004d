// /v7/agents and /v7/agents/{agentId}

import {
  type AgentRequest,
  agentQuerySchema,
  agentRequestSchema,
  agentsQuerySchema,
  type FieldError,
  halMediaType,
} from '@pinhole/contract';
import type { IpAddress } from '@pinhole/wire';
import { parseIpAddress } from '@pinhole/wire';
import type { FastifyInstance } from 'fastify';
import { peersOf } from '../agents/check-in.ts';
import type { Context } from '../context.ts';
import { accountGroupId } from '../store/account-group.ts';
import {
  type AgentChange,
  type AgentRecord,
  changeAgent,
  deleteAgent,
  findAgentByName,
  listAgents,
} from '../store/agents.ts';
import { forgetCheck } from '../store/compatibility.ts';
import type { Store } from '../store/schema.ts';
import { keepVersion } from '../store/test-versions.ts';
import { findTests, listTestIdsOfAgent } from '../store/tests.ts';
import { agentBodies, agentDetail } from './agent-bodies.ts';
import { changeTestsOf } from './agent-tests.ts';
import { baseUrl } from './base-url.ts';
import { existingAgent } from './existing.ts';
import { invalidRequest, parseRequest } from './problem.ts';
import { requesterName } from './requester.ts';
import { resource } from './resource.ts';

export function agentRoutes(app: FastifyInstance, context: Context): void {
  const { db, clock, changes, outgoing } = context;

  resource(app, '/v7/agents', {
    async GET(request, reply) {
      const { expand, agentTypes, labels } = parseRequest(agentsQuerySchema, request.query);
      const isShown = labels.length === 0 && (agentTypes.length === 0 || agentTypes.includes('enterprise'));
      reply.type(halMediaType);
      return {
        agents: await agentBodies(context, request, isShown ? await listAgents(db) : [], expand),
        _links: { self: { href: `${baseUrl(context, request)}/v7/agents` } },
      };
    },
  });

  resource(app, '/v7/agents/:agentId', {
    async GET(request, reply) {
      const { expand } = parseRequest(agentQuerySchema, request.query);
      reply.type(halMediaType);
      return await agentDetail(context, request, await existingAgent(db, request), expand);
    },
    async PUT(request, reply) {
      const { expand } = parseRequest(agentQuerySchema, request.query);
      const wanted = parseRequest(agentRequestSchema, request.body);
      const { agent, concerned } = await db.transaction().execute(async (tx) => {
        const before = await existingAgent(tx, request);
        await refuseErrors(tx, before, wanted);
        const nowMs = clock.wallMs();
        const by = requesterName(request);
        const { agentName, enabled, behindNat, targetForTests, tests } = wanted;
        await changeAgent(tx, before.agentId, {
          ...(agentName !== undefined && { agentName }),
          ...(enabled !== undefined && { enabled }),
          ...(behindNat !== undefined && { behindNat }),
          ...(await ticked(tx, before, wanted, nowMs)),
          ...(targetForTests !== undefined && { targetForTests: addressOrNull(targetForTests) }),
        });
        const members =
          tests === undefined
            ? []
            : await changeTestsOf(
                tx,
                before.agentId,
                'override',
                { testIds: tests, field: 'tests' },
                nowMs,
                by,
              );
        return {
          agent: await existingAgent(tx, request),
          concerned: [...members, ...(await peersOf(tx, before.agentId, nowMs))],
        };
      });
      changes.wake([agent.agentId, ...concerned]);
      if (wanted.tests !== undefined) outgoing.sweep();
      reply.type(halMediaType);
      return await agentDetail(context, request, agent, expand);
    },
    async DELETE(request, reply) {
      const concerned = await db.transaction().execute(async (tx) => {
        const { agentId } = await existingAgent(tx, request);
        const nowMs = clock.wallMs();
        const peers = await peersOf(tx, agentId, nowMs);
        const testIds = await listTestIdsOfAgent(tx, agentId);
        await deleteAgent(tx, agentId, nowMs);
        for (const test of await findTests(tx, testIds)) {
          await keepVersion(tx, test.testId, test, nowMs, requesterName(request));
        }
        return [agentId, ...peers];
      });
      changes.wake(concerned);
      outgoing.sweep();
      return reply.code(204).send();
    },
  });
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

async function refuseErrors(
  db: Store,
  agent: AgentRecord,
  { agentName, accountGroups }: AgentRequest,
): Promise<void> {
  const errors: FieldError[] = [];
  if (agentName !== undefined && agentName !== agent.agentName && (await findAgentByName(db, agentName)))
    errors.push({
      code: 'name-taken',
      field: 'agentName',
      message: `Another agent is called "${agentName}" already.`,
    });
  if (accountGroups?.some((aid) => aid !== accountGroupId))
    errors.push({
      code: 'unknown-account-group',
      field: 'accountGroups',
      message: `There is only the account group ${accountGroupId}.`,
    });
  if (accountGroups?.length === 0)
    errors.push({
      code: 'no-account-group',
      field: 'accountGroups',
      message: 'An agent cannot leave the only account group; delete it instead.',
    });
  if (errors.length > 0) throw invalidRequest(errors);
}

function addressOrNull(text: string | null): IpAddress | null {
  return text === null ? null : parseIpAddress(text);
}
