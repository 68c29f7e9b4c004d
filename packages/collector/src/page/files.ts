// The page itself: the files that its build has made. Whatever path a person types that is not REST's, the page is what
// comes; it knows its own places.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { pagePolicy } from './security.ts';

/** Their names change with what is in them. */
const hashedFiles = 'assets/';
const yearMs = 365 * 86_400_000;
/** What programs ask for: there an error is an error, also for a person who looks. */
const notThePage = /^(v7|agent|page|healthz|metrics)(\/|$)/;

const notBuilt = `The page has not been built yet. In the folder of Pinhole run

    npm run setup

and load this again. REST is there without it, at /v7.
`;

export async function pageFiles(app: FastifyInstance, pageDir: string): Promise<void> {
  await app.register(fastifyStatic, { root: pageDir, serve: false, suppressWarning: true });

  app.get('/*', async (request, reply) => {
    const { '*': path } = request.params as { '*': string };
    if (path.startsWith(hashedFiles)) return sendFile(reply, path, { maxAge: yearMs, immutable: true });
    // Icons and the like; no place of the page has such a name.
    if (/^[\w-]+\.[\w.]+$/.test(path)) return sendFile(reply, path, { maxAge: 0 });
    if (isForPerson(path, request)) return sendPage(reply);
    return reply.callNotFound();
  });

  function sendPage(reply: FastifyReply) {
    reply.header('content-security-policy', pagePolicy);
    if (!existsSync(join(pageDir, 'index.html')))
      return reply
        .code(503)
        .type('text/plain; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(notBuilt);
    // It names the hashed files of today, so it is asked for each time.
    return sendFile(reply, 'index.html', { maxAge: 0 });
  }
}

function sendFile(
  reply: FastifyReply,
  path: string,
  caching: { readonly maxAge: number; readonly immutable?: boolean },
) {
  return reply.sendFile(path, { ...caching, dotfiles: 'ignore', index: false });
}

function isForPerson(path: string, { headers }: FastifyRequest): boolean {
  return !notThePage.test(path) && (headers.accept ?? '').includes('text/html');
}
