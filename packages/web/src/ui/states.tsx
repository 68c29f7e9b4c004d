// What stands where there is nothing to show.

import type { ReactNode } from 'react';
import { Button, Spinner } from './button.tsx';
import { Icon, type IconName } from './icon.tsx';

/** Says what is not there and what to do next. */
export function EmptyState({
  icon = 'info',
  title,
  children,
  action,
}: {
  icon?: IconName;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="flex flex-col items-center px-6 py-12 text-center">
      <span className="mb-3 flex size-10 items-center justify-center rounded-full bg-accent-soft text-accent">
        <Icon name={icon} className="size-5!" />
      </span>
      <h2 className="text-lg font-semibold">{title}</h2>
      {children !== undefined && <div className="mt-1 max-w-prose text-muted">{children}</div>}
      {action !== undefined && <div className="mt-4 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  );
}

/** `error`: the sentence of one is shown as it is. */
export function ErrorState({
  title = 'This could not be loaded',
  error,
  onRetry,
  action,
}: {
  title?: string;
  error: unknown;
  onRetry?: () => void;
  action?: ReactNode;
}) {
  return (
    <div role="alert" className="flex flex-col items-center px-6 py-12 text-center">
      <span className="mb-3 flex size-10 items-center justify-center rounded-full bg-bad-soft text-bad">
        <Icon name="warning" className="size-5!" />
      </span>
      <h2 className="text-lg font-semibold">{title}</h2>
      <p className="mt-1 max-w-prose text-muted">{error instanceof Error ? error.message : String(error)}</p>
      <div className="mt-4 flex flex-wrap justify-center gap-2">
        {onRetry !== undefined && (
          <Button icon="refresh" onClick={onRetry}>
            Try again
          </Button>
        )}
        {action}
      </div>
    </div>
  );
}

export function Loading({ what = 'Loading' }: { what?: string }) {
  return (
    <div role="status" className="flex items-center justify-center gap-2 px-6 py-12 text-muted">
      <Spinner />
      {what}
    </div>
  );
}
