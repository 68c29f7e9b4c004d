// The state of a view, which is the address bar's.

import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useRef } from 'react';
import { shownSearch, type ViewsSearch } from './search.ts';

export interface View {
  readonly search: ViewsSearch;
  /** `isStep`: with the browser's Back the one before comes again. */
  readonly change: (change: Partial<ViewsSearch>, isStep?: boolean) => void;
}

export function useView(): View {
  const navigate = useNavigate();
  const { testId } = useParams({ strict: false });
  const search: ViewsSearch = useSearch({ strict: false });
  // Several changes may come before the first one stands in the address bar.
  const latest = useRef(search);
  latest.current = search;
  const change = useCallback(
    (part: Partial<ViewsSearch>, isStep = false) => {
      if (testId === undefined) return;
      latest.current = { ...latest.current, ...part };
      void navigate({
        to: '/views/$testId',
        params: { testId },
        search: shownSearch(latest.current),
        replace: !isStep,
        resetScroll: false,
      });
    },
    [navigate, testId],
  );
  return { search, change };
}
