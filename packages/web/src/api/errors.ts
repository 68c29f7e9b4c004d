// What can come of a request besides an answer. The message is a sentence to show.

import { type FieldError, unauthorizedSchema, validationProblemSchema } from '@pinhole/contract';

export type ApiErrorCode =
  /** Nobody answered: the collector is stopped, or the network between is cut. */
  | 'unreachable'
  | 'signed-out'
  | 'forbidden'
  | 'not-found'
  /** Fields are wrong: `fieldErrors` says which and why. */
  | 'invalid'
  | 'conflict'
  | 'too-many'
  | 'unavailable'
  /** The collector's answer is not what this page knows: another version of it, as a rule. */
  | 'unreadable'
  | 'failed';

export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ApiErrorCode;
  readonly fieldErrors: readonly FieldError[];

  constructor(code: ApiErrorCode, sentence: string, fieldErrors: readonly FieldError[] = []) {
    super(sentence);
    this.code = code;
    this.fieldErrors = fieldErrors;
  }
}

const codes: Readonly<Record<number, ApiErrorCode>> = {
  400: 'invalid',
  401: 'signed-out',
  403: 'forbidden',
  404: 'not-found',
  409: 'conflict',
  413: 'invalid',
  422: 'invalid',
  429: 'too-many',
  502: 'unavailable',
  503: 'unavailable',
  504: 'unavailable',
};

/** Of an answer that is no success; `body` as parsed from JSON, or null where it is none. */
export function errorOf(status: number, body: unknown): ApiError {
  const code = codes[status] ?? 'failed';
  const problem = validationProblemSchema.safeParse(body);
  if (problem.success) {
    const { detail, title, errors } = problem.data;
    return new ApiError(code, detail ?? title, errors ?? []);
  }
  const unauthorized = unauthorizedSchema.safeParse(body);
  if (unauthorized.success) return new ApiError(code, `${unauthorized.data.error_description}.`);
  return new ApiError(code, `The collector answered with ${status} and gave no reason.`);
}
