// /v7/account-groups, and the parameter `aid` that every operation takes.

import {
  type AccountGroupDetail,
  type AccountGroupInfo,
  type AccountGroups,
  type AccountGroupUser,
  accountGroupQuerySchema,
  accountGroupRequestSchema,
  type FieldError,
  halMediaType,
} from '@pinhole/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Context } from '../context.ts';
import { identityOf } from '../people/identity.ts';
import { accountGroupId, findAccountGroup, renameAccountGroup } from '../store/account-group.ts';
import { agentNames, listAgents } from '../store/agents.ts';
import { listPeople, type PersonRecord } from '../store/people.ts';
import type { Store } from '../store/schema.ts';
import { agentBodies } from './agent-bodies.ts';
import { baseUrl } from './base-url.ts';
import { dateTime } from './date-time.ts';
import { optional } from './optional.ts';
import { HttpProblem, invalidRequest, notFound, parseRequest } from './problem.ts';
import { resource } from './resource.ts';

/** Refuses requests for another account group, with the status of v7 for those that one is not assigned to. */
export function requireAccountGroup(app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    const { aid } = request.query as { aid?: unknown };
    if (aid === undefined || aid === accountGroupId) return;
    throw new HttpProblem(403, `There is no account group ${String(aid)} here, only ${accountGroupId}.`);
  });
}

export function accountGroupRoutes(app: FastifyInstance, context: Context): void {
  const { db } = context;

  resource(app, '/v7/account-groups', {
    async GET(request, reply) {
      const body: AccountGroups = {
        accountGroups: [await info(db)],
        _links: { self: { href: `${baseUrl(context, request)}/v7/account-groups` } },
      };
      reply.type(halMediaType);
      return body;
    },
    async POST() {
      throw new HttpProblem(403, 'A collector is one account group; another one is another collector.');
    },
  });

  resource(app, '/v7/account-groups/:aid', {
    async GET(request, reply) {
      refuseOthers(request);
      reply.type(halMediaType);
      return await detail(request);
    },
    async PUT(request, reply) {
      refuseOthers(request);
      const { accountGroupName, agents } = parseRequest(accountGroupRequestSchema, request.body);
      await db.transaction().execute(async (tx) => {
        if (agents !== undefined) await refuseOtherAgents(tx, agents);
        await renameAccountGroup(tx, accountGroupName);
      });
      reply.type(halMediaType);
      return await detail(request);
    },
    async DELETE(request) {
      refuseOthers(request);
      throw new HttpProblem(403, 'A collector is one account group, which cannot be deleted.');
    },
  });

  async function detail(request: FastifyRequest): Promise<AccountGroupDetail> {
    const { expand } = parseRequest(accountGroupQuerySchema, request.query);
    const { access } = identityOf(request);
    const agents = expand.includes('agent')
      ? { agents: await agentBodies(context, request, await listAgents(db), []) }
      : {};
    return {
      ...(await info(db)),
      ...(access === 'write' && { accountToken: context.accountToken }),
      ...agents,
      ...(expand.includes('user') && { users: (await listPeople(db)).map(userBody) }),
      _links: { self: { href: `${baseUrl(context, request)}/v7/account-groups/${accountGroupId}` } },
    };
  }
}

async function info(db: Store): Promise<AccountGroupInfo> {
  return { ...(await findAccountGroup(db)), isCurrentAccountGroup: true, isDefaultAccountGroup: true };
}

/** What v7 calls these two roles. */
const roles = { read: 'Regular User', write: 'Account Admin' } as const;

function userBody({ personId, name, access, createdAtMs, lastSignInAtMs }: PersonRecord): AccountGroupUser {
  return {
    uid: personId,
    name,
    dateRegistered: dateTime(createdAtMs),
    ...optional('lastLogin', lastSignInAtMs === null ? null : dateTime(lastSignInAtMs)),
    roles: [
      { roleId: access, name: roles[access], isBuiltin: true, hasManagementPermissions: access === 'write' },
    ],
  };
}

function refuseOthers(request: FastifyRequest): void {
  const { aid } = request.params as { aid: string };
  if (aid !== accountGroupId) throw notFound(`There is no account group ${aid}.`);
}

/** v7's list is the whole one, and here no agent can be outside. */
async function refuseOtherAgents(db: Store, agentIds: readonly string[]): Promise<void> {
  const names = await agentNames(db);
  const unknown: FieldError[] = [...agentIds.entries()]
    .filter(([, agentId]) => !names.has(agentId))
    .map(([at, agentId]) => ({
      code: 'unknown-agent',
      field: `agents.${at}`,
      message: `There is no agent ${agentId}.`,
    }));
  const missing: FieldError[] = [...names]
    .filter(([agentId]) => !agentIds.includes(agentId))
    .map(([agentId, name]) => ({
      code: 'agent-left-out',
      field: 'agents',
      message: `${name} (${agentId}) belongs to this account group as all agents do; delete it instead.`,
    }));
  if (unknown.length + missing.length > 0) throw invalidRequest([...unknown, ...missing]);
}
