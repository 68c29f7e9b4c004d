// The first person: whoever installs the collector signs in as `admin`.

import { newPasswordSchema } from '@pinhole/contract';
import type { Clock, Random } from '@pinhole/net';
import { CollectorError } from '../errors.ts';
import { adminPasswordFile, readSecretFile, removeSecretFile, writeSecretFile } from '../files.ts';
import { addPerson, changePerson, endSessions, findPersonByName, listPeople } from '../store/people.ts';
import type { Store } from '../store/schema.ts';
import type { Passwords } from './password.ts';

export const administratorName = 'admin';

/** Without letters and digits that are taken for one another; 100 bits in 20 of them. */
const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';
const groups = 4;
const groupLetters = 5;

export interface AdministratorOptions {
  readonly db: Store;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly passwords: Passwords;
  /** Of the environment: the administrator's from now on. */
  readonly given: string | undefined;
}

/**
 * Where nobody is known, makes an administrator, with the password that is given, or one that is kept in the data folder. A
 * password that is given counts later as well: it is the way back in for those who have lost theirs. Returns the file in
 * which the password stands; null where it is in none. Throws CollectorError.
 */
export async function ensureAdministrator(options: AdministratorOptions): Promise<string | null> {
  const { db, dataDir, clock, random, passwords, given } = options;
  const path = adminPasswordFile(dataDir);
  if (given !== undefined) {
    await setAdministrator(options, given);
    return null;
  }
  if ((await listPeople(db)).length > 0) return readSecretFile(path) === null ? null : path;
  // The file first: one that nobody has a password from is of use at the next start.
  const password = readSecretFile(path) ?? newPassword(random);
  writeSecretFile(dataDir, path, password);
  const passwordHash = await passwords.hash(password);
  await addPerson(db, { name: administratorName, passwordHash, access: 'write' }, clock.wallMs());
  return path;
}

/** Once the administrator has another password, the file would only mislead. Throws CollectorError. */
export function forgetFirstPassword(dataDir: string): void {
  removeSecretFile(adminPasswordFile(dataDir));
}

async function setAdministrator({ db, dataDir, clock, passwords }: AdministratorOptions, password: string) {
  if (!newPasswordSchema.safeParse(password).success) {
    const message = "The administrator's password must be 12 to 200 characters long.";
    throw new CollectorError('password-not-usable', message);
  }
  forgetFirstPassword(dataDir);
  const known = await findPersonByName(db, administratorName);
  if (known !== null && (await passwords.verify(password, known.passwordHash))) {
    await changePerson(db, known.personId, { access: 'write' });
    return;
  }
  const passwordHash = await passwords.hash(password);
  if (known === null) {
    await addPerson(db, { name: administratorName, passwordHash, access: 'write' }, clock.wallMs());
    return;
  }
  await changePerson(db, known.personId, { passwordHash, access: 'write' });
  await endSessions(db, known.personId, null);
}

function newPassword(random: Random): string {
  const letter = () => alphabet[random.below(alphabet.length)];
  const group = () => Array.from({ length: groupLetters }, letter).join('');
  return Array.from({ length: groups }, group).join('-');
}
