import assert from 'node:assert/strict';
import { test } from 'node:test';
import { udpFrame } from './frame.example.ts';
import { Recorder } from './record.ts';

test('a record tells of each packet when it came and left, what it was and what was done to it', () => {
  const recorder = new Recorder(10);
  const octets = Buffer.from(Array.from({ length: 100 }, (_, i) => i));
  recorder.came('up', udpFrame(octets), 1000, 'passed')!.left(3000, true);
  recorder.came('down', udpFrame('lost', 6000, 5000), 2000, 'lost');
  recorder.came('up', udpFrame('gone'), 2500, 'held-back')!.left(null, false);
  const { packets, missed, unstamped } = recorder.record;
  assert.deepEqual(packets, [
    {
      direction: 'up',
      cameNs: 1000,
      leftNs: 3000,
      fate: 'passed',
      flow: 'udp 192.0.2.1:5000 192.0.2.2:6000',
      payloadBytes: 100,
      head: octets.subarray(0, 64).toString('hex'),
    },
    {
      direction: 'down',
      cameNs: 2000,
      leftNs: null,
      fate: 'lost',
      flow: 'udp 192.0.2.1:6000 192.0.2.2:5000',
      payloadBytes: 4,
      head: Buffer.from('lost').toString('hex'),
    },
    {
      direction: 'up',
      cameNs: 2500,
      leftNs: null,
      fate: 'refused',
      flow: 'udp 192.0.2.1:5000 192.0.2.2:6000',
      payloadBytes: 4,
      head: Buffer.from('gone').toString('hex'),
    },
  ]);
  assert.deepEqual([missed, unstamped], [0, 0]);
});

test('it is bounded, and says what it has missed', () => {
  const recorder = new Recorder(2);
  const taken = [1, 2, 3, 4].map((cameNs) => recorder.came('up', udpFrame('x'), cameNs, 'passed'));
  assert.deepEqual(
    taken.map((each) => each !== null),
    [true, true, false, false],
  );
  assert.equal(recorder.record.packets.length, 2);
  assert.equal(recorder.record.missed, 2);
});

test('what the kernel did not stamp is told', () => {
  const recorder = new Recorder(2);
  recorder.came('up', udpFrame('x'), 1, 'passed')!.left(5, false);
  assert.equal(recorder.record.unstamped, 1);
  assert.equal(recorder.record.packets[0]!.leftNs, 5);
});
