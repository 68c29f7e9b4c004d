// /page/enrolment: what a new agent is started with.

import type { Enrolment } from '@pinhole/contract';
import type { FastifyInstance } from 'fastify';
import type { Context } from '../context.ts';
import { baseUrl } from '../rest/base-url.ts';
import { resource } from '../rest/resource.ts';

export function enrolmentRoutes(app: FastifyInstance, context: Context): void {
  resource(app, '/page/enrolment', {
    async GET(request) {
      const collectorUrl = baseUrl(context, request);
      const { accountToken } = context;
      const body: Enrolment = {
        collectorUrl,
        accountToken,
        // In the environment: a process's arguments are there for all users of its machine to see.
        command: `PINHOLE_ACCOUNT_TOKEN=${shellWord(accountToken)} bin/pinhole agent --collector ${shellWord(collectorUrl)}`,
      };
      return body;
    },
  });
}

/** One word of a POSIX shell, whatever is in it. */
function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
