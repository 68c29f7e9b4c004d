import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressRange, type IpAddress } from '@pinhole/wire';
import { parseDescription } from '../description.ts';
import { planWay } from '../path/way.ts';
import { planTopology } from '../topology.ts';
import { networksFile } from './networks.ts';
import { demoDescription, demoSites } from './scenario.ts';

const lines = networksFile(demoSites)
  .trim()
  .split('\n')
  .map((line) => {
    const [prefix = '', asn, name, country] = line.split(',');
    const [base = '', length] = prefix.split('/');
    return { first: numberOf(base), size: 2 ** (32 - Number(length)), asn, name, country };
  });

function numberOf(address: string): number {
  return address.split('.').reduce((number, octet) => 256 * number + Number(octet), 0);
}

test('every public address on the demo’s ways is in one network', () => {
  const topology = planTopology(parseDescription(demoDescription));
  const ends = ['server', ...demoSites.map(({ site }) => site.name)];
  const met = new Set<IpAddress>();
  for (const from of ends) {
    for (const to of ends.filter((each) => each !== from)) {
      for (const { address } of planWay(topology, from, to).hops.flat())
        if (address !== null) met.add(address);
    }
  }
  const outside = [...met].filter((address) => addressRange(address) !== 'private');
  assert.ok(outside.length > 20);
  for (const address of outside) {
    const owners = lines.filter(({ first, size }) => {
      const offset = numberOf(address) - first;
      return offset >= 0 && offset < size;
    });
    assert.equal(owners.length, 1, address);
  }
});

test('each network has a number and a country of its own form', () => {
  for (const { asn, name, country } of lines) {
    assert.match(asn!, /^64(49[6-9]|50\d|51[01])$/, 'AS numbers for documentation (RFC 5398)');
    assert.match(name!, /\(demo\)$/);
    assert.match(country!, /^[A-Z]{2}$/);
  }
});
