import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FaultCounts, faultSchema } from './faults.ts';
import type { FlowPacket } from './frame.ts';

function udp(payload: string, flow = 'a'): FlowPacket {
  return { protocol: 'udp', flow, payload: Buffer.from(payload) };
}

/** The packets that a fault hits. */
function hits(fault: object, packets: readonly FlowPacket[]): string[] {
  const counts = new FaultCounts([faultSchema.parse({ kind: 'drop', ...fault })]);
  return packets
    .filter((packet) => counts.take(packet).hit !== null)
    .map(({ payload }) => Buffer.from(payload).toString());
}

const all = ['one', 'two', 'three', 'four', 'five'];

test('the n-th packet, and as many as are asked for', () => {
  const packets = all.map((each) => udp(each));
  assert.deepEqual(hits({}, packets), ['one']);
  assert.deepEqual(hits({ nth: 3 }, packets), ['three']);
  assert.deepEqual(hits({ nth: 2, count: 3 }, packets), ['two', 'three', 'four']);
  assert.deepEqual(hits({ nth: 6 }, packets), []);
});

test('only what matches counts: the protocol, the length, octets at their place', () => {
  const packets = [{ ...udp('tcp'), protocol: 'tcp' as const }, ...all.map((each) => udp(each))];
  const match = (what: object) => hits({ count: 9, match: what }, packets);
  assert.deepEqual(match({}), all);
  assert.deepEqual(match({ protocol: 'tcp' }), ['tcp']);
  assert.deepEqual(match({ leastBytes: 4 }), ['three', 'four', 'five']);
  assert.deepEqual(match({ leastBytes: 4, mostBytes: 4 }), ['four', 'five']);
  assert.deepEqual(match({ hex: Buffer.from('t').toString('hex') }), ['two', 'three']);
  assert.deepEqual(match({ hex: Buffer.from('ve').toString('hex'), at: 2 }), ['five']);
  assert.deepEqual(match({ hex: '00', at: 5 }), []);
  assert.deepEqual(hits({ nth: 2, match: { leastBytes: 4 } }, packets), ['four']);
});

test('the first of each flow', () => {
  const packets = [udp('a1', 'a'), udp('b1', 'b'), udp('a2', 'a'), udp('b2', 'b'), udp('c1', 'c')];
  assert.deepEqual(hits({ perFlow: true }, packets), ['a1', 'b1', 'c1']);
  assert.deepEqual(hits({ perFlow: true, nth: 2 }, packets), ['a2', 'b2']);
});

test('a packet that comes behind a held-back one is known to be the next', () => {
  const counts = new FaultCounts([faultSchema.parse({ kind: 'hold-back', nth: 2 })]);
  const taken = all.map((each) => counts.take(udp(each)));
  assert.deepEqual(
    taken.map(({ hit }) => hit !== null),
    [false, true, false, false, false],
  );
  assert.equal(taken[2]!.nextOf[0], taken[1]!.hit);
});

test('what a fault is asked to be is checked', () => {
  for (const wrong of [
    { kind: 'lose' },
    { kind: 'drop', nth: 0 },
    { kind: 'drop', match: { hex: 'abc' } },
    { kind: 'drop', match: { port: 1 } },
  ]) {
    assert.ok(!faultSchema.safeParse(wrong).success, JSON.stringify(wrong));
  }
});
