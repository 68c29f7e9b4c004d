// The published description of ThousandEyes API v7, as far as Pinhole has its operations: shapes without words. References
// to schemas that it leaves out are missing here too, and allow everything.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Answer } from '../harness.ts';
import { type Description, holdTo } from './hold.ts';

interface PublishedOperation {
  /** Names of the query's parameters. */
  readonly query: readonly string[];
  readonly request?: unknown;
  readonly responses: Description['paths'][string][string]['responses'];
}

export const published = JSON.parse(
  readFileSync(new URL('./published.json', import.meta.url), 'utf8'),
) as Description & {
  readonly paths: Readonly<Record<string, Readonly<Record<string, PublishedOperation>>>>;
};

const hold = holdTo(published, false);

/** Throws where v7 knows no such operation, or describes this answer in another way; members that it does not have are fine. */
export function assertPublished(method: string, url: string, answer: Answer): void {
  const { pathname } = new URL(url, 'http://collector.example');
  const expected = hold.answer(method, pathname.replace(/^\/v7/, ''), answer);
  assert.ok(expected !== null, `v7 has no ${method} ${pathname}`);
  expected.check();
}

/** Throws where a client that keeps to the description would not send this body. `path`: as the description writes it. */
export function assertPublishedRequest(method: string, path: string, body: unknown): void {
  hold.check(['paths', path, method.toLowerCase(), 'request'], body);
}
