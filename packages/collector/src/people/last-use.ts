import { isStorageFailure } from '../errors.ts';

/** Last use is written down this often at most. */
export const lastUseIntervalMs = 60_000;

/** Waits for what writes down a last use; a disk that is full keeps nobody from reading. */
export async function written(lastUse: Promise<void>): Promise<void> {
  try {
    await lastUse;
  } catch (error) {
    if (!isStorageFailure(error)) throw error;
  }
}
