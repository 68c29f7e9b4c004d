// The system's error codes in the words of the interfaces.

import { type Endpoint, formatEndpoint } from '@pinhole/wire';
import { type ConnectFailure, SocketError, type SocketErrorCode, type TcpCloseReason } from '../types.ts';

const SOCKET_ERROR_CODES: Readonly<Record<string, SocketErrorCode>> = {
  EADDRINUSE: 'address-in-use',
  EADDRNOTAVAIL: 'address-not-available',
  EACCES: 'not-permitted',
  EPERM: 'not-permitted',
  EMFILE: 'too-many-files',
  ENFILE: 'too-many-files',
};

const CONNECT_FAILURES: Readonly<Record<string, ConnectFailure>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  EADDRINUSE: 'address-in-use',
  // The 4-tuple is taken by another connection.
  EADDRNOTAVAIL: 'address-in-use',
};

const CLOSE_REASONS: Readonly<Record<string, TcpCloseReason>> = {
  ECONNRESET: 'reset',
  // A write after the peer's RST, when the RST itself was not seen.
  EPIPE: 'reset',
  ETIMEDOUT: 'timeout',
};

/** What an attempt to connect that ended with this code has failed by. */
export function connectFailure(code: string): ConnectFailure {
  return CONNECT_FAILURES[code] ?? 'other';
}

/** What a connection that ended with this code was ended by. */
export function closeReason(code: string): TcpCloseReason {
  return CLOSE_REASONS[code] ?? 'other';
}

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
