import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  decodeProfile,
  decodeSearch,
  encodeProfile,
  encodeSearch,
  type NatProfile,
  type PortSearch,
} from './pairing.ts';

const profile: NatProfile = {
  mapping: 'address-and-port-dependent',
  filtering: 'unknown',
  allocation: { kind: 'range', firstPort: 1, size: 65_535 },
  answersSyn: 'no',
  poisonable: 'yes',
  simultaneousOpen: 'unknown',
  natHops: null,
};
const search: PortSearch = {
  sockets: 256,
  tries: 1,
  ports: { first: 49_153, step: 0, count: 1 },
  order: 'in-turn',
  accept: false,
};

function changed(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = value;
  return copy;
}

describe('the profile of a NAT', () => {
  it('stands in 12 octets', () => {
    assert.equal(
      Buffer.from(encodeProfile(profile)).toString('hex'),
      ['03', '00', '02', '01', '00', 'ff', '03', '00', 'fffe', '0001'].join(''),
    );
    assert.deepEqual(decodeProfile(encodeProfile(profile)), profile);
  });

  it('is refused where it is short, names no behaviour, or ports that there are not', () => {
    const bytes = encodeProfile(profile);
    assert.equal(decodeProfile(bytes.subarray(0, 11)), null);
    for (const at of [0, 1, 2, 3, 4, 6])
      assert.equal(decodeProfile(changed(bytes, at, 4)), null, `octet ${at}`);
    assert.equal(decodeProfile(changed(bytes, 11, 2)), null, '65,535 ports from 2 on');
    assert.equal(decodeProfile(changed(bytes, 11, 0)), null, 'ports from 0 on');
  });

  it('is refused where a NAT counts in steps of nothing', () => {
    const allocation = { kind: 'sequential', step: 0, lastPort: 40_000 } as const;
    assert.equal(decodeProfile(encodeProfile({ ...profile, allocation })), null);
  });

  it('may grow: further octets are ignored', () => {
    assert.deepEqual(decodeProfile(Buffer.concat([encodeProfile(profile), Buffer.alloc(4)])), profile);
  });
});

describe('a search', () => {
  it('stands in 12 octets', () => {
    assert.equal(Buffer.from(encodeSearch(search)).toString('hex'), '000001000001c00100000001');
    assert.deepEqual(decodeSearch(encodeSearch(search)), search);
  });

  const refused: [string, Partial<PortSearch>][] = [
    ['beyond 1,024 sockets', { sockets: 1025 }],
    ['beyond 4,096 packets', { sockets: 64, tries: 65, ports: { first: 1024, step: 1, count: 512 } }],
    ['with more tries than ports', { tries: 2 }],
    ['with no try', { tries: 0 }],
    ['of port 0', { ports: { first: 0, step: 1, count: 10 } }],
    ['that stands still', { ports: { first: 1024, step: 0, count: 2 } }],
  ];
  for (const [name, part] of refused) {
    it(`is refused ${name}`, () => assert.equal(decodeSearch(encodeSearch({ ...search, ...part })), null));
  }
  it('is refused where it is short', () =>
    assert.equal(decodeSearch(encodeSearch(search).subarray(0, 11)), null));
});
