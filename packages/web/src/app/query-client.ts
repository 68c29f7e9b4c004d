import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { ApiError } from '../api/errors.ts';
import { sessionQuery } from '../api/session.ts';

/** What any request may find out about the session, everybody who looks at it learns. */
function tell(error: Error): void {
  if (error instanceof ApiError && error.code === 'signed-out')
    queryClient.setQueryData(sessionQuery.queryKey, null);
}

export const queryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      if (query.queryKey[0] !== sessionQuery.queryKey[0]) tell(error);
    },
  }),
  mutationCache: new MutationCache({ onError: tell }),
  defaultOptions: {
    queries: {
      // The collector may well be on this machine: that the browser is offline says nothing.
      networkMode: 'always',
      staleTime: 2000,
      retry: (failures, error) =>
        failures < 2 && error instanceof ApiError && ['unreachable', 'unavailable'].includes(error.code),
    },
    mutations: { networkMode: 'always' },
  },
});
