import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { StampReport } from '@pinhole/agent/parts';
import { reflectedJson, reflectedLine, roundLines } from './stamp-text.ts';

const at = new Date('2026-03-28T09:10:11.123Z');
const delay = {
  minMs: 9.98,
  maxMs: 10.5,
  jitterMs: 0.05,
  pdv95Ms: 0.2,
  rfc3550JitterMs: 0.04,
  errorBoundMs: 10.012,
};

const report: StampReport = {
  target: '192.0.2.1:862',
  sent: 50,
  answered: 47,
  late: 0,
  lossPercent: 6,
  loss: { forward: 2, backward: 0, unknown: 1 },
  forward: {
    delay: { ...delay, meanMs: 10.1, medianMs: 10, p95Ms: 10.4 },
    duplicates: 0,
    reordered: 1,
    hops: 7,
    dscp: 46,
  },
  backward: {
    delay: { ...delay, meanMs: 9.9, medianMs: 9.9, p95Ms: 10.4 },
    duplicates: 0,
    reordered: 0,
    hops: 8,
    dscp: 0,
  },
  roundTrip: { meanMs: 20, minMs: 19.5, maxMs: 21, medianMs: 20, p95Ms: 20.9 },
  clock: { offsetMs: -3.2, errorBoundMs: 9.8 },
  reflector: {
    stateful: true,
    echoesSsid: false,
    times: 'two',
    timestampFormat: 'ptp',
    replyBytes: [116],
    followUp: false,
    grantsDscp: false,
    seesUsAs: '203.0.113.9:40001',
  },
  unsent: {},
  refusals: {},
  strange: {},
};

describe('a round in words', () => {
  test('with all there is to tell', () => {
    assert.deepEqual(roundLines(at, report, 46), [
      'STAMP to 192.0.2.1:862 at 09:10:11 UTC: 50 probes sent, 47 answered',
      '                  loss        mean         min         max      jitter  reordered  twice  hops',
      '  there          4.0 %   10.100 ms    9.980 ms   10.500 ms    0.050 ms          1      0     7',
      '  back           0.0 %    9.900 ms    9.980 ms   10.500 ms    0.050 ms          0      0     8',
      '  round trip     6.0 %   20.000 ms   19.500 ms   21.000 ms',
      '  Of 1 lost probe it cannot be told in which direction.',
      '  The delays there and back are exact to ± 10.012 ms.',
      '  Its clock is 3.200 ms behind this host’s, ± 9.800 ms.',
      '  The reflector counts its own replies, does not echo the session identifier, stamps in PTP format, replies with 116 octets.',
      '  It sees these probes come from 203.0.113.9:40001.',
      '  DSCP: probes left with 46, they arrived with 46; replies arrived with 0.',
      '  It refuses to reply with DSCP 46.',
    ]);
  });

  test('says where loss has no direction', () => {
    const [, , there, back, , loss] = roundLines(at, { ...report, loss: null }, 0);
    assert.match(there ?? '', /^ {2}there +– /);
    assert.match(back ?? '', /^ {2}back +– /);
    assert.match(loss ?? '', /does not tell in which direction/);
  });

  test('says what came instead of answers', () => {
    const nothing: StampReport = {
      ...report,
      answered: 0,
      refusals: { 'port unreachable, says 192.0.2.1': 50 },
      strange: { 'not signed with our key': 2 },
      unsent: { 'buffer-full': 1 },
    };
    assert.deepEqual(roundLines(at, nothing, 0), [
      'STAMP to 192.0.2.1:862 at 09:10:11 UTC: 50 probes sent, 0 answered',
      '  1 probes not sent: buffer-full',
      '  50 ICMP errors: port unreachable, says 192.0.2.1',
      '  2 packets that were no replies: not signed with our key',
    ]);
  });
});

describe('a second of a reflector', () => {
  test('in words', () => {
    assert.equal(
      reflectedLine(at, { counts: { reflected: 50 }, sessions: 1 }),
      '09:10:11 50 reflected; 1 session',
    );
    assert.equal(
      reflectedLine(at, { counts: { 'too-short': 2, 'over-source-rate': 7 }, sessions: 0 }),
      '09:10:11 0 reflected; dropped: 2 too short, 7 over the rate of their source',
    );
  });

  test('in JSON', () => {
    assert.deepEqual(
      JSON.parse(reflectedJson(at, { counts: { reflected: 3, 'too-long': 1 }, sessions: 2 })),
      {
        at: '2026-03-28T09:10:11.123Z',
        reflected: 3,
        sessions: 2,
        dropped: { 'too-long': 1 },
      },
    );
  });
});
