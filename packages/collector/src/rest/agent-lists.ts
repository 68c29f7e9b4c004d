// What v7 has around agents and Pinhole has none of: notification rules of agents, proxies, clusters.

import { clusterAssignRequestSchema, clusterUnassignRequestSchema, halMediaType } from '@pinhole/contract';
import type { FastifyInstance } from 'fastify';
import type { Context } from '../context.ts';
import { baseUrl } from './base-url.ts';
import { existingAgent } from './existing.ts';
import { invalidRequest, notFound, parseRequest } from './problem.ts';
import { resource } from './resource.ts';

export function agentListRoutes(app: FastifyInstance, context: Context): void {
  const { db } = context;

  for (const [path, member] of [
    ['/v7/agents/notification-rules', 'agentAlertRules'],
    ['/v7/agents/proxies', 'agentProxies'],
  ] as const) {
    resource(app, path, {
      async GET(request, reply) {
        reply.type(halMediaType);
        return { [member]: [], _links: { self: { href: baseUrl(context, request) + path } } };
      },
    });
  }

  resource(app, '/v7/agents/notification-rules/:ruleId', {
    async GET(request) {
      const { ruleId } = request.params as { ruleId: string };
      throw notFound(`There is no notification rule ${ruleId}.`);
    },
  });

  resource(app, '/v7/agents/:agentId/cluster/assign', {
    async POST(request) {
      parseRequest(clusterAssignRequestSchema, request.body);
      const { agentName } = await existingAgent(db, request);
      const message = `${agentName} stands alone, and agents cannot be made a cluster here.`;
      throw invalidRequest([{ code: 'no-clusters', field: 'agents', message }]);
    },
  });

  resource(app, '/v7/agents/:agentId/cluster/unassign', {
    async POST(request) {
      parseRequest(clusterUnassignRequestSchema, request.body);
      const { agentName } = await existingAgent(db, request);
      const message = `${agentName} stands alone and has no members that could be removed.`;
      throw invalidRequest([{ code: 'not-a-cluster', field: 'members', message }]);
    },
  });
}
