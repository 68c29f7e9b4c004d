import assert from 'node:assert/strict';
import { test } from 'node:test';
import { udpFrame } from './frame.example.ts';
import { readFrame } from './frame.ts';
import { longestWaitNs, Passage } from './passage.ts';
import { linkProfile, linkSchema } from './profile.ts';
import { Recorder } from './record.ts';

const ms = 1e6;

/** A passage and packets that are named by their payload. */
function scene(profile: object, share = 0) {
  const recorder = new Recorder(100);
  const frames: Uint8Array[] = [];
  const leaving: { name: string; leavesNs: number }[] = [];
  const name = (slot: number) => Buffer.from(readFrame(frames[slot]!)!.payload).toString();
  const passage = new Passage('up', {
    random: { below: (limit) => Math.floor(share * limit) },
    leave: (slot, leavesNs) => leaving.push({ name: name(slot), leavesNs }),
    copy: (slot) => frames.push(frames[slot]!) - 1,
    frame: (slot) => frames[slot]!,
    record: () => {},
  });
  const change = (to: object) => passage.change(linkProfile(linkSchema.parse(to)).up, recorder);
  change(profile);
  return {
    passage,
    change,
    come(payload: string, cameNs: number): boolean {
      const frame = udpFrame(payload);
      return passage.take(frames.push(frame) - 1, () => readFrame(frame), cameNs);
    },
    /** In the order in which they leave. */
    get order() {
      return leaving.toSorted((a, b) => a.leavesNs - b.leavesNs).map((each) => each.name);
    },
    leaving,
    fates: () => recorder.record.packets.map(({ fate }) => fate),
  };
}

function comeAll(all: ReturnType<typeof scene>, ...names: readonly string[]): void {
  for (const [i, name] of names.entries()) all.come(name, i * 20 * ms);
}

test('exactly the packet that a fault names is lost', () => {
  const all = scene({ faults: [{ kind: 'drop', nth: 2 }] });
  comeAll(all, 'a', 'b', 'c');
  assert.deepEqual(all.order, ['a', 'c']);
  assert.deepEqual(all.fates(), ['passed', 'lost', 'passed']);
});

test('exactly the packet that a fault names leaves twice, the second time right behind the first', () => {
  const all = scene({ delayMs: 10, faults: [{ kind: 'duplicate', nth: 2 }] });
  comeAll(all, 'a', 'b', 'c');
  assert.deepEqual(all.order, ['a', 'b', 'b', 'c']);
  assert.deepEqual(all.fates(), ['passed', 'passed', 'copy', 'passed']);
  assert.equal(all.leaving[2]!.leavesNs - all.leaving[1]!.leavesNs, 1);
});

test('exactly the packet that a fault names leaves behind the next', () => {
  const all = scene({ delayMs: 10, faults: [{ kind: 'hold-back', nth: 2 }] });
  comeAll(all, 'a', 'b', 'c', 'd');
  assert.deepEqual(all.order, ['a', 'c', 'b', 'd']);
  assert.deepEqual(all.fates(), ['passed', 'held-back', 'passed', 'passed']);
  assert.equal(all.passage.latestNs, Infinity);
});

test('the next is the next that matches', () => {
  const match = { leastBytes: 4 };
  const all = scene({ faults: [{ kind: 'hold-back', match }] });
  comeAll(all, 'probe1', 'x', 'probe2', 'y');
  assert.deepEqual(all.order, ['x', 'probe2', 'probe1', 'y']);
});

test('a packet that waits for a next one leaves without it after a second', () => {
  const all = scene({ delayMs: 10, faults: [{ kind: 'hold-back' }] });
  all.come('a', 0);
  assert.deepEqual(all.order, []);
  assert.equal(all.passage.latestNs, 10 * ms + longestWaitNs);
  all.passage.giveUp(all.passage.latestNs - 1);
  assert.deepEqual(all.order, []);
  all.passage.giveUp(all.passage.latestNs);
  assert.deepEqual(all.order, ['a']);
  assert.equal(all.passage.latestNs, Infinity);
});

test('a share of the packets leaves twice', () => {
  const twice = scene({ duplicatePercent: 10 }, 0.0999);
  comeAll(twice, 'a', 'b');
  assert.deepEqual(twice.order, ['a', 'a', 'b', 'b']);
  const once = scene({ duplicatePercent: 10 }, 0.1);
  comeAll(once, 'a', 'b');
  assert.deepEqual(once.order, ['a', 'b']);
});

test('packets are counted anew from each change, and those after it do not overtake those before', () => {
  const all = scene({ delayMs: 100, faults: [{ kind: 'drop', nth: 2 }] });
  all.come('a', 0);
  all.change({ faults: [{ kind: 'drop', nth: 2 }] });
  all.come('b', 20 * ms);
  all.come('c', 40 * ms);
  assert.deepEqual(all.order, ['a', 'b']);
});
