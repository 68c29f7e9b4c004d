// Why a collector cannot start or go on, in a sentence for whoever runs it. Codes are stable.

export type CollectorErrorCode =
  | 'data-folder-not-a-folder'
  | 'data-folder-not-writable'
  | 'data-folder-in-use'
  | 'disk-full'
  | 'secret-file-damaged'
  | 'token-not-usable'
  | 'password-not-usable'
  | 'tls-file-unreadable'
  | 'tls-certificate-unusable'
  | 'tls-key-unusable'
  | 'tls-key-encrypted'
  | 'tls-key-mismatch'
  | 'database-damaged'
  | 'database-newer'
  | 'database-failed'
  | 'port-in-use'
  | 'port-not-permitted'
  | 'address-not-available'
  | 'listen-failed'
  | 'networks-file-unusable';

export class CollectorError extends Error {
  override readonly name = 'CollectorError';
  readonly code: CollectorErrorCode;

  constructor(code: CollectorErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What a file operation in the data folder failed with; passes on what is not the file system's. */
export function fileError(error: unknown, path: string): unknown {
  const options = { cause: error };
  switch (systemCode(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new CollectorError('disk-full', `No space is left on the disk to write ${path}.`, options);
    case 'ENOTDIR':
    case 'EEXIST':
      return new CollectorError(
        'data-folder-not-a-folder',
        `${path} cannot be used: a part of this path is a file, where the data folder should be.`,
        options,
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new CollectorError(
        'data-folder-not-writable',
        `${path} cannot be read and written by this user.`,
        options,
      );
    default:
      return error;
  }
}

/** What listening failed with. */
export function listenError(error: unknown, host: string, port: number): unknown {
  const options = { cause: error };
  switch (systemCode(error)) {
    case 'EADDRINUSE':
      return new CollectorError(
        'port-in-use',
        `Port ${port} on ${host} is already in use by another program.`,
        options,
      );
    case 'EACCES':
      return new CollectorError('port-not-permitted', `This user may not listen on port ${port}.`, options);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new CollectorError(
        'address-not-available',
        `${host} is no address of this machine, so nothing can listen there.`,
        options,
      );
    case undefined:
      return error;
    default:
      return new CollectorError('listen-failed', `Cannot listen on ${host} port ${port}: ${error}`, options);
  }
}

// Result codes of SQLite (sqlite.org/rescode.html); the upper bits of an extended code only refine.
const sqliteBusy = 5;
const sqliteReadOnly = 8;
const sqliteIoError = 10;
const sqliteCorrupt = 11;
const sqliteFull = 13;
const sqliteCannotOpen = 14;
const sqliteNotADatabase = 26;

/** What a database operation failed with; passes on what is not SQLite's. */
export function databaseError(error: unknown, path: string): unknown {
  const resultCode = sqliteResultCode(error);
  if (resultCode === null) return error;
  const options = { cause: error };
  switch (resultCode) {
    case sqliteFull:
      return new CollectorError('disk-full', `No space is left on the disk to write ${path}.`, options);
    case sqliteCorrupt:
    case sqliteNotADatabase:
      return new CollectorError(
        'database-damaged',
        `${path} is damaged or no SQLite database. Restore it from a backup, or move it away to begin anew.`,
        options,
      );
    case sqliteReadOnly:
    case sqliteCannotOpen:
      return new CollectorError(
        'data-folder-not-writable',
        `${path} cannot be opened for reading and writing by this user.`,
        options,
      );
    case sqliteBusy:
      return new CollectorError('data-folder-in-use', `${path} is in use by another program.`, options);
    default:
      return new CollectorError('database-failed', `${path} cannot be read or written: ${error}`, options);
  }
}

/** Whether `error` says that the disk, not the request, is at fault. */
export function isStorageFailure(error: unknown): boolean {
  const resultCode = sqliteResultCode(error);
  return resultCode !== null && [sqliteFull, sqliteIoError, sqliteReadOnly, sqliteBusy].includes(resultCode);
}

export function isBusy(error: unknown): boolean {
  return sqliteResultCode(error) === sqliteBusy;
}

function sqliteResultCode(error: unknown): number | null {
  if (!(error instanceof Error) || systemCode(error) !== 'ERR_SQLITE_ERROR') return null;
  return 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : null;
}

export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
