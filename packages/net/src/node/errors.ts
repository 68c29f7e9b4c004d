// The system's error codes in the words of the interfaces.

import { type Endpoint, formatEndpoint } from '@pinhole/wire';
import { SocketError, type SocketErrorCode } from '../types.ts';

const SOCKET_ERROR_CODES: Readonly<Record<string, SocketErrorCode>> = {
  EADDRINUSE: 'address-in-use',
  EADDRNOTAVAIL: 'address-not-available',
  EACCES: 'not-permitted',
  EPERM: 'not-permitted',
  EMFILE: 'too-many-files',
  ENFILE: 'too-many-files',
};

/** The system's name of what went wrong, as ECONNREFUSED; empty where there is none. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** What opening a socket at `local` failed with. */
export function socketError(action: string, local: Endpoint, code: string, cause?: unknown): SocketError {
  return new SocketError(
    SOCKET_ERROR_CODES[code] ?? 'other',
    `cannot ${action} ${formatEndpoint(local)}: ${code || String(cause)}`,
    { cause },
  );
}
