// The agent protocol's four requests, as outcomes. docs/protocol.md tells them in prose.

import {
  type ChangesResponse,
  type CheckInRequest,
  type CheckInResponse,
  changesHoldMs,
  changesResponseSchema,
  checkInResponseSchema,
  type EnrollRequest,
  type EnrollResponse,
  enrollResponseSchema,
  type ProgressRequest,
} from '@pinhole/contract';
import { z } from 'zod';

export type ApiOutcome<T> =
  | { readonly ok: true; readonly value: T }
  /** `status` 0: no answer at all. `detail` is the problem's, or the network's. */
  | { readonly ok: false; readonly status: number; readonly detail: string };

interface RequestOptions {
  readonly secret?: string;
  readonly body?: unknown;
  readonly timeoutMs: number;
  /** The collector answers bit by bit. */
  readonly held?: boolean;
}

const requestTimeoutMs = 20_000;
/** A held answer says something every 8 s; where that goes through at all, half as long again means that it is lost. */
const quietLimitMs = 12_000;
/** An answer is a configuration at most: 10,000 assignments of 700 octets. */
const maxAnswerBytes = 16 << 20;
/** Of what the other side says about an error: enough for a log. */
const maxDetailChars = 500;

export class CollectorApi {
  readonly #base: string;
  readonly #fetch: typeof fetch;
  readonly #signal: AbortSignal;

  /** `signal` ends what is under way. */
  constructor(collectorUrl: string, fetcher: typeof fetch, signal: AbortSignal) {
    this.#base = `${collectorUrl.replace(/\/+$/, '')}/agent/v1`;
    this.#fetch = fetcher;
    this.#signal = signal;
  }

  enroll(body: EnrollRequest): Promise<ApiOutcome<EnrollResponse>> {
    return this.#request('POST', '/enroll', enrollResponseSchema, { body, timeoutMs: requestTimeoutMs });
  }

  checkIn(secret: string, body: CheckInRequest): Promise<ApiOutcome<CheckInResponse>> {
    return this.#request('POST', '/check-in', checkInResponseSchema, {
      secret,
      body,
      timeoutMs: requestTimeoutMs,
    });
  }

  /** Held by the collector until there is a change; null when there was none, or the answer broke off. */
  changes(secret: string, version: number): Promise<ApiOutcome<ChangesResponse | null>> {
    const timeoutMs = changesHoldMs + requestTimeoutMs;
    const schema = changesResponseSchema.nullable();
    return this.#request('GET', `/changes?version=${version}`, schema, { secret, timeoutMs, held: true });
  }

  /** How far rounds are. */
  progress(secret: string, body: ProgressRequest): Promise<ApiOutcome<null>> {
    const options = { secret, body, timeoutMs: requestTimeoutMs };
    return this.#request('POST', '/progress', z.null(), options);
  }

  async #request<T>(
    method: string,
    path: string,
    schema: z.ZodType<T>,
    { secret, body, timeoutMs, held = false }: RequestOptions,
  ): Promise<ApiOutcome<T>> {
    try {
      const response = await this.#fetch(this.#base + path, {
        method,
        headers: {
          ...(secret !== undefined && { authorization: `Bearer ${secret}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          // One that is kept for a later request may be forgotten by then by what is on the way, which then hears nothing.
          connection: 'close',
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        redirect: 'error',
        signal: AbortSignal.any([this.#signal, AbortSignal.timeout(timeoutMs)]),
      });
      const text = await bounded(response, held ? quietLimitMs : null);
      const json = parseJson(text);
      const { ok, status } = response;
      if (!ok) return { ok, status, detail: brief(detailOf(json, status)) };
      const parsed = schema.safeParse(json);
      if (parsed.success) return { ok, value: parsed.data };
      const detail = brief(`The collector's answer is not understood: ${parsed.error.message}`);
      return { ok: false, status: 0, detail };
    } catch (error) {
      return { ok: false, status: 0, detail: reasonOf(error) };
    }
  }
}

/** The answer's text; where `quietMs` is given, none when it breaks off: whatever it was to say is told when asked again. */
async function bounded({ body }: Response, quietMs: number | null): Promise<string> {
  const reader = body?.getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      // A proxy may gather all of the answer: only what has begun can break off.
      const read = await (quietMs === null || size === 0 ? reader?.read() : within(reader?.read(), quietMs));
      if (read === undefined || read.done) break;
      size += read.value.length;
      if (size > maxAnswerBytes) throw new RangeError('The answer is too large');
      parts.push(read.value);
    }
  } catch (error) {
    void reader?.cancel().catch(() => undefined);
    if (quietMs === null || size === 0 || error instanceof RangeError) throw error;
    return '';
  }
  return Buffer.concat(parts).toString('utf8');
}

function within<T>(promise: Promise<T> | undefined, timeoutMs: number): Promise<T | undefined> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  AbortSignal.timeout(timeoutMs).addEventListener('abort', () => reject(new Error('nothing came')));
  return Promise.race([Promise.resolve(promise), late]);
}

/** Null for an empty body; undefined for what is no JSON, as a proxy's page about its own errors. */
function parseJson(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function brief(detail: string): string {
  return detail.slice(0, maxDetailChars);
}

function detailOf(body: unknown, status: number): string {
  const { detail, title, error_description } = (body ?? {}) as Record<string, unknown>;
  return String(detail ?? error_description ?? title ?? `HTTP ${status}`);
}

/** fetch hides the system's reason in `cause`. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message;
}
