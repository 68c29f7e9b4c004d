import {
  pathVisDetailQuerySchema,
  pathVisDetailResultsSchema,
  pathVisQuerySchema,
  pathVisResultsSchema,
} from '../paths.ts';
import { networkResultsSchema, resultsQuerySchema } from '../results.ts';
import type { Operation } from './form.ts';

const tag = 'Test Results';
const results = '/test-results/{testId}';
const rounds =
  'Without a window or dates, those of the latest round. Newest round first; `_links.next` has the next page while there is one.';

export const resultOperations: readonly Operation[] = [
  {
    method: 'GET',
    path: `${results}/network`,
    operationId: 'getTestNetworkResults',
    tag,
    summary: 'Loss, latency, jitter and throughput',
    description: rounds,
    query: resultsQuerySchema,
    answer: { status: 200, schema: networkResultsSchema },
  },
  {
    method: 'GET',
    path: `${results}/path-vis`,
    operationId: 'getTestPathVisResults',
    tag,
    summary: 'Paths, a line for each trace',
    description: rounds,
    query: pathVisQuerySchema,
    answer: { status: 200, schema: pathVisResultsSchema },
  },
  {
    method: 'GET',
    path: `${results}/path-vis/agent/{agentId}/round/{roundId}`,
    operationId: 'getTestPathVisAgentRoundResults',
    tag,
    summary: "Paths of one source's round, hop by hop",
    query: pathVisDetailQuerySchema,
    answer: { status: 200, schema: pathVisDetailResultsSchema },
  },
];
