// What the rooms of the collector share.

import type { Clock, Random } from '@pinhole/net';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Changes } from './agents/changes.ts';
import type { TraversalPlacement } from './agents/configuration.ts';
import type { Watched } from './agents/watched.ts';
import type { Outgoing } from './export/outgoing.ts';
import type { NetworkDatabase } from './networks/facts.ts';
import type { Names } from './networks/names.ts';
import type { Passwords } from './people/password.ts';
import type { Tables } from './store/schema.ts';

export interface Context {
  readonly db: Kysely<Tables>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly changes: Changes;
  readonly watched: Watched;
  readonly dataDir: string;
  readonly passwords: Passwords;
  readonly accountToken: string;
  readonly traversalSecret: Uint8Array;
  readonly pairSecret: string;
  readonly placement: TraversalPlacement;
  readonly limits: Limits;
  readonly networks: NetworkDatabase;
  readonly names: Names;
  readonly outgoing: Outgoing;
  /** Without a slash at its end; null: as the client names this server. */
  readonly publicUrl: string | null;
}

/** Requests a minute from one address. */
export interface Limits {
  readonly restPerMinute: number;
  readonly enrollmentsPerMinute: number;
  readonly failedLoginsPerMinute: number;
}
