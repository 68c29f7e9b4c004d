import {
  streamProblemSchema,
  streamRequestSchema,
  streamSchema,
  streamsQuerySchema,
  streamsSchema,
  streamUpdateSchema,
} from '../streams.ts';
import type { Operation } from './form.ts';

const tag = 'Streaming';
const stream = '/streams/{id}';

export const streamOperations: readonly Operation[] = [
  {
    method: 'GET',
    path: '/streams',
    operationId: 'getStreams',
    tag,
    summary: 'List data streams',
    query: streamsQuerySchema,
    answer: { status: 200, schema: streamsSchema },
    badRequest: streamProblemSchema,
  },
  {
    method: 'POST',
    path: '/streams',
    operationId: 'createStream',
    tag,
    summary: 'Create a data stream',
    description:
      'Sends results by OTLP over HTTP (binary protobuf) to `streamEndpointUrl`, as they come in from then on. At most 10: then 412.',
    request: streamRequestSchema,
    answer: { status: 201, schema: streamSchema },
    badRequest: streamProblemSchema,
    mayBeFull: true,
  },
  {
    method: 'GET',
    path: stream,
    operationId: 'getStream',
    tag,
    summary: 'Show a data stream',
    query: streamsQuerySchema,
    answer: { status: 200, schema: streamSchema },
    badRequest: streamProblemSchema,
  },
  {
    method: 'PUT',
    path: stream,
    operationId: 'updateStream',
    tag,
    summary: 'Change a data stream',
    description:
      'Members that are absent keep their values; those that are there are overwritten. A header whose value is `*****` keeps the value that it has.',
    request: streamUpdateSchema,
    answer: { status: 200, schema: streamSchema },
    badRequest: streamProblemSchema,
  },
  {
    method: 'DELETE',
    path: stream,
    operationId: 'deleteStream',
    tag,
    summary: 'Delete a data stream',
    description: 'With the results that it has still to send.',
    answer: { status: 204 },
    badRequest: streamProblemSchema,
  },
];
