// /v7/streams: results that are sent on by OpenTelemetry's protocol (OTLP over HTTP).

import { z } from 'zod';
import { testIdSchema } from '../primitives.ts';
import { hasNoUser, selfLinksSchema } from './common.ts';

/** What stands in the place of a header's value. Sent back, it leaves the value as it is. */
export const maskedHeader = '*****';
/** v7's. */
export const maxStreams = 10;

/** RFC 9110 §5.1 */
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;

/** RFC 9110 §7.6.1 and RFC 9112 §6: with other values than the connection's own, a proxy may see another request. */
const framing: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const headersSchema = z
  .record(
    z.string(),
    // RFC 9110 §5.5, without the obsolete parts.
    z.string().regex(/^[\x20-\x7e\t]{0,4000}$/, 'is no value of an HTTP header'),
  )
  .refine((headers) => Object.keys(headers).every((name) => headerName.test(name)), {
    error: 'has a name that is no name of an HTTP header',
  })
  .refine((headers) => Object.keys(headers).every((name) => !framing.has(name.toLowerCase())), {
    error: `must not name any of ${[...framing].join(', ')}: they belong to the connection`,
  })
  .refine((headers) => Object.keys(headers).length <= 30, { error: 'at most 30 headers' });

const endpointUrlSchema = z
  .url({
    protocol: /^https?$/,
    error: 'must be an http or https URL, whole: with the path that takes metrics',
  })
  .max(2000)
  .refine(hasNoUser, { error: 'must not contain a user name or password; use customHeaders' });

/** What v7 knows and Pinhole cannot do is refused, so that nobody waits for data that will not come. */
const nothingSchema = (why: string) => z.array(z.unknown()).max(0, why).optional();

const changeableShape = {
  customHeaders: headersSchema.optional(),
  /** The tests whose results are sent; all where there is none. */
  testMatch: z
    .array(z.object({ id: testIdSchema, domain: z.enum(['cea', 'endpoint']).default('cea') }))
    .max(1000)
    .optional(),
  tagMatch: nothingSchema('there are no tags here: name the tests in testMatch'),
  enabled: z.boolean().optional(),
  filters: z
    .object({ testTypes: z.object({ values: z.array(z.string().max(50)).max(50) }).optional() })
    .optional(),
  exporterConfig: z
    .object({
      splunkHec: z.never('splunk-hec is not possible here, only opentelemetry').optional(),
      authorization: z.never('OAuth 2 is not possible here: put a token into customHeaders').optional(),
    })
    .optional(),
  endpointAgentLabel: nothingSchema('there are no endpoint agents here'),
};

export const streamRequestSchema = z.object({
  type: z.literal('opentelemetry', 'only opentelemetry is possible here').default('opentelemetry'),
  signal: z.literal('metric', 'only metric is possible here').default('metric'),
  /** v7's default is grpc, so it has to be said. */
  endpointType: z.literal(
    'http',
    'only http (OTLP over HTTP, binary protobuf) is possible here, and grpc is the default: say "endpointType": "http"',
  ),
  streamEndpointUrl: endpointUrlSchema,
  dataModelVersion: z.literal('v2', 'only v2 is possible here').default('v2'),
  ...changeableShape,
});
export type StreamRequest = z.infer<typeof streamRequestSchema>;

/** PUT: absent members keep their values, as far as v7 lets them be changed. */
export const streamUpdateSchema = z.object({
  streamEndpointUrl: endpointUrlSchema.optional(),
  ...changeableShape,
});
export type StreamUpdate = z.infer<typeof streamUpdateSchema>;

export const streamsQuerySchema = z.object({ type: z.enum(['opentelemetry', 'splunk-hec']).optional() });

/** Epoch milliseconds. */
const momentSchema = z.int().nullable();

export const streamSchema = z.object({
  id: z.string(),
  enabled: z.boolean(),
  type: z.literal('opentelemetry'),
  signal: z.literal('metric'),
  endpointType: z.literal('http'),
  streamEndpointUrl: z.string(),
  dataModelVersion: z.literal('v2'),
  /** The values are masked. */
  customHeaders: z.record(z.string(), z.literal(maskedHeader)),
  testMatch: z.array(z.object({ id: testIdSchema, domain: z.enum(['cea', 'endpoint']) })),
  filters: z.object({ testTypes: z.object({ values: z.array(z.string()) }).optional() }).optional(),
  auditOperation: z.object({
    createdDate: z.int(),
    updatedDate: momentSchema.optional(),
  }),
  streamStatus: z.object({
    lastSuccess: momentSchema,
    lastFailure: momentSchema,
    status: z.enum(['connected', 'pending', 'failing']),
    /** Ours: what the last failure was, a sentence. */
    lastError: z.string().optional(),
    /** Ours: results that wait to be sent, and those that were given up since the stream was made. */
    waiting: z.int(),
    lost: z.int(),
  }),
  _links: selfLinksSchema,
});
export type StreamBody = z.infer<typeof streamSchema>;

export const streamsSchema = z.array(streamSchema);

/** v7's form of a 400 and a 412 of this resource, with the members of every other problem beside it. */
export const streamProblemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  instance: z.string().optional(),
  /** Epoch milliseconds. */
  timestamp: z.int(),
  httpStatus: z.string(),
  errors: z.array(z.string()),
  path: z.string(),
});
export type StreamProblem = z.infer<typeof streamProblemSchema>;
