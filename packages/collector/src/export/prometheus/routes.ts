// GET /metrics, for whoever may read.

import type { FastifyInstance } from 'fastify';
import type { Context } from '../../context.ts';
import { resource } from '../../rest/resource.ts';
import { listAgents } from '../../store/agents.ts';
import { activeAlerts } from '../../store/alerts.ts';
import { countQueued, listStreams } from '../../store/streams.ts';
import { listScheduledTests } from '../../store/tests.ts';
import { metricFamilies } from './families.ts';
import { lastRounds } from './last-rounds.ts';
import { prometheusMediaType, prometheusText } from './text.ts';

export function metricsRoutes(app: FastifyInstance, { db, clock, outgoing }: Context): void {
  resource(app, '/metrics', {
    async GET(_request, reply) {
      const nowMs = clock.wallMs();
      const tests = await listScheduledTests(db);
      const agents = await listAgents(db);
      const text = prometheusText(
        metricFamilies({
          nowMs,
          agents: new Map(agents.map((agent) => [agent.agentId, agent])),
          tests: new Map(tests.map((test) => [test.testId, test])),
          rounds: await lastRounds(
            db,
            tests.filter(({ enabled }) => enabled),
            nowMs,
          ),
          counts: outgoing.counts.of(new Set(tests.map(({ testId }) => testId))),
          activeAlerts: await activeAlerts(db),
          streams: await listStreams(db),
          queued: await countQueued(db),
        }),
      );
      return reply.type(prometheusMediaType).send(text);
    },
  });
}
