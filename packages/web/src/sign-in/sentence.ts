import { ApiError } from '../api/errors.ts';

/** Why the sign-in failed, in words that say what to do. */
export function signInSentence(error: Error): string {
  if (!(error instanceof ApiError)) return error.message;
  switch (error.code) {
    case 'signed-out':
      return 'Name or password is wrong.';
    case 'unreachable':
      return 'The collector does not answer. See that it runs, then try again.';
    default:
      return error.message;
  }
}
