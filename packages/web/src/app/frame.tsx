// What is around every screen: the way between the screens, who is signed in, and whether the collector answers.

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { ApiError } from '../api/errors.ts';
import { unreachable, watchReach } from '../api/reach.ts';
import { sessionQuery } from '../api/session.ts';
import { IconButton } from '../ui/button.tsx';
import { classNames } from '../ui/class-names.ts';
import { Icon, type IconName } from '../ui/icon.tsx';
import { AccountMenu } from './account-menu.tsx';
import mark from './pinhole.svg';
import { ThemeMenu } from './theme-menu.tsx';

/** So often is asked whether the session still stands; oftener while the collector does not answer. */
const sessionPollMs = 30_000;
const retryMs = 3000;

export function Frame() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const location = useLocation();
  const [isOpen, setIsOpen] = useState(false);
  const lost = useSyncExternalStore(watchReach, unreachable);
  const session = useQuery({
    ...sessionQuery,
    refetchInterval: ({ state }) => (lost !== null || state.error !== null ? retryMs : sessionPollMs),
    retry: false,
  });
  // That there was no answer is known by any request, and no more so when another has one.
  const trouble = lost ?? (isUnreachable(session.error) ? null : session.error);
  const isCutOff = trouble !== null;

  useEffect(() => {
    if (session.data === null) void navigate({ to: '/sign-in', search: { to: location.href } });
  }, [session.data, navigate, location.href]);

  // What failed meanwhile is asked for again at once.
  const [wasCutOff, setWasCutOff] = useState(false);
  if (wasCutOff !== isCutOff) setWasCutOff(isCutOff);
  useEffect(() => {
    if (!wasCutOff) void queries.refetchQueries({ predicate: (query) => query.state.status === 'error' });
  }, [wasCutOff, queries]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another screen closes the menu
  useEffect(() => setIsOpen(false), [location.pathname]);

  return (
    <div className="flex min-h-dvh flex-col lg:flex-row">
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-accent-fill px-3 py-2 text-white focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to the content
      </a>
      <header className="z-30 flex shrink-0 flex-wrap items-center border-b border-line bg-surface px-3 py-2 lg:sticky lg:top-0 lg:h-dvh lg:w-52 lg:flex-col lg:flex-nowrap lg:items-stretch lg:border-r lg:border-b-0 lg:py-4">
        <Link
          to="/views"
          className="flex flex-1 items-center gap-2 rounded-md px-2 py-1 lg:mb-4 lg:flex-none"
        >
          <img src={mark} alt="" className="size-6" />
          <span className="text-lg font-semibold tracking-tight">Pinhole</span>
        </Link>
        <IconButton
          icon={isOpen ? 'close' : 'menu'}
          label={isOpen ? 'Close the menu' : 'Open the menu'}
          aria-expanded={isOpen}
          aria-controls="navigation"
          onClick={() => setIsOpen(!isOpen)}
          className="lg:hidden"
        />
        <div
          id="navigation"
          className={classNames(
            'basis-full flex-col pt-2 lg:flex lg:min-h-0 lg:flex-1 lg:basis-0 lg:pt-0',
            isOpen ? 'flex' : 'hidden',
          )}
        >
          <nav aria-label="Main" className="flex flex-1 flex-col gap-4">
            <ul className="flex flex-col gap-0.5">
              <NavItem to="/views" icon="view">
                Views
              </NavItem>
              <NavItem to="/tests" icon="test">
                Tests
              </NavItem>
              <NavItem to="/alerts" icon="bell">
                Alerts
              </NavItem>
            </ul>
            <div>
              <h2 id="nav-settings" className="mb-1 px-2 text-xs font-medium text-muted">
                Settings
              </h2>
              <ul aria-labelledby="nav-settings" className="flex flex-col gap-0.5">
                <NavItem to="/agents" icon="agent">
                  Enterprise Agents
                </NavItem>
                <NavItem to="/settings/people" icon="person">
                  People
                </NavItem>
                <NavItem to="/settings/tokens" icon="key">
                  API tokens
                </NavItem>
              </ul>
            </div>
          </nav>
          <div className="mt-4 flex flex-col gap-0.5 border-t border-line pt-3">
            <ThemeMenu />
            {session.data != null && <AccountMenu session={session.data} />}
          </div>
        </div>
      </header>
      <div className="flex min-w-0 flex-1 flex-col">
        <div role="status" aria-live="polite">
          {trouble !== null && (
            <p className="flex items-center gap-2 border-b border-line bg-warn-soft px-6 py-2 text-warn">
              <Icon name="warning" />
              {trouble.message} What you see may be old. Trying again every few seconds.
            </p>
          )}
        </div>
        <main id="main" tabIndex={-1} className="min-w-0 flex-1 p-4 outline-none sm:p-6">
          <Outlet />
        </main>
      </div>
    </div>
  );
}

function isUnreachable(error: Error | null): boolean {
  return error instanceof ApiError && error.code === 'unreachable';
}

function NavItem({
  to,
  icon,
  children,
}: {
  to: '/views' | '/tests' | '/alerts' | '/agents' | '/settings/people' | '/settings/tokens';
  icon: IconName;
  children: string;
}) {
  return (
    <li>
      <Link
        to={to}
        className="flex items-center gap-2.5 rounded-md px-2 py-1.5 text-muted hover:bg-hover hover:text-ink"
        activeProps={{ className: 'bg-accent-soft font-medium text-accent! hover:bg-accent-soft' }}
      >
        <Icon name={icon} />
        {children}
      </Link>
    </li>
  );
}
