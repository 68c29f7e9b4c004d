// Where everything is. The search of each route is validated by its schema; what is wrong in a link is left out.

import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { z } from 'zod';
import { AgentsPage } from '../agents/agents-page.tsx';
import { agentsSearchSchema } from '../agents/search.ts';
import { AlertsPage } from '../alerts/alerts-page.tsx';
import { AlertRulesPage } from '../alerts/rules-page.tsx';
import { alertRulesSearchSchema, alertsSearchSchema } from '../alerts/search.ts';
import { sessionQuery } from '../api/session.ts';
import { PeoplePage } from '../people/people-page.tsx';
import { TokensPage } from '../people/tokens-page.tsx';
import { SignInPage } from '../sign-in/sign-in-page.tsx';
import { newTestSearchSchema, testsSearchSchema } from '../tests/search.ts';
import { EditTestPage, NewTestPage } from '../tests/test-form-page.tsx';
import { TestsPage } from '../tests/tests-page.tsx';
import { viewsSearchSchema } from '../views/search.ts';
import { Frame } from './frame.tsx';
import { CrashPage, NotFoundPage } from './last-resorts.tsx';
import { queryClient } from './query-client.ts';
import { parseSearch, stringifySearch } from './search.ts';

const root = createRootRoute({
  component: Outlet,
  notFoundComponent: NotFoundPage,
  errorComponent: CrashPage,
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  /** Where to go afterwards: a path of this page. */
  validateSearch: z.object({
    to: z
      .string()
      .regex(/^\/(?![/\\])/)
      .optional()
      .catch(undefined),
  }),
  component: SignInPage,
});

const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in',
  beforeLoad: async ({ location }) => {
    const session = await queryClient.ensureQueryData(sessionQuery);
    if (session === null) throw redirect({ to: '/sign-in', search: { to: location.href } });
  },
  component: Frame,
});

const home = createRoute({
  getParentRoute: () => signedIn,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/views', replace: true });
  },
});

const agents = createRoute({
  getParentRoute: () => signedIn,
  path: '/agents',
  validateSearch: agentsSearchSchema,
  component: AgentsPage,
});
const agent = createRoute({
  getParentRoute: () => signedIn,
  path: '/agents/$agentId',
  validateSearch: agentsSearchSchema,
  component: AgentsPage,
});

const tests = createRoute({
  getParentRoute: () => signedIn,
  path: '/tests',
  validateSearch: testsSearchSchema,
  component: TestsPage,
});
const newTest = createRoute({
  getParentRoute: () => signedIn,
  path: '/tests/new',
  validateSearch: newTestSearchSchema,
  component: NewTestPage,
});
const editTest = createRoute({
  getParentRoute: () => signedIn,
  path: '/tests/$testId/edit',
  component: EditTestPage,
});

const viewsPage = lazyRouteComponent(() => import('../views/views-page.tsx'), 'ViewsPage');
const views = createRoute({
  getParentRoute: () => signedIn,
  path: '/views',
  validateSearch: viewsSearchSchema,
  component: viewsPage,
});
const view = createRoute({
  getParentRoute: () => signedIn,
  path: '/views/$testId',
  validateSearch: viewsSearchSchema,
  component: viewsPage,
});

const alerts = createRoute({
  getParentRoute: () => signedIn,
  path: '/alerts',
  validateSearch: alertsSearchSchema,
  component: AlertsPage,
});
const alertRules = createRoute({
  getParentRoute: () => signedIn,
  path: '/alerts/rules',
  validateSearch: alertRulesSearchSchema,
  component: AlertRulesPage,
});

const settings = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings',
  beforeLoad: ({ location }) => {
    if (location.pathname === '/settings') throw redirect({ to: '/settings/people', replace: true });
  },
});
const people = createRoute({ getParentRoute: () => settings, path: '/people', component: PeoplePage });
const tokens = createRoute({ getParentRoute: () => settings, path: '/tokens', component: TokensPage });

export const router = createRouter({
  routeTree: root.addChildren([
    signIn,
    signedIn.addChildren([
      home,
      agents,
      agent,
      tests,
      newTest,
      editTest,
      views,
      view,
      alerts,
      alertRules,
      settings.addChildren([people, tokens]),
    ]),
  ]),
  parseSearch,
  stringifySearch,
  defaultPreload: 'intent',
  defaultErrorComponent: CrashPage,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
