// Every error that leaves the collector over HTTP: problem bodies (RFC 9457), in v7's form.

import { type FieldError, problemMediaType, type ValidationProblem } from '@pinhole/contract';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { isStorageFailure } from '../errors.ts';

/** Thrown by a handler; answered as a problem body. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  readonly code = 'http-problem';
  readonly status: number;
  readonly errors: readonly FieldError[] | undefined;

  constructor(status: number, detail: string, errors?: readonly FieldError[]) {
    super(detail);
    this.status = status;
    this.errors = errors;
  }
}

export function notFound(detail: string): HttpProblem {
  return new HttpProblem(404, detail);
}

export function invalidRequest(errors: readonly FieldError[]): HttpProblem {
  return new HttpProblem(400, 'The request contains invalid fields.', errors);
}

/** `value` as the schema has it. Throws HttpProblem 400 with an entry for each field. */
export function parseRequest<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  throw invalidRequest(
    parsed.error.issues.map((issue) => ({
      code: issue.code.replaceAll('_', '-'),
      field: issue.path.map(String).join('.'),
      message: issue.message,
    })),
  );
}

export function handleErrors(app: FastifyInstance): void {
  app.setErrorHandler<FastifyError | HttpProblem>((error, request, reply) => {
    const problem = problemOf(error);
    if (problem.status >= 500) request.log.error({ err: error }, 'request failed');
    return sendProblem(request, reply, problem);
  });
  app.setNotFoundHandler((request, reply) =>
    sendProblem(request, reply, { status: 404, detail: 'There is nothing at this path.' }),
  );
}

interface ProblemFacts {
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly FieldError[] | undefined;
}

function problemOf(error: FastifyError | HttpProblem): ProblemFacts {
  if (error instanceof HttpProblem) {
    return { status: error.status, detail: error.message, errors: error.errors };
  }
  if (isStorageFailure(error)) {
    return { status: 503, detail: 'The collector cannot write to its database now; nothing was changed.' };
  }
  const status = error.statusCode ?? 500;
  // What failed inside is for the log, not for whoever asks.
  return { status, detail: status < 500 ? error.message : 'An error occurred inside the collector.' };
}

export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: ProblemFacts) {
  const body: ValidationProblem = {
    type: 'about:blank',
    title: titles[problem.status] ?? 'Error',
    status: problem.status,
    detail: problem.detail,
    instance: request.url.split('?', 1)[0] ?? '',
  };
  if (problem.errors !== undefined) body.errors = [...problem.errors];
  return reply.code(problem.status).type(problemMediaType).send(body);
}

const titles: Record<number, string> = {
  400: 'Request validation failed. There are invalid or missing fields',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'URI Resource Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  500: 'Internal server error',
  503: 'Service Unavailable',
};
