// Passwords that are chosen. Pure.

import { newPasswordSchema } from '@pinhole/contract';

export const passwordHint = 'At least 12 characters. Several words are good.';

/** Why it cannot be taken, or undefined. */
export function passwordError(password: string): string | undefined {
  if (newPasswordSchema.safeParse(password).success) return undefined;
  return password.length < 12
    ? 'A password has at least 12 characters.'
    : 'A password has at most 200 characters.';
}
