// Passwords, as Argon2id hashes (RFC 9106) in the PHC string format: $argon2id$v=19$m=…,t=…,p=…$salt$hash

import { argon2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { Random } from '@pinhole/net';

const derive = promisify(argon2);

/** OWASP's Password Storage Cheat Sheet: Argon2id with at least 19 MiB of memory, 2 passes and 1 lane. */
const cost = { memory: 19_456, passes: 2, parallelism: 1 } as const;
/** RFC 9106 §4: a salt of 128 bits and a tag of 256. */
const saltBytes = 16;
const tagBytes = 32;
/** Each takes 19 MiB and a thread of the pool, of which there are four for all of the program. */
const maxAtOnce = 2;
/** A wait of a second or so. */
const maxWaiting = 20;

/** As many sign-ins as can be dealt with are waiting already. */
export class TooManyPasswords extends Error {
  override readonly name = 'TooManyPasswords';
  readonly code = 'too-many-passwords';
}

export interface Passwords {
  /** Rejects with TooManyPasswords. */
  hash(password: string): Promise<string>;
  /**
   * Whether the password is the one that was hashed. Takes as long without a hash, of somebody who does not exist, and is
   * no then. Rejects with TooManyPasswords.
   */
  verify(password: string, hash: string | null): Promise<boolean>;
}

interface Parsed {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly salt: Buffer;
  readonly tag: Buffer;
}

export function createPasswords(random: Random): Passwords {
  const nobodys: Parsed = { ...cost, salt: randomBuffer(saltBytes), tag: randomBuffer(tagBytes) };
  const waiting: (() => void)[] = [];
  let underWay = 0;

  function randomBuffer(length: number): Buffer {
    return Buffer.from(random.bytes(length));
  }

  async function tagOf(password: string, { salt, tag, ...parameters }: Parsed): Promise<Buffer> {
    if (underWay >= maxAtOnce) {
      if (waiting.length >= maxWaiting) throw new TooManyPasswords('Too many passwords to check at once.');
      // Whoever is done hands the place on, so that nobody comes in between.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      underWay += 1;
    }
    try {
      // The same characters in another composition are the same password (RFC 8265 §4.2.1).
      const message = password.normalize('NFC');
      return await derive('argon2id', { ...parameters, message, nonce: salt, tagLength: tag.length });
    } finally {
      const next = waiting.shift();
      if (next === undefined) underWay -= 1;
      else next();
    }
  }

  return {
    async hash(password) {
      const salt = randomBuffer(saltBytes);
      const tag = await tagOf(password, { ...cost, salt, tag: Buffer.alloc(tagBytes) });
      const { memory, passes, parallelism } = cost;
      return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${text(salt)}$${text(tag)}`;
    },
    async verify(password, hash) {
      const known = hash === null ? null : parse(hash);
      const against = known ?? nobodys;
      const isSame = timingSafeEqual(await tagOf(password, against), against.tag);
      return isSame && known !== null;
    },
  };
}

/** Base64 without padding, as the format has it. */
function text(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}

const format = /^\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,3}),p=(\d{1,2})\$([\w+/]{11,86})\$([\w+/]{22,86})$/;

/** Null for text that is no such hash. */
function parse(hash: string): Parsed | null {
  const match = format.exec(hash);
  if (match === null) return null;
  const [memory, passes, parallelism] = match.slice(1, 4).map(Number) as [number, number, number];
  const [salt, tag] = match.slice(4).map((part) => Buffer.from(part, 'base64')) as [Buffer, Buffer];
  return { memory, passes, parallelism, salt, tag };
}
