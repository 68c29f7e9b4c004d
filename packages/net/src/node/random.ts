import { randomBytes, randomInt } from 'node:crypto';
import type { Random } from '../types.ts';

export const systemRandom: Random = {
  bytes: (length) => new Uint8Array(randomBytes(length)),
  below: (limit) => randomInt(limit),
};
