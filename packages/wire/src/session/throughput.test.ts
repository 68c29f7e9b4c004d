import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { looksLikeStun } from '../stun/message.ts';
import {
  bulkSequence,
  decodeBulkArrived,
  decodeThroughputPlan,
  encodeBulkArrived,
  encodeThroughputPlan,
  looksLikeBulk,
  setBulkSequence,
  type ThroughputPlan,
  throughputLimits,
  writeBulkHeader,
} from './throughput.ts';

const tag = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const plan: ThroughputPlan = { direction: 'to-target', durationMs: 10_000, rateKbps: 20_000, tag };

describe('a bulk packet', () => {
  const packet = new Uint8Array(100);
  writeBulkHeader(packet, { sequence: 7, tag });

  it('has these octets', () => {
    const hex = Buffer.from(packet.subarray(0, 16)).toString('hex');
    assert.equal(hex, '00000007' + '62756c6b' + '0102030405060708');
  });

  it('is told from STUN and STAMP, whatever its number', () => {
    for (const sequence of [0, 0x0020_0000, 2 ** 32 - 1]) {
      setBulkSequence(packet, sequence);
      assert.equal(bulkSequence(packet, tag), sequence);
      assert.equal(looksLikeStun(packet), false);
    }
    assert.equal(looksLikeBulk(new Uint8Array(112)), false);
  });

  it('with another tag, or cut, is nobody’s', () => {
    assert.equal(bulkSequence(packet, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 9)), null);
    assert.equal(bulkSequence(packet.subarray(0, 15), tag), null);
  });
});

describe('a plan', () => {
  it('has these octets', () => {
    const hex = Buffer.from(encodeThroughputPlan(plan)).toString('hex');
    assert.equal(hex, '01010000' + '00002710' + '00004e20' + '0102030405060708');
  });

  for (const each of [
    plan,
    { ...plan, direction: 'from-target', rateKbps: null },
    { ...plan, direction: null, durationMs: 0 },
  ] as const) {
    it(`of direction ${each.direction} is the same behind the wire`, () =>
      assert.deepEqual(decodeThroughputPlan(encodeThroughputPlan(each)), each));
  }

  for (const [name, octets] of [
    ['that is cut', encodeThroughputPlan(plan).subarray(0, 19)],
    ['of another version', Uint8Array.from(encodeThroughputPlan(plan)).fill(2, 0, 1)],
    ['of a fourth direction', Uint8Array.from(encodeThroughputPlan(plan)).fill(3, 1, 2)],
    ['that takes too long', encodeThroughputPlan({ ...plan, durationMs: throughputLimits.durationMs + 1 })],
    ['that is too fast', encodeThroughputPlan({ ...plan, rateKbps: throughputLimits.rateKbps + 1 })],
  ] as const) {
    it(`${name} is none`, () => assert.equal(decodeThroughputPlan(octets), null));
  }
});

describe('a report of what arrives', () => {
  it('has these octets', () => {
    const octets = encodeBulkArrived({ count: 3, stop: true });
    assert.equal(Buffer.from(octets).toString('hex'), '0000000301000000');
    assert.deepEqual(decodeBulkArrived(octets), { count: 3, stop: true });
  });

  it('that is cut is none', () => assert.equal(decodeBulkArrived(new Uint8Array(7)), null));
});
