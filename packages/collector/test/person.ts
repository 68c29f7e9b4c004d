// Somebody with a browser: keeps the cookie that the collector gives, and sends what the page's scripts send.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pageHeader } from '@pinhole/contract';
import type { Answer, World } from './harness.ts';

export interface Browser {
  /** `headers` replace those that the page's scripts send; one that is null is left out. */
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string | null>): Promise<Answer>;
  signIn(name: string, password: string): Promise<Answer>;
  /** `name=value`, as it is sent. */
  cookie: string | null;
}

export function browser(world: World): Browser {
  const own: Browser = {
    cookie: null,
    async ask(method, path, body, headers = {}) {
      const all: Record<string, string | null> = {
        [pageHeader]: '1',
        'sec-fetch-site': 'same-origin',
        'content-type': body === undefined ? null : 'application/json',
        cookie: own.cookie,
        ...headers,
      };
      const response = await fetch(world.collector.url + path, {
        method,
        headers: Object.fromEntries(
          Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null),
        ),
        ...(body !== undefined && { body: JSON.stringify(body) }),
        redirect: 'error',
      });
      const [set] = response.headers.getSetCookie();
      if (set !== undefined)
        own.cookie = /Max-Age=0|Expires=Thu, 01 Jan 1970/.test(set) ? null : set.split(';')[0]!;
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        body: text.startsWith('{') ? JSON.parse(text) : text === '' ? null : text,
      };
    },
    signIn: (name, password) => own.ask('POST', '/page/session', { name, password }),
  };
  return own;
}

export function adminPassword(world: World): string {
  return readFileSync(join(world.dataDir, 'admin-password'), 'utf8').trim();
}

/** A browser in which the administrator is signed in. */
export async function administrator(world: World): Promise<Browser> {
  const own = browser(world);
  const { status } = await own.signIn('admin', adminPassword(world));
  if (status !== 200) throw new Error(`the administrator could not sign in: ${status}`);
  return own;
}
