// The data folder: made on the first start, with the secrets that are the collector's own.

import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Random } from '@pinhole/net';
import { CollectorError, fileError, systemCode } from './errors.ts';

/** Against guessing, more than any attacker can try: 256 bits. */
const secretBytes = 32;
/** What fits into an Authorization header. */
const sendableToken = /^[\x21-\x7e]{1,200}$/;

/** Throws CollectorError. */
export function openDataFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    // The database holds the key that all sessions' keys derive from, and has the default mode itself.
    chmodSync(path, 0o700);
  } catch (error) {
    throw fileError(error, path);
  }
}

/** The secret in a file of the data folder; the file is written when absent, with `given` or a new one. */
export function secretFile(
  dataDir: string,
  name: string,
  random: Random,
  given?: string,
): { path: string; secret: string } {
  const path = join(dataDir, name);
  if (given !== undefined && !sendableToken.test(given)) {
    const message = `The given ${name} must be 1 to 200 visible ASCII characters without a space.`;
    throw new CollectorError('token-not-usable', message);
  }
  if (given !== undefined && existsSync(path)) return { path, secret: given };
  const kept = readSecretFile(path);
  if (kept !== null) return { path, secret: kept };
  const secret = given ?? Buffer.from(random.bytes(secretBytes)).toString('base64url');
  writeSecretFile(dataDir, path, secret);
  return { path, secret };
}

/** Where the first person's password stands, until there is another one. */
export function adminPasswordFile(dataDir: string): string {
  return join(dataDir, 'admin-password');
}

/** Null where there is no such file. Throws CollectorError. */
export function readSecretFile(path: string): string | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw fileError(error, path);
  }
  if (text !== '') return text;
  throw new CollectorError(
    'secret-file-damaged',
    `${path} is empty where a secret should be. Delete it to have a new one made.`,
  );
}

/** Throws CollectorError. */
export function removeSecretFile(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    throw fileError(error, path);
  }
}

/** The file is there whole or not at all, whatever happens on the way. Throws CollectorError. */
export function writeSecretFile(folder: string, path: string, secret: string): void {
  const temporary = `${path}.new`;
  try {
    const descriptor = openSync(temporary, 'w', 0o600);
    try {
      writeSync(descriptor, `${secret}\n`);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
    const folderDescriptor = openSync(folder, 'r');
    try {
      fsyncSync(folderDescriptor);
    } finally {
      closeSync(folderDescriptor);
    }
  } catch (error) {
    try {
      unlinkSync(temporary);
    } catch {
      // It was renamed already, or never made.
    }
    throw fileError(error, path);
  }
}
