// One request to the collector. It is asked with the session's cookie; every answer is held against the contract.

import { pageHeader } from '@pinhole/contract';
import { z } from 'zod';
import { ApiError, errorOf } from './errors.ts';
import { noteReach } from './reach.ts';

export type Query = Readonly<Record<string, string | number | undefined>>;

interface Options {
  query?: Query;
  body?: unknown;
  signal?: AbortSignal | undefined;
}

/** For answers without a body. */
export const nothing = z.null();

/** Throws ApiError. `schema` describes the answer's body. */
export async function get<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  options: Omit<Options, 'body'> = {},
): Promise<z.output<Schema>> {
  return await request('GET', path, schema, options);
}

/** Throws ApiError. `schema` describes the answer's body: `nothing` where it has none. */
export async function send<Schema extends z.ZodType>(
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  schema: Schema,
  options: Options = {},
): Promise<z.output<Schema>> {
  return await request(method, path, schema, options);
}

async function request<Schema extends z.ZodType>(
  method: string,
  path: string,
  schema: Schema,
  { query = {}, body, signal }: Options,
): Promise<z.output<Schema>> {
  const response = await answer(withQuery(path, query), {
    method,
    credentials: 'same-origin',
    headers: {
      [pageHeader]: '1',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  const content = await json(response);
  if (!response.ok) throw errorOf(response.status, content);
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new ApiError(
    'unreadable',
    `The collector's answer is not what this page knows (${where}). Reload the page: the collector may have been updated.`,
  );
}

async function answer(url: string, init: RequestInit): Promise<Response> {
  try {
    const response = await fetch(url, init);
    noteReach(null);
    return response;
  } catch (error) {
    if (init.signal?.aborted) throw error;
    const unreachable = new ApiError('unreachable', 'The collector does not answer.');
    noteReach(unreachable);
    throw unreachable;
  }
}

/** Null where there is no body, or none of JSON. */
async function json(response: Response): Promise<unknown> {
  const text = await response.text().catch(() => '');
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function withQuery(path: string, query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  if (given.length === 0) return path;
  return `${path}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}
