// /page/preflight and /page/tests/{testId}/…: what the page shows of a test beside its results.

import {
  measuredDirections,
  type OneDirection,
  type Preflight,
  preflightRequestSchema,
  type RoundPath,
  type Running,
  roundIdParameterSchema,
  type Timeline,
  timelineQuerySchema,
} from '@pinhole/contract';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { hopAddresses } from '../agents/results.ts';
import { offsetMs } from '../agents/schedule.ts';
import type { Context } from '../context.ts';
import { agentState } from '../rest/bodies.ts';
import { existingTest } from '../rest/existing.ts';
import { invalidRequest, parseRequest } from '../rest/problem.ts';
import { resource } from '../rest/resource.ts';
import { findAgents, listAgents } from '../store/agents.ts';
import { findChecks } from '../store/compatibility.ts';
import { readTimeline, roundBounds } from '../store/figures.ts';
import { readPaths } from '../store/paths.ts';
import type { TestRecord } from '../store/tests.ts';
import type { PreflightAgent } from './preflight/judgement.ts';
import { preflightPair } from './preflight/pair.ts';
import { roundPath } from './round-path.ts';
import { bucketSeconds } from './timeline.ts';

/** What a person does not take for slow; names that come later are there the next time. */
const namesWaitMs = 400;
/** Two weeks of a source's one-minute rounds, some 30 ms. */
const figuresAtOnce = 25_000;
/** As many as a test can have sources, both directions of each. */
const maxPathsOfRound = 1000;

export function testPageRoutes(app: FastifyInstance, context: Context): void {
  const { db, clock, changes, watched, networks, names } = context;

  resource(app, '/page/preflight', {
    async POST(request) {
      const { protocol, direction, targetAgentId, agents } = parseRequest(
        preflightRequestSchema,
        request.body,
      );
      const sourceIds = agents.map(({ agentId }) => agentId);
      const known = await preflightAgents([targetAgentId, ...sourceIds]);
      const fields = ['targetAgentId', ...sourceIds.map((_, index) => `agents.${index}.agentId`)];
      const unknown = [targetAgentId, ...sourceIds].flatMap((agentId, index) =>
        known.has(agentId)
          ? []
          : [{ code: 'unknown-agent', field: fields[index]!, message: `There is no agent ${agentId}.` }],
      );
      if (unknown.length > 0) throw invalidRequest(unknown);
      const test = { protocol, direction, hasServer: context.placement.servers.length > 0 };
      const target = known.get(targetAgentId)!;
      const body: Preflight = {
        pairs: sourceIds.map((agentId) => preflightPair(known.get(agentId)!, target, test)),
      };
      return body;
    },
  });

  resource(app, '/page/tests/:testId/timeline', {
    async GET(request) {
      const test = await existingTest(db, request);
      const { from, to, points, sourceAgentId = null } = parseRequest(timelineQuerySchema, request.query);
      const directions = measuredDirections(test.settings.direction);
      const intervalS = test.intervalS ?? 1;
      const bucketS = bucketSeconds(from, to, points, intervalS);
      const bounds = await roundBounds(db, test.testId, directions);
      // Where there are no rounds, there is nothing to look through.
      const fromS = Math.max(from, bounds.firstRoundId ?? to + 1);
      const toS = Math.min(to, bounds.lastRoundId ?? 0);
      const sources = sourceAgentId === null ? Math.max(1, test.sourceAgentIds.length) : 1;
      const stretchS = Math.floor(figuresAtOnce / sources) * intervalS;
      const series = async (direction: OneDirection) => {
        if (!directions.includes(direction)) return null;
        const range = { testId: test.testId, direction, fromS, toS, bucketS, sourceAgentId };
        return await readTimeline(db, range, stretchS, pause);
      };
      const body: Timeline = {
        testId: test.testId,
        bucketS,
        toTarget: await series('to-target'),
        fromTarget: await series('from-target'),
        ...bounds,
      };
      return body;
    },
  });

  resource(app, '/page/tests/:testId/rounds/:roundId/path', {
    async GET(request) {
      const { testId } = await existingTest(db, request);
      const { roundId } = parseRequest(z.object({ roundId: roundIdParameterSchema }), request.params);
      const results = await readPaths(db, {
        testId,
        directions: ['to-target', 'from-target'],
        fromRoundId: roundId,
        toRoundId: roundId,
        after: null,
        limit: maxPathsOfRound,
      });
      const memberIds = new Set(
        results.flatMap(({ sourceAgentId, targetAgentId }) => [sourceAgentId, targetAgentId]),
      );
      const body: RoundPath = roundPath({
        testId,
        roundId,
        results,
        agents: await findAgents(db, [...memberIds]),
        hopNames: await names.of(hopAddresses(results), namesWaitMs),
        networks,
      });
      return body;
    },
  });

  resource(app, '/page/tests/:testId/running', {
    async GET(request) {
      const test = await existingTest(db, request);
      const nowMs = clock.wallMs();
      if (watched.look(test.testId, nowMs)) changes.wake(test.sourceAgentIds);
      const body: Running = {
        nextRoundId: nextRoundId(test, nowMs),
        rounds: watched.running(test.testId, nowMs),
      };
      return body;
    },
  });

  function pause(): Promise<void> {
    return new Promise((resolve) => clock.after(1, resolve));
  }

  async function preflightAgents(agentIds: readonly string[]): Promise<Map<string, PreflightAgent>> {
    const wanted = new Set(agentIds);
    // Ids of as many as a request may name are more than a statement takes parameters well.
    const agents = (await listAgents(db)).filter(({ agentId }) => wanted.has(agentId));
    const checks = await findChecks(
      db,
      agents.map(({ agentId }) => agentId),
    );
    const nowMs = clock.wallMs();
    return new Map(
      agents.map((agent) => {
        const check = agent.behindNat ? (checks.get(agent.agentId) ?? null) : null;
        return [agent.agentId, { ...agent, state: agentState(agent, nowMs), check }];
      }),
    );
  }
}

/** The id of the next round to begin; null where it has no schedule, or none that tells. */
function nextRoundId({ testId, enabled, intervalS, settings }: TestRecord, nowMs: number): number | null {
  if (!enabled || intervalS === null || settings.randomizedStartTime) return null;
  const ahead = Math.floor((nowMs - offsetMs(testId, intervalS)) / (intervalS * 1000)) + 1;
  return ahead * intervalS;
}
