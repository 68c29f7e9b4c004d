// /v7/streams and /v7/streams/{id}

import {
  halMediaType,
  maskedHeader,
  maxStreams,
  problemMediaType,
  type StreamBody,
  type StreamProblem,
  type StreamUpdate,
  streamRequestSchema,
  streamsQuerySchema,
  streamUpdateSchema,
} from '@pinhole/contract';
import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify';
import type { Context } from '../context.ts';
import type { Store } from '../store/schema.ts';
import {
  addStream,
  changeStream,
  countQueued,
  deleteStream,
  findStream,
  listStreams,
  type StreamRecord,
  type StreamSettings,
} from '../store/streams.ts';
import { uuid } from '../store/uuid.ts';
import { baseUrl } from './base-url.ts';
import { optional } from './optional.ts';
import { HttpProblem, invalidRequest, notFound, parseRequest } from './problem.ts';
import { shownAddress } from './requester.ts';
import { resource } from './resource.ts';

/** In a scope of its own: this resource has another form of a 400. */
export function streamRoutes(app: FastifyInstance, context: Context): void {
  const { db, clock, random, outgoing } = context;
  answerAsStreams(app, context);

  resource(app, '/v7/streams', {
    async GET(request, reply) {
      const { type } = parseRequest(streamsQuerySchema, request.query);
      const streams = type === 'splunk-hec' ? [] : await listStreams(db);
      const queued = await countQueued(db);
      reply.type(halMediaType);
      return streams.map((stream) => body(request, stream, queued));
    },
    async POST(request, reply) {
      const { streamEndpointUrl, ...wanted } = parseRequest(streamRequestSchema, request.body);
      const streamId = uuid(random);
      await db.transaction().execute(async (tx) => {
        if ((await listStreams(tx)).length >= maxStreams)
          throw new HttpProblem(412, `There are ${maxStreams} streams already, and no more are possible.`);
        const settings = merged({ ...nothingChosen, streamEndpointUrl }, wanted);
        await addStream(tx, streamId, settings, clock.wallMs());
      });
      outgoing.wake();
      const shown = body(request, (await findStream(db, streamId))!, await countQueued(db));
      return reply.code(201).type(halMediaType).header('location', shown._links.self.href).send(shown);
    },
  });

  resource(app, '/v7/streams/:id', {
    async GET(request, reply) {
      parseRequest(streamsQuerySchema, request.query);
      const stream = await existing(db, request);
      reply.type(halMediaType);
      return body(request, stream, await countQueued(db));
    },
    async PUT(request, reply) {
      const wanted = parseRequest(streamUpdateSchema, request.body);
      const stream = await db.transaction().execute(async (tx) => {
        const { streamId, settings } = await existing(tx, request);
        await changeStream(tx, streamId, merged(settings, wanted), clock.wallMs());
        return await existing(tx, request);
      });
      outgoing.wake();
      reply.type(halMediaType);
      return body(request, stream, await countQueued(db));
    },
    async DELETE(request, reply) {
      await db.transaction().execute(async (tx) => deleteStream(tx, (await existing(tx, request)).streamId));
      outgoing.wake();
      return reply.code(204).send();
    },
  });

  function body(
    request: FastifyRequest,
    stream: StreamRecord,
    queued: ReadonlyMap<string, number>,
  ): StreamBody {
    const shown = streamBody(stream, queued.get(stream.streamId) ?? 0, baseUrl(context, request));
    return { ...shown, streamEndpointUrl: shownAddress(request, shown.streamEndpointUrl) };
  }
}

const nothingChosen: Omit<StreamSettings, 'streamEndpointUrl'> = {
  enabled: true,
  customHeaders: {},
  testMatch: [],
  testTypes: null,
};

/** Throws HttpProblem 404. */
async function existing(db: Store, request: FastifyRequest): Promise<StreamRecord> {
  const { id } = request.params as { id: string };
  const stream = await findStream(db, id);
  if (stream === null) throw notFound(`There is no stream ${id}.`);
  return stream;
}

/** Members that are absent keep their values; the others are overwritten. Throws HttpProblem 400. */
function merged(before: StreamSettings, wanted: StreamUpdate): StreamSettings {
  const { enabled, streamEndpointUrl, customHeaders, testMatch, filters } = wanted;
  return {
    enabled: enabled ?? before.enabled,
    streamEndpointUrl: streamEndpointUrl ?? before.streamEndpointUrl,
    customHeaders:
      customHeaders === undefined ? before.customHeaders : unmasked(customHeaders, before.customHeaders),
    testMatch: testMatch ?? before.testMatch,
    testTypes: filters === undefined ? before.testTypes : (filters.testTypes?.values ?? null),
  };
}

/** So that what was read can be written back. */
function unmasked(
  wanted: Readonly<Record<string, string>>,
  before: StreamSettings['customHeaders'],
): Record<string, string> {
  const known = new Map(Object.entries(before).map(([name, value]) => [name.toLowerCase(), value]));
  const entries = Object.entries(wanted).map(([name, value]): [string, string] => {
    if (value !== maskedHeader) return [name, value];
    const kept = known.get(name.toLowerCase());
    if (kept !== undefined) return [name, kept];
    const message = `"${maskedHeader}" stands for a value that is kept, and there is none.`;
    throw invalidRequest([{ code: 'masked-header', field: `customHeaders.${name}`, message }]);
  });
  return Object.fromEntries(entries);
}

function streamBody(stream: StreamRecord, waiting: number, baseUrl: string): StreamBody {
  const { streamId, settings, createdAtMs, updatedAtMs, lastSuccessAtMs, lastFailureAtMs, lastError, lost } =
    stream;
  const names = Object.keys(settings.customHeaders);
  return {
    id: streamId,
    enabled: settings.enabled,
    type: 'opentelemetry',
    signal: 'metric',
    endpointType: 'http',
    streamEndpointUrl: settings.streamEndpointUrl,
    dataModelVersion: 'v2',
    customHeaders: Object.fromEntries(names.map((name) => [name, maskedHeader])),
    testMatch: settings.testMatch,
    ...(settings.testTypes !== null && { filters: { testTypes: { values: [...settings.testTypes] } } }),
    auditOperation: { createdDate: createdAtMs, ...optional('updatedDate', updatedAtMs) },
    streamStatus: {
      lastSuccess: lastSuccessAtMs,
      lastFailure: lastFailureAtMs,
      status: statusOf(stream),
      ...optional('lastError', lastError),
      waiting,
      lost,
    },
    _links: { self: { href: `${baseUrl}/v7/streams/${streamId}` } },
  };
}

function statusOf({
  settings,
  lastSuccessAtMs,
  lastFailureAtMs,
}: StreamRecord): StreamBody['streamStatus']['status'] {
  if (!settings.enabled || (lastSuccessAtMs === null && lastFailureAtMs === null)) return 'pending';
  return (lastSuccessAtMs ?? 0) >= (lastFailureAtMs ?? 0) ? 'connected' : 'failing';
}

/** v7's names of the statuses that this resource answers in its own form. */
const ownForm: Readonly<Record<number, { readonly name: string; readonly title: string }>> = {
  400: { name: 'BAD_REQUEST', title: 'Request validation failed. There are invalid or missing fields' },
  412: { name: 'PRECONDITION_FAILED', title: 'Precondition Failed' },
};

function answerAsStreams(app: FastifyInstance, context: Context): void {
  app.setErrorHandler<FastifyError | HttpProblem>((error, request, reply) => {
    const status = error instanceof HttpProblem ? error.status : (error.statusCode ?? 500);
    const form = ownForm[status];
    // To the handler of everything else.
    if (form === undefined) throw error;
    const fields = error instanceof HttpProblem ? (error.errors ?? []) : [];
    const path = request.url.split('?', 1)[0] ?? '';
    const problem: StreamProblem = {
      type: 'about:blank',
      title: form.title,
      status,
      detail: error.message,
      instance: path,
      timestamp: context.clock.wallMs(),
      httpStatus: form.name,
      errors:
        fields.length === 0 ? [error.message] : fields.map(({ field, message }) => `${field}: ${message}`),
      path: baseUrl(context, request) + path,
    };
    return reply.code(status).type(problemMediaType).send(problem);
  });
}
