// /page/…: what the page needs and REST does not have.

import type { FastifyInstance } from 'fastify';
import type { Context } from '../context.ts';
import { peopleRoutes } from '../people/routes.ts';
import { sessionRoutes } from '../people/session-routes.ts';
import { protect } from '../rest/auth.ts';
import { enrolmentRoutes } from './enrolment.ts';
import { testPageRoutes } from './test-routes.ts';

export async function pageRoutes(app: FastifyInstance, context: Context): Promise<void> {
  await sessionRoutes(app, context);
  await app.register(async (people) => {
    protect(people, context);
    peopleRoutes(people, context);
  });
  await app.register(async (tests) => {
    // Nothing is changed there, whatever the method.
    protect(tests, context, () => 'read');
    testPageRoutes(tests, context);
  });
  await app.register(async (secrets) => {
    protect(secrets, context, () => 'write');
    enrolmentRoutes(secrets, context);
  });
}
