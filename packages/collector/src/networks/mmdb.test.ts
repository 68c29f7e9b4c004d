import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ip } from '@pinhole/wire';
import fc from 'fast-check';
import { mmdbFile } from '../../test/mmdb-file.ts';
import { noFacts } from './facts.ts';
import { isMmdb, readMmdb } from './mmdb.ts';

const example = { autonomous_system_number: 64_496, autonomous_system_organization: 'Example Networks' };
const file = mmdbFile([
  ['198.51.100.0/24', example],
  ['2001:db8::/32', { autonomous_system_number: 64_497 }],
  ['203.0.113.0/24', { country: { iso_code: 'ZA', names: { en: 'South Africa' } } }],
  ['203.0.114.0/24', { city: { names: { en: 'Cape Town' } }, country: { iso_code: 'ZA' } }],
  ['203.0.115.0/24', { country_code: 'ZA' }],
  ['192.0.2.0/25', { autonomous_system_number: 'many', country: 'none', other: ['x'] }],
]);

function open(octets: Buffer) {
  assert.ok(isMmdb(octets));
  const outcome = readMmdb(octets);
  assert.ok(outcome.ok);
  return outcome;
}

test('a file is known by its metadata, and says what it is', () => {
  const { type, builtAtMs } = open(file);
  assert.deepEqual([type, builtAtMs], ['Test-ASN', 1_700_000_000_000]);
  assert.equal(isMmdb(Buffer.from('198.51.100.0/24,64496,EXAMPLE')), false);
});

test('systems, countries and cities are found by their prefixes, in both families', () => {
  const { database } = open(file);
  const found = (address: string) => database.find(ip(address));
  const system = { prefix: '198.51.100.0/24', asn: 64_496, name: 'Example Networks' };
  assert.deepEqual(found('198.51.100.7'), { ...noFacts, ...system });
  assert.deepEqual(found('2001:db8:1::1'), { ...noFacts, prefix: '2001:db8::/32', asn: 64_497 });
  const place = { countryId: 'ZA', location: 'South Africa' };
  assert.deepEqual(found('203.0.113.7'), { ...noFacts, ...place });
  assert.deepEqual(found('203.0.114.7'), { ...noFacts, ...place, location: 'Cape Town, South Africa' });
  assert.deepEqual(found('203.0.115.7'), { ...noFacts, ...place });
  assert.deepEqual(found('198.51.101.7'), noFacts);
});

test('a record of another form says nothing', () => {
  const { database } = open(file);
  assert.deepEqual(database.find(ip('192.0.2.7')), noFacts);
});

test('a file of IPv4 alone knows no IPv6', () => {
  const { database } = open(mmdbFile([['198.51.100.0/24', example]], 4));
  assert.equal(database.find(ip('198.51.100.7')).asn, 64_496);
  assert.deepEqual(database.find(ip('2001:db8::1')), noFacts);
});

test('a file that was cut in front is refused', () => {
  assert.deepEqual(readMmdb(file.subarray(file.length >> 1)), {
    ok: false,
    reason: 'it is damaged or not whole',
  });
});

test('damage anywhere is refused, or is no harm', () => {
  fc.assert(
    fc.property(fc.nat(file.length - 1), fc.nat(255), (at, octet) => {
      const damaged = Buffer.from(file);
      damaged[at] = octet;
      const outcome = readMmdb(damaged);
      if (!outcome.ok) return;
      for (const address of ['198.51.100.7', '2001:db8:1::1', '203.0.114.7'])
        outcome.database.find(ip(address));
    }),
    { numRuns: 2000 },
  );
});
