// People, their sessions, and API tokens. Of sessions and tokens only hashes are kept: both are random, so that a plain
// SHA-256 is enough, and looking one up by its hash takes a time that says nothing about it.

import { createHash } from 'node:crypto';
import type { Access } from '@pinhole/contract';
import type { Selectable } from 'kysely';
import { idNumber } from './ids.ts';
import type { ApiTokenTable, PersonTable, Store } from './schema.ts';

export interface PersonRecord {
  readonly personId: string;
  readonly name: string;
  readonly passwordHash: string;
  readonly access: Access;
  readonly createdAtMs: number;
  readonly lastSignInAtMs: number | null;
}

export interface SessionRecord {
  readonly sessionHash: string;
  readonly person: PersonRecord;
  readonly createdAtMs: number;
  readonly lastSeenAtMs: number;
}

export interface TokenRecord {
  readonly tokenId: string;
  readonly name: string;
  /** `file`: that of the data folder's file `api-token`, or of the environment. */
  readonly origin: 'person' | 'file';
  readonly access: Access;
  readonly createdAtMs: number;
  readonly lastUsedAtMs: number | null;
}

/** On how many devices somebody may be signed in at once; the oldest session ends then. */
const maxSessions = 50;

// ---- people --------------------------------------------------------------------------------------------------

export async function listPeople(db: Store): Promise<PersonRecord[]> {
  const rows = await db.selectFrom('person').selectAll().orderBy('person_id').execute();
  return rows.map(personRecord);
}

export async function findPerson(db: Store, personId: string): Promise<PersonRecord | null> {
  const row = await db
    .selectFrom('person')
    .selectAll()
    .where('person_id', '=', idNumber(personId))
    .executeTakeFirst();
  return row === undefined ? null : personRecord(row);
}

/** Capitals make no difference. */
export async function findPersonByName(db: Store, name: string): Promise<PersonRecord | null> {
  const row = await db.selectFrom('person').selectAll().where('name', '=', name).executeTakeFirst();
  return row === undefined ? null : personRecord(row);
}

export async function addPerson(
  db: Store,
  person: Pick<PersonRecord, 'name' | 'passwordHash' | 'access'>,
  nowMs: number,
): Promise<PersonRecord> {
  const row = await db
    .insertInto('person')
    .values({
      name: person.name,
      password_hash: person.passwordHash,
      access: person.access,
      created_at_ms: nowMs,
      last_sign_in_at_ms: null,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return personRecord(row);
}

export async function changePerson(
  db: Store,
  personId: string,
  change: { readonly passwordHash?: string; readonly access?: Access; readonly lastSignInAtMs?: number },
): Promise<void> {
  const { passwordHash, access, lastSignInAtMs } = change;
  await db
    .updateTable('person')
    .set({
      ...(passwordHash !== undefined && { password_hash: passwordHash }),
      ...(access !== undefined && { access }),
      ...(lastSignInAtMs !== undefined && { last_sign_in_at_ms: lastSignInAtMs }),
    })
    .where('person_id', '=', idNumber(personId))
    .execute();
}

/** With the sessions. */
export async function deletePerson(db: Store, personId: string): Promise<void> {
  await db.deleteFrom('person').where('person_id', '=', idNumber(personId)).execute();
}

// ---- sessions ------------------------------------------------------------------------------------------------

export async function addSession(db: Store, personId: string, secret: string, nowMs: number): Promise<void> {
  const person_id = idNumber(personId);
  const newest = db
    .selectFrom('session')
    .select('session_hash')
    .where('person_id', '=', person_id)
    .orderBy('created_at_ms', 'desc')
    .limit(maxSessions - 1);
  await db
    .deleteFrom('session')
    .where('person_id', '=', person_id)
    .where('session_hash', 'not in', newest)
    .execute();
  await db
    .insertInto('session')
    .values({ session_hash: hashOf(secret), person_id, created_at_ms: nowMs, last_seen_at_ms: nowMs })
    .execute();
}

export async function findSession(db: Store, secret: string): Promise<SessionRecord | null> {
  const row = await db
    .selectFrom('session')
    .innerJoin('person', 'person.person_id', 'session.person_id')
    .selectAll('person')
    .select(['session_hash', 'session.created_at_ms as session_created_at_ms', 'last_seen_at_ms'])
    .where('session_hash', '=', hashOf(secret))
    .executeTakeFirst();
  if (row === undefined) return null;
  return {
    sessionHash: row.session_hash,
    person: personRecord(row),
    createdAtMs: row.session_created_at_ms,
    lastSeenAtMs: row.last_seen_at_ms,
  };
}

export async function touchSession(db: Store, sessionHash: string, nowMs: number): Promise<void> {
  await db
    .updateTable('session')
    .set({ last_seen_at_ms: nowMs })
    .where('session_hash', '=', sessionHash)
    .execute();
}

export async function endSession(db: Store, sessionHash: string): Promise<void> {
  await db.deleteFrom('session').where('session_hash', '=', sessionHash).execute();
}

/** All of a person's, but for one. */
export async function endSessions(db: Store, personId: string, exceptHash: string | null): Promise<void> {
  await db
    .deleteFrom('session')
    .where('person_id', '=', idNumber(personId))
    .where('session_hash', '!=', exceptHash ?? '')
    .execute();
}

/** Those that began, or were last used, before. */
export async function endOldSessions(
  db: Store,
  { begunBeforeMs, seenBeforeMs }: { readonly begunBeforeMs: number; readonly seenBeforeMs: number },
): Promise<void> {
  await db
    .deleteFrom('session')
    .where((where) =>
      where.or([where('created_at_ms', '<', begunBeforeMs), where('last_seen_at_ms', '<', seenBeforeMs)]),
    )
    .execute();
}

// ---- tokens --------------------------------------------------------------------------------------------------

export async function listTokens(db: Store): Promise<TokenRecord[]> {
  const rows = await db.selectFrom('api_token').selectAll().orderBy('token_id').execute();
  return rows.map(tokenRecord);
}

export async function findToken(db: Store, tokenId: string): Promise<TokenRecord | null> {
  const row = await db
    .selectFrom('api_token')
    .selectAll()
    .where('token_id', '=', idNumber(tokenId))
    .executeTakeFirst();
  return row === undefined ? null : tokenRecord(row);
}

export async function findTokenBySecret(db: Store, secret: string): Promise<TokenRecord | null> {
  const row = await db
    .selectFrom('api_token')
    .selectAll()
    .where('token_hash', '=', hashOf(secret))
    .executeTakeFirst();
  return row === undefined ? null : tokenRecord(row);
}

export async function addToken(
  db: Store,
  token: Pick<TokenRecord, 'name' | 'origin' | 'access'>,
  secret: string,
  nowMs: number,
): Promise<TokenRecord> {
  const row = await db
    .insertInto('api_token')
    .values({
      name: token.name,
      origin: token.origin,
      token_hash: hashOf(secret),
      access: token.access,
      created_at_ms: nowMs,
      last_used_at_ms: null,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return tokenRecord(row);
}

export async function touchToken(db: Store, tokenId: string, nowMs: number): Promise<void> {
  await db
    .updateTable('api_token')
    .set({ last_used_at_ms: nowMs })
    .where('token_id', '=', idNumber(tokenId))
    .execute();
}

export async function deleteToken(db: Store, tokenId: string): Promise<void> {
  await db.deleteFrom('api_token').where('token_id', '=', idNumber(tokenId)).execute();
}

/** Makes this the one token of the file; what was kept of it stays where it is the same as before. */
export async function setFileToken(db: Store, name: string, secret: string, nowMs: number): Promise<void> {
  await db
    .deleteFrom('api_token')
    .where('origin', '=', 'file')
    .where('token_hash', '!=', hashOf(secret))
    .execute();
  if ((await findTokenBySecret(db, secret)) !== null) return;
  await addToken(db, { name, origin: 'file', access: 'write' }, secret, nowMs);
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

function personRecord(row: Selectable<PersonTable>): PersonRecord {
  return {
    personId: String(row.person_id),
    name: row.name,
    passwordHash: row.password_hash,
    access: row.access,
    createdAtMs: row.created_at_ms,
    lastSignInAtMs: row.last_sign_in_at_ms,
  };
}

function tokenRecord(row: Selectable<ApiTokenTable>): TokenRecord {
  return {
    tokenId: String(row.token_id),
    name: row.name,
    origin: row.origin,
    access: row.access,
    createdAtMs: row.created_at_ms,
    lastUsedAtMs: row.last_used_at_ms,
  };
}
