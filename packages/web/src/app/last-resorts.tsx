// What is shown where a link leads nowhere, and where the page itself fails.

import { type ErrorComponentProps, useRouter } from '@tanstack/react-router';
import { ButtonLink } from '../ui/button.tsx';
import { EmptyState, ErrorState } from '../ui/states.tsx';

export function NotFoundPage() {
  return (
    <main id="main">
      <h1 className="sr-only">Nothing here</h1>
      <EmptyState
        icon="unknown"
        title="There is nothing at this address"
        action={
          <ButtonLink to="/views" variant="primary">
            Go to Views
          </ButtonLink>
        }
      >
        The link may be of an older version, or part of it was lost on its way to you.
      </EmptyState>
    </main>
  );
}

export function CrashPage({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  return (
    <main id="main">
      <h1 className="sr-only">Error</h1>
      <ErrorState
        title="This page could not be shown"
        error={error}
        onRetry={() => {
          reset();
          void router.invalidate();
        }}
      />
    </main>
  );
}
