// The files that say which network an address is in. The user gives them; the project has none of its own.

import { readFileSync, statSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { IpAddress } from '@pinhole/wire';
import type { Logger } from 'pino';
import { CollectorError, systemCode } from '../errors.ts';
import { readCsv } from './csv.ts';
import { type NetworkDatabase, type NetworkFacts, noFacts } from './facts.ts';
import { isMmdb, readMmdb } from './mmdb.ts';

/** Some four times GeoLite2-City, the largest of its kind; all of a file is held in memory. */
const maxFileBytes = 256 * 1_048_576;
/** RFC 1952 §2.3.1 */
const gzipMagic = Buffer.from([0x1f, 0x8b]);

/** Of several files, the first that knows a thing counts for it. Throws CollectorError. */
export function openNetworks(paths: readonly string[], log: Logger): NetworkDatabase {
  const databases = paths.map((path) => openFile(path, log));
  return { find: (address) => merged(databases, address) };
}

function merged(databases: readonly NetworkDatabase[], address: IpAddress): NetworkFacts {
  let facts = noFacts;
  for (const database of databases) {
    const found = database.find(address);
    // What belongs together stays together: a prefix is that of the system that announces it.
    const system = facts.asn === null && facts.name === null ? found : facts;
    const place = facts.location === null ? found : facts;
    facts = {
      prefix: system.prefix,
      asn: system.asn,
      name: system.name,
      countryId: place.countryId,
      location: place.location,
    };
  }
  return facts;
}

function openFile(path: string, log: Logger): NetworkDatabase {
  const file = readFile(path);
  if (isMmdb(file)) {
    const outcome = readMmdb(file);
    if (!outcome.ok) throw unusable(path, outcome.reason);
    log.info(
      { path, type: outcome.type, builtAt: new Date(outcome.builtAtMs).toISOString() },
      'networks read',
    );
    return outcome.database;
  }
  if (file.subarray(0, 4096).includes(0))
    throw unusable(path, 'it is neither a whole MaxMind DB file nor text');
  const outcome = readCsv(file.toString());
  if (!outcome.ok) throw unusable(path, outcome.reason);
  log.info({ path, rows: outcome.rows }, 'networks read');
  return outcome.database;
}

function readFile(path: string): Buffer {
  try {
    if (statSync(path).size > maxFileBytes) throw unusable(path, 'it is larger than 256 MiB');
    const file = readFileSync(path);
    return file.subarray(0, 2).equals(gzipMagic) ? gunzipSync(file, { maxOutputLength: maxFileBytes }) : file;
  } catch (error) {
    if (error instanceof CollectorError) throw error;
    throw unusable(path, reasonOf(error), { cause: error });
  }
}

function reasonOf(error: unknown): string {
  switch (systemCode(error)) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
      return 'this user may not read it';
    case 'EISDIR':
      return 'it is a folder';
    case 'ERR_BUFFER_TOO_LARGE':
      return 'it is larger than 256 MiB when unpacked';
    default:
      return String(error);
  }
}

function unusable(path: string, reason: string, options?: ErrorOptions): CollectorError {
  return new CollectorError(
    'networks-file-unusable',
    `${path} cannot be used as a file of networks: ${reason}.`,
    options,
  );
}
