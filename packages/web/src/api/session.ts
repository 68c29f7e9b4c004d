// Who is signed in.

import { type Session, sessionSchema } from '@pinhole/contract';
import { queryOptions } from '@tanstack/react-query';
import { get, nothing, send } from './client.ts';
import { ApiError } from './errors.ts';

/** Null where nobody is. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async ({ signal }): Promise<Session | null> => {
    try {
      return await get('/page/session', sessionSchema, { signal });
    } catch (error) {
      if (error instanceof ApiError && error.code === 'signed-out') return null;
      throw error;
    }
  },
  staleTime: 30_000,
});

export async function signIn(name: string, password: string): Promise<Session> {
  return await send('POST', '/page/session', sessionSchema, { body: { name, password } });
}

export async function signOut(): Promise<void> {
  await send('DELETE', '/page/session', nothing);
}

export async function changePassword(current: string, next: string): Promise<void> {
  await send('PUT', '/page/session/password', nothing, { body: { current, next } });
}
