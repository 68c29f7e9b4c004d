import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { encrypted, type Issued, issue } from '../test/certificate.ts';
import { startWorld, temporaryFolder } from '../test/harness.ts';
import type { CollectorErrorCode } from './errors.ts';
import { readTls } from './tls.ts';

const authority = issue('an authority of our own');

function files(folder: string, cert: string, key: string) {
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key);
  return { certFile, keyFile };
}

function collectorWith(t: Parameters<typeof startWorld>[0], { cert, key }: Issued) {
  const folder = temporaryFolder(t);
  return { folder, start: () => startWorld(t, { tls: files(folder, cert, key) }) };
}

interface Reply {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
}

/** Trusts the authority above and nobody else. */
async function reply(url: string): Promise<Reply> {
  const request = get(url, { ca: authority.cert, agent: false });
  const [response] = await once(request, 'response');
  response.resume();
  return { status: response.statusCode, headers: response.headers };
}

/** The name in the certificate that is shown now. */
async function shownName(url: string): Promise<string> {
  const { port } = new URL(url);
  const socket: TLSSocket = connect({ host: '127.0.0.1', port: Number(port), ca: authority.cert });
  await once(socket, 'secureConnect');
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
}

describe('a collector with a certificate', () => {
  test('speaks HTTPS, and tells browsers to go on with that', async (t) => {
    const { collector } = await collectorWith(t, issue('first', authority)).start();
    assert.match(collector.url, /^https:/);
    const { status, headers } = await reply(`${collector.url}/healthz`);
    assert.equal(status, 200);
    assert.equal(headers['strict-transport-security'], 'max-age=31536000');
  });

  test('is trusted by a process that is given the authority, and by no other', async (t) => {
    const folder = temporaryFolder(t);
    const authorityFile = join(folder, 'authority.pem');
    writeFileSync(authorityFile, authority.cert);
    const { collector } = await collectorWith(t, issue('first', authority)).start();
    // As the agent asks: with the fetch of Node.
    const script = `fetch(${JSON.stringify(`${collector.url}/healthz`)}).then((r) => r.text()).then(console.log, (e) => console.log(e.cause.code))`;
    const run = async (env: NodeJS.ProcessEnv) =>
      (
        await promisify(execFile)(process.execPath, ['-e', script], { env: { ...process.env, ...env } })
      ).stdout.trim();
    assert.equal(await run({ NODE_EXTRA_CA_CERTS: authorityFile }), '{"status":"ok"}');
    assert.equal(await run({ NODE_EXTRA_CA_CERTS: undefined }), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  test('uses a renewed one for new connections, and keeps those that are there', async (t) => {
    const { folder, start } = collectorWith(t, issue('first', authority));
    const world = await start();
    const { url } = world.collector;
    assert.equal(await shownName(url), 'first');
    const kept = connect({ host: '127.0.0.1', port: Number(new URL(url).port), ca: authority.cert });
    t.after(() => kept.destroy());
    await once(kept, 'secureConnect');

    const next = issue('second', authority);
    // As long as one of the two is there only, they do not fit.
    writeFileSync(join(folder, 'cert.pem'), next.cert);
    world.clock.advance(10_000);
    assert.equal(await shownName(url), 'first');
    writeFileSync(join(folder, 'key.pem'), next.key);
    world.clock.advance(10_000);
    assert.equal(await shownName(url), 'second');

    kept.write('GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    let answer = '';
    kept.on('data', (chunk) => {
      answer += chunk;
    });
    await once(kept, 'end');
    assert.match(answer, /^HTTP\/1\.1 200 OK/);
  });
});

describe('files that cannot be used are named, with the reason', () => {
  const [first, other] = [issue('first', authority), issue('other', authority)];
  const cases: [string, string, string, CollectorErrorCode, RegExp][] = [
    ['another key', first.cert, other.key, 'tls-key-mismatch', /key\.pem is not the key of the certificate/],
    ['the authority first', authority.cert + first.cert, first.key, 'tls-key-mismatch', /must come first/],
    ['an encrypted key', first.cert, encrypted(first), 'tls-key-encrypted', /openssl pkey -in/],
    [
      'a key for a certificate',
      first.key,
      first.key,
      'tls-certificate-unusable',
      /cert\.pem has no certificate/,
    ],
    ['a certificate for a key', first.cert, first.cert, 'tls-key-unusable', /key\.pem has no private key/],
    ['nothing', '', '', 'tls-certificate-unusable', /cert\.pem/],
  ];
  for (const [what, cert, key, code, message] of cases) {
    test(what, async (t) => {
      const tls = files(temporaryFolder(t), cert, key);
      await assert.rejects(startWorld(t, { tls }), { name: 'CollectorError', code, message });
    });
  }

  test('a file that is not there', (t) => {
    const tls = files(temporaryFolder(t), first.cert, first.key);
    const missing = { ...tls, keyFile: join(tls.keyFile, 'below') };
    assert.throws(() => readTls(missing), {
      code: 'tls-file-unreadable',
      message: /cannot be read: ENOTDIR/,
    });
  });

  test('with those in between, the certificate counts', (t) => {
    const tls = files(temporaryFolder(t), first.cert + authority.cert, first.key);
    assert.equal(readTls(tls).cert, first.cert + authority.cert);
  });
});
