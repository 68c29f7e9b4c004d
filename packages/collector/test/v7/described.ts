// Every answer below /v7 that a test of the collector gets is held to the document that the collector serves.

import assert from 'node:assert/strict';
import { openApiDocument } from '@pinhole/contract';
import type { Answer } from '../harness.ts';
import { holdTo } from './hold.ts';

const hold = holdTo(openApiDocument(), true);

/** Throws where an answer is not what the document says of its operation. `url`: whole, or a path. */
export function assertDescribed(method: string, url: string, answer: Answer): void {
  const { pathname } = new URL(url, 'http://collector.example');
  if (!pathname.startsWith('/v7/')) return;
  try {
    const expected = hold.answer(method, pathname.slice('/v7'.length), answer);
    if (expected !== null) expected.check();
    else assertNoOperation(answer);
  } catch (error) {
    if (error instanceof Error) error.message = `${method} ${url} ${answer.status}: ${error.message}`;
    throw error;
  }
}

/** Of paths that do not exist, and methods that a path has not, only problems can be heard. */
function assertNoOperation({ status, body }: Answer): void {
  assert.ok(status >= 400, 'the document has no such operation');
  hold.check(['components', 'schemas', status === 401 ? 'Unauthorized' : 'ValidationProblem'], body);
}
