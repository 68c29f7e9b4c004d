import {
  type InstantTestRequest,
  type Preflight,
  type PreflightRequest,
  preflightSchema,
  type Test,
  type TestRequest,
  type TestUpdate,
  testSchema,
  testsSchema,
  timelineSchema,
} from '@pinhole/contract';
import { queryOptions } from '@tanstack/react-query';
import { listPollMs } from './agents.ts';
import { get, nothing, send } from './client.ts';

const testsPath = '/v7/tests/agent-to-agent';

/** With the sources of each. */
export const testsQuery = queryOptions({
  queryKey: ['tests'],
  queryFn: async ({ signal }) =>
    (await get(testsPath, testsSchema, { query: { expand: 'agent' }, signal })).tests,
  refetchInterval: listPollMs,
});

/** Scheduled or instant. */
export function testQuery(testId: string) {
  return queryOptions({
    queryKey: ['tests', testId],
    queryFn: ({ signal }) => get(testPath(testId), testSchema, { query: { expand: 'agent' }, signal }),
  });
}

/** The last rounds of a test: of five intervals, of a quarter of an hour at least. Asked for twice in an interval. */
export function recentRoundsQuery(testId: string, intervalS: number, nowS: () => number) {
  return queryOptions({
    queryKey: ['tests', testId, 'recent', intervalS],
    queryFn: ({ signal }) => {
      const to = nowS();
      const query = { from: to - Math.max(5 * intervalS, 900), to, points: 500 };
      return get(`/page/tests/${encodeURIComponent(testId)}/timeline`, timelineSchema, { query, signal });
    },
    refetchInterval: Math.min(intervalS * 500, 60_000),
  });
}

export async function createTest(body: TestRequest): Promise<Test> {
  return await send('POST', testsPath, testSchema, { query: { expand: 'agent' }, body });
}

export async function changeTest(testId: string, body: TestUpdate): Promise<Test> {
  return await send('PUT', testPath(testId), testSchema, { query: { expand: 'agent' }, body });
}

export async function deleteTest(testId: string): Promise<void> {
  await send('DELETE', testPath(testId), nothing);
}

/** Makes an instant test, which runs at once. */
export async function runOnce(body: InstantTestRequest): Promise<Test> {
  return await send('POST', `${testsPath}/instant`, testSchema, { body });
}

export async function preflight(body: PreflightRequest, signal?: AbortSignal): Promise<Preflight> {
  return await send('POST', '/page/preflight', preflightSchema, { body, signal });
}

function testPath(testId: string): string {
  return `${testsPath}/${encodeURIComponent(testId)}`;
}
