import assert from 'node:assert/strict';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ip } from '@pinhole/wire';
import pino from 'pino';
import { temporaryFolder } from '../../test/harness.ts';
import { mmdbFile } from '../../test/mmdb-file.ts';
import { CollectorError } from '../errors.ts';
import { openNetworks } from './databases.ts';
import { noFacts } from './facts.ts';

const log = pino({ level: 'silent' });

/** The files' paths. */
function files(t: TestContext, ...contents: (string | Buffer)[]): string[] {
  const folder = temporaryFolder(t);
  return contents.map((content, index) => {
    const path = join(folder, `file-${index}`);
    writeFileSync(path, content);
    return path;
  });
}

test('without a file nothing is known', () => {
  assert.deepEqual(openNetworks([], log).find(ip('198.51.100.7')), noFacts);
});

test('each thing comes from the first file that knows it; the prefix is that of the system', (t) => {
  const paths = files(
    t,
    '198.51.100.0/24,0,Headquarters\n',
    mmdbFile([['198.51.0.0/16', { country: { iso_code: 'ZA' } }]]),
    '198.51.0.0,198.51.255.255,64496,GB,EXAMPLE\n',
  );
  const networks = openNetworks(paths, log);
  const place = { countryId: 'ZA', location: 'South Africa' };
  assert.deepEqual(networks.find(ip('198.51.100.7')), {
    prefix: '198.51.100.0/24',
    asn: null,
    name: 'Headquarters',
    ...place,
  });
  assert.deepEqual(networks.find(ip('198.51.7.7')), {
    prefix: '198.51.0.0/16',
    asn: 64_496,
    name: 'EXAMPLE',
    ...place,
  });
});

test('files may be packed', (t) => {
  const paths = files(t, gzipSync('198.51.100.0/24,64496,EXAMPLE\n'));
  assert.equal(openNetworks(paths, log).find(ip('198.51.100.7')).asn, 64_496);
});

test('a file that is wrong is refused, with its name and the reason', (t) => {
  const folder = temporaryFolder(t);
  const [text, binary, cut, large, damagedZip] = files(
    t,
    '198.51.100.0/24,64496,A\nnonsense\n',
    Buffer.from([1, 2, 0, 3]),
    mmdbFile([['198.51.100.0/24', {}]]).subarray(700),
    '',
    Buffer.from([0x1f, 0x8b, 8, 0, 1, 2]),
  ) as [string, string, string, string, string];
  truncateSync(large, 300 * 1_048_576);
  mkdirSync(join(folder, 'below'));
  const cases: [string, RegExp][] = [
    [text, /line 2: "nonsense" is no address\.$/],
    [binary, /neither a whole MaxMind DB file nor text\.$/],
    [cut, /damaged or not whole\.$/],
    [large, /larger than 256 MiB\.$/],
    [damagedZip, /cannot be used as a file of networks: /],
    [join(folder, 'missing'), /there is no such file\.$/],
    [join(folder, 'below'), /it is a folder\.$/],
  ];
  for (const [path, message] of cases) {
    assert.throws(
      () => openNetworks([path], log),
      (error) => {
        assert.ok(error instanceof CollectorError);
        assert.equal(error.code, 'networks-file-unusable');
        assert.ok(error.message.startsWith(path), error.message);
        assert.match(error.message, message);
        return true;
      },
    );
  }
});

test('500,000 rows are read, and each is found', (t) => {
  const rows = 500_000;
  const octets = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
  const lines = Array.from({ length: rows }, (_, index) => {
    const first = 0x0100_0000 + index * 1024;
    return `${octets(first)},${octets(first + 1023)},${1 + (index % 70_000)},ZA,NETWORK-${index % 70_000}`;
  });
  const networks = openNetworks(files(t, lines.join('\n')), log);
  for (let index = 0; index < rows; index += 997) {
    const { asn, prefix } = networks.find(ip(octets(0x0100_0000 + index * 1024 + 5)));
    assert.equal(asn, 1 + (index % 70_000));
    assert.equal(prefix, `${octets(0x0100_0000 + index * 1024)}/22`);
  }
});
