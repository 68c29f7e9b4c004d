// What the tests of API v7 share: a collector with a test, and a right request of each operation.

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { World } from '../harness.ts';
import { worldWithTest } from '../measured-test.ts';
import { assertPublished, published } from './published.ts';

export const operations = Object.entries(published.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);
export const nameOf = ({ path, method }: { path: string; method: string }) => `${method} ${path}`;

/** Requests of an operation, each as a client for ThousandEyes sends it. */
export interface Scene {
  readonly world: World;
  /** Sends it, and holds the answer to the published description. */
  v7(method: string, path: string, body?: unknown): ReturnType<World['rest']>;
  readonly ids: Readonly<Record<string, string>>;
}

export async function scene(t: TestContext): Promise<Scene & Awaited<ReturnType<typeof worldWithTest>>> {
  const made = await worldWithTest(t, 'bidirectional');
  const { world, source, testId, key } = made;
  return {
    ...made,
    v7: (method, path, body) => v7(world, method, path, body),
    ids: {
      agentId: source.agentId,
      testId,
      roundId: String(key(0).roundId),
      id: '1',
      ruleId: '1',
      notificationRuleId: '1',
      alertId: '00000000-0000-4000-8000-000000000000',
    },
  };
}

async function v7(world: World, method: string, path: string, body?: unknown) {
  const answer = await world.rest(method, `/v7${path}`, body);
  assertPublished(method, path, answer);
  return answer;
}

export function filled(path: string, ids: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? assert.fail(name));
}

/** A body that an operation takes, where it takes one. */
export function rightBody({ path, method }: { path: string; method: string }, ids: Scene['ids']): unknown {
  if (method === 'GET' || method === 'DELETE' || path.endsWith('/run')) return undefined;
  if (path.startsWith('/account-groups')) return { accountGroupName: 'Backbone' };
  if (path.endsWith('/cluster/assign')) return { agents: [] };
  if (path.endsWith('/cluster/unassign')) return { members: ['1'] };
  if (path.includes('/agents/{agentId}/tests/')) return { testIds: [] };
  if (path === '/agents/{agentId}') return { agentName: 'renamed' };
  if (path.startsWith('/alerts/rules'))
    return {
      ruleName: 'loss',
      expression: '((loss >= 20%))',
      alertType: 'end-to-end-agent',
      minimumSources: 1,
      roundsViolatingOutOf: 1,
      roundsViolatingRequired: 1,
    };
  if (path.startsWith('/streams'))
    return {
      type: 'opentelemetry',
      signal: 'metric',
      endpointType: 'http',
      streamEndpointUrl: 'https://receiver.example/v1/metrics',
      dataModelVersion: 'v2',
    };
  const agents = [{ agentId: ids.agentId }];
  const request = { testName: `by ${method}`, targetAgentId: '2', agents };
  return path.endsWith('/instant') ? request : { ...request, interval: 60 };
}
