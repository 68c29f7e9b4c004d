import {
  type Access,
  type NewToken,
  newTokenSchema,
  type Person,
  peopleSchema,
  personSchema,
  tokensSchema,
} from '@pinhole/contract';
import { queryOptions } from '@tanstack/react-query';
import { get, nothing, send } from './client.ts';

export const peopleQuery = queryOptions({
  queryKey: ['people'],
  queryFn: async ({ signal }) => (await get('/page/people', peopleSchema, { signal })).people,
});

export async function addPerson(body: { name: string; password: string; access: Access }): Promise<Person> {
  return await send('POST', '/page/people', personSchema, { body });
}

export async function changePerson(
  personId: string,
  body: { access?: Access; password?: string },
): Promise<Person> {
  return await send('PUT', `/page/people/${encodeURIComponent(personId)}`, personSchema, { body });
}

export async function removePerson(personId: string): Promise<void> {
  await send('DELETE', `/page/people/${encodeURIComponent(personId)}`, nothing);
}

export const tokensQuery = queryOptions({
  queryKey: ['tokens'],
  queryFn: async ({ signal }) => (await get('/page/tokens', tokensSchema, { signal })).tokens,
});

export async function addToken(body: { name: string; access: Access }): Promise<NewToken> {
  return await send('POST', '/page/tokens', newTokenSchema, { body });
}

export async function revokeToken(tokenId: string): Promise<void> {
  await send('DELETE', `/page/tokens/${encodeURIComponent(tokenId)}`, nothing);
}
