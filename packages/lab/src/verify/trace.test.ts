import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAnswer } from './trace.ts';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));

/** From 198.19.128.1 to 198.51.100.2, about UDP from port 34000 with a payload of 16 octets and the TTL, 3. */
const error = (header: string, rest = '') =>
  bytes(`45 c0 00 38 00 00 00 00 3f 01 00 00 c6 13 80 01 c6 33 64 02 ${header}
    45 00 00 2f 00 00 40 00 01 11 00 00 c6 33 64 02 c6 33 64 12 84 d0 82 9a 00 1b 00 00 ${rest}`);

test('a time exceeded tells who sent it, and by the UDP length which probe it is about', () => {
  assert.deepEqual(readAnswer(error('0b 00 00 00 00 00 00 00')), {
    localPort: 34_000,
    ttl: 3,
    from: '198.19.128.1',
    type: 11,
    code: 0,
    labels: [],
    mtu: 0,
  });
});

test('labels stand behind the 128 octets that are quoted', () => {
  // Version 2, checksum; an object of 12 octets, class 1, type 1; label 16001, class 5, TTL 1; label 24002, bottom, TTL 255.
  const extension = '20 00 00 00 00 0c 01 01 03 e8 1a 01 05 dc 21 ff';
  const { labels } = readAnswer(error('0b 00 00 00 00 20 00 00', '00'.repeat(100) + extension))!;
  assert.deepEqual(labels, [
    { label: 16_001, trafficClass: 5, bottom: false, ttl: 1 },
    { label: 24_002, trafficClass: 0, bottom: true, ttl: 255 },
  ]);
});

test('a packet that is too large for the next link tells what that takes', () => {
  const answer = readAnswer(error('03 04 00 00 00 00 05 78'))!;
  assert.deepEqual([answer.type, answer.code, answer.mtu], [3, 4, 1400]);
});

test('what is no error about a probe is nobody’s answer', () => {
  assert.equal(readAnswer(error('08 00 00 00 00 00 00 00')), null);
  const whole = error('0b 00 00 00 00 00 00 00');
  for (let length = 0; length < whole.length; length++) {
    assert.equal(readAnswer(whole.subarray(0, length)), null);
  }
  const aboutTcp = error('0b 00 00 00 00 00 00 00');
  aboutTcp[37] = 6;
  assert.equal(readAnswer(aboutTcp), null);
});
