import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { internetChecksum } from './checksum.ts';
import { decodeIcmpExtension, encodeIcmpExtension, maxMplsLabels } from './extension.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
const label = (label: number, bottom = false) => ({ label, trafficClass: 5, bottom, ttl: 254 });

function withChecksum(text: string): Uint8Array {
  const bytes = hex(text);
  const checksum = internetChecksum(bytes);
  bytes.set([checksum >> 8, checksum & 0xff], 2);
  return bytes;
}

describe('an ICMP extension structure', () => {
  it('has a stack of labels, outermost first', () => {
    const bytes = hex('2000d819 00080101 05dc0101');
    const only = { label: 24_000, trafficClass: 0, bottom: true, ttl: 1 };
    assert.deepEqual(decodeIcmpExtension(bytes), { ok: true, value: { mpls: [only] } });
    assert.deepEqual(encodeIcmpExtension({ mpls: [only] }), Buffer.from(bytes));
    const two = { mpls: [label(0xfffff), label(16, true)] };
    assert.deepEqual(encodeIcmpExtension(two).subarray(8), Buffer.from('fffffafe00010bfe', 'hex'));
    assert.deepEqual(decodeIcmpExtension(encodeIcmpExtension(two)), { ok: true, value: two });
  });

  it('may have objects of other kinds, which are passed over', () => {
    // RFC 5837: the interface; RFC 4950: another subtype.
    const bytes = withChecksum('20000000 000c0202 0001000a 0a000001 00080102 00001101 00080101 05dc0101');
    const decoded = decodeIcmpExtension(bytes);
    assert.deepEqual(decoded.ok && decoded.value.mpls.map((entry) => entry.label), [24_000]);
  });

  it('need not have a checksum', () => {
    const decoded = decodeIcmpExtension(hex('20000000 00080101 05dc0101'));
    assert.equal(decoded.ok && decoded.value.mpls.length, 1);
  });

  it('has no more labels than a stack may', () => {
    const mpls = Array.from({ length: 60 }, (_, i) => label(i));
    const decoded = decodeIcmpExtension(encodeIcmpExtension({ mpls }));
    assert.deepEqual(decoded.ok && decoded.value.mpls, mpls.slice(0, maxMplsLabels));
  });

  for (const [reason, text] of [
    ['short', '200000'],
    ['version', '10000000'],
    ['checksum', '2000d818 00080101 05dc0101'],
    ['object-length', '20000000 00030101 05dc0101'],
    ['object-length', '20000000 000c0101 05dc0101'],
  ] as const) {
    it(`is refused: ${reason}`, () => {
      assert.deepEqual(decodeIcmpExtension(hex(text)), { ok: false, reason });
    });
  }
});
