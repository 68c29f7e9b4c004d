// The collector's certificate and key, from files that whoever renews the certificate replaces while the collector runs.

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:https';
import type { Clock, Timer } from '@pinhole/net';
import type { Logger } from 'pino';
import { CollectorError } from './errors.ts';

export interface TlsFiles {
  /** PEM: the collector's own certificate first, then those between it and the authority. */
  readonly certFile: string;
  /** PEM, not encrypted. */
  readonly keyFile: string;
}

export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
}

/** A renewed certificate is used this soon; the old one is valid for days more. */
const lookEveryMs = 10_000;
const dayMs = 86_400_000;

/** Throws CollectorError where the two cannot be used, and says which and why. */
export function readTls({ certFile, keyFile }: TlsFiles): TlsMaterial {
  const cert = read(certFile, 'certificate');
  const key = read(keyFile, 'key');
  const certificate = parseCertificate(cert, certFile);
  if (!certificate.checkPrivateKey(parseKey(key, keyFile))) {
    throw new CollectorError(
      'tls-key-mismatch',
      `${keyFile} is not the key of the certificate in ${certFile}. The collector's own certificate must come first there.`,
    );
  }
  return { cert, key };
}

/** Epoch milliseconds until which the certificate is valid. */
function validUntilMs({ cert }: TlsMaterial): number {
  return new X509Certificate(cert).validToDate.getTime();
}

/**
 * Has new connections use what is in the files from now on; those that are open go on as they are. Files that cannot be
 * used change nothing, and are told of once.
 */
export function followTls(
  server: Server,
  files: TlsFiles,
  first: TlsMaterial,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): { close(): void } {
  let current = first;
  let complaint: string | null = null;
  let timer: Timer = clock.after(lookEveryMs, look);
  warnOfEnd(first);

  function look(): void {
    timer = clock.after(lookEveryMs, look);
    try {
      const found = readTls(files);
      complaint = null;
      if (found.cert === current.cert && found.key === current.key) return;
      server.setSecureContext(found);
      current = found;
      log.info({ validUntil: new Date(validUntilMs(found)) }, 'the certificate was renewed');
      warnOfEnd(found);
    } catch (error) {
      // While the files are being replaced they may not fit.
      const reason = error instanceof Error ? error.message : String(error);
      if (reason !== complaint)
        log.warn({ reason }, 'the certificate files cannot be used; the old ones stay');
      complaint = reason;
    }
  }

  function warnOfEnd(material: TlsMaterial): void {
    const untilMs = validUntilMs(material);
    if (untilMs - clock.wallMs() < dayMs)
      log.warn({ validUntil: new Date(untilMs) }, 'the certificate is out of date, or will be within a day');
  }

  return { close: () => timer.cancel() };
}

function read(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? error.code : error;
    throw new CollectorError('tls-file-unreadable', `The TLS ${what} ${path} cannot be read: ${reason}.`, {
      cause: error,
    });
  }
}

function parseCertificate(pem: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    const message = `${path} has no certificate in PEM form (-----BEGIN CERTIFICATE-----).`;
    throw new CollectorError('tls-certificate-unusable', message, { cause });
  }
}

function parseKey(pem: string, path: string) {
  // "ENCRYPTED PRIVATE KEY" (RFC 5958), or the older "Proc-Type: 4,ENCRYPTED" (RFC 1421).
  if (/^(-----BEGIN |Proc-Type: 4,)ENCRYPTED/m.test(pem)) {
    throw new CollectorError(
      'tls-key-encrypted',
      `${path} is encrypted with a passphrase, which nobody is there to type. Decrypt it: openssl pkey -in ${path} -out FILE`,
    );
  }
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    const message = `${path} has no private key in PEM form (-----BEGIN PRIVATE KEY-----).`;
    throw new CollectorError('tls-key-unusable', message, { cause });
  }
}
