// Certificates of an authority of one's own (X.509 v3, RFC 5280), for tests.

import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export interface Issued {
  readonly cert: string;
  readonly key: string;
  readonly privateKey: KeyObject;
  readonly name: string;
}

const dayMs = 86_400_000;

/** Without `by`, an authority that has signed itself; else a server's, for 127.0.0.1 and localhost. */
export function issue(name: string, by?: Issued, validForDays = 30): Issued {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const nowMs = Date.now();
  const tbs = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    nameOf(by?.name ?? name),
    sequence(time(nowMs - dayMs), time(nowMs + validForDays * dayMs)),
    nameOf(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...(by === undefined ? [authority] : [serverNames]))),
  );
  const signature = sign('sha256', tbs, { key: by?.privateKey ?? privateKey, dsaEncoding: 'der' });
  const der = sequence(tbs, ecdsaWithSha256, der1(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = der.toString('base64').match(/.{1,64}/g)!;
  return {
    cert: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    privateKey,
    name,
  };
}

/** The key in the form that asks for a passphrase. */
export function encrypted({ privateKey }: Issued): string {
  return privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'x',
  }) as string;
}

function der1(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const head =
    length < 128
      ? [tag, length]
      : length < 256
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(head), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return der1(0x30, Buffer.concat(parts));
}

function integer(content: Buffer): Buffer {
  return der1(0x02, content);
}

function explicit(number: number, content: Buffer): Buffer {
  return der1(0xa0 | number, content);
}

function oid(hex: string): Buffer {
  return der1(0x06, Buffer.from(hex, 'hex'));
}

/** UTCTime: years from 1950 to 2049. */
function time(epochMs: number): Buffer {
  const text = new Date(epochMs)
    .toISOString()
    .replace(/[-:T]|\.\d+/g, '')
    .slice(2);
  return der1(0x17, Buffer.from(text));
}

/** commonName, 2.5.4.3 */
function nameOf(name: string): Buffer {
  return sequence(der1(0x31, sequence(oid('550403'), der1(0x0c, Buffer.from(name)))));
}

/** 1.2.840.10045.4.3.2 */
const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));

/** basicConstraints 2.5.29.19, critical: an authority. */
const authority = sequence(
  oid('551d13'),
  der1(0x01, Buffer.from([0xff])),
  der1(0x04, sequence(der1(0x01, Buffer.from([0xff])))),
);

/** subjectAltName 2.5.29.17: iPAddress [7], dNSName [2]. */
const serverNames = sequence(
  oid('551d11'),
  der1(0x04, sequence(der1(0x87, Buffer.from([127, 0, 0, 1])), der1(0x82, Buffer.from('localhost')))),
);
