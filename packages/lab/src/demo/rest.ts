// The demo's side of REST v7, as any client of it.

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface RestClient {
  /** The body of a 2xx answer. Throws Error with the problem's detail for any other. */
  request<T>(method: string, path: string, body?: unknown): Promise<T>;
}

export function restClient(baseUrl: string, token: string): RestClient {
  return {
    async request<T>(method: string, path: string, body?: unknown): Promise<T> {
      const ask = () =>
        fetch(`${baseUrl}/v7${path}`, {
          method,
          headers: {
            authorization: `Bearer ${token}`,
            ...(body !== undefined && { 'content-type': 'application/json' }),
          },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        });
      let response = await ask();
      // More than v7 allows in a minute: it says when it goes on.
      for (; response.status === 429; response = await ask()) {
        await response.arrayBuffer();
        await sleep(1000 * Math.min(60, Number(response.headers.get('retry-after') ?? 1)));
      }
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return (text === '' ? null : JSON.parse(text)) as T;
    },
  };
}

/** Asks until there is an answer, for `limitMs` at most; then null. */
export async function eventually<T>(
  ask: () => Promise<T | null> | T | null,
  limitMs: number,
  everyMs = 200,
): Promise<T | null> {
  for (const endMs = performance.now() + limitMs; performance.now() < endMs; await sleep(everyMs)) {
    const answer = await Promise.resolve(ask()).catch(() => null);
    if (answer !== null) return answer;
  }
  return null;
}

export function readToken(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return null;
  }
}
