// `node packages/web/dev/server.ts 8080`, and beside it `npx vite packages/web`: the page with made-up data.

import { createServer } from 'node:http';
import { agents, tests } from './data/cast.ts';
import { path } from './data/path.ts';
import { results, running } from './data/round.ts';
import { timeline } from './data/timeline.ts';

const port = Number(process.argv[2] ?? 8080);

function answer(url: URL): unknown {
  const nowS = Math.floor(Date.now() / 1000);
  const parts = url.pathname.split('/').filter((part) => part !== '');
  const query = url.searchParams;
  const test = tests.find(({ testId }) => parts.includes(testId));
  if (url.pathname === '/page/session') return { personId: '1', name: 'admin', access: 'write' };
  if (url.pathname === '/v7/agents') return { agents, _links: { self: { href: '' } } };
  if (url.pathname === '/v7/tests/agent-to-agent') return { tests, _links: { self: { href: '' } } };
  if (test === undefined) return null;
  if (url.pathname.startsWith('/v7/tests/agent-to-agent/')) return test;
  switch (parts.at(-1)) {
    case 'timeline':
      return timeline(
        test,
        Number(query.get('from')),
        Number(query.get('to')),
        Number(query.get('points') ?? 1000),
        nowS,
      );
    case 'running':
      return running(test, nowS);
    case 'path':
      return path(test, Number(parts.at(-2)));
    case 'network':
      return {
        results: results(test, Date.parse(query.get('startDate') ?? '') / 1000),
        test,
        _links: { self: { href: '' } },
      };
    default:
      return null;
  }
}

createServer((request, response) => {
  const body = answer(new URL(request.url ?? '/', 'http://localhost'));
  response.setHeader('content-type', 'application/json');
  response.statusCode = body === null ? 404 : 200;
  const problem = { type: 'about:blank', title: 'Not Found', status: 404, detail: 'There is no such thing.' };
  response.end(JSON.stringify(body ?? problem));
}).listen(port, '127.0.0.1', () => console.log(`made-up data on http://127.0.0.1:${port}`));
