// `pinhole stamp` against other makes of reflector and sender, which are written here from the RFCs' drawings and share
// no code with ours.

import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { keyText, openSocket, reflect, send } from './stamp-processes.ts';

const ntpEpochS = 2_208_988_800;

function ntp(unixMs: number): Buffer {
  const time = Buffer.alloc(8);
  time.writeUInt32BE(Math.floor(unixMs / 1000) + ntpEpochS, 0);
  time.writeUInt32BE(Math.floor((unixMs % 1000) * 4_294_967.296), 4);
  return time;
}

function ptp(unixMs: number): Buffer {
  const time = Buffer.alloc(8);
  time.writeUInt32BE(Math.floor(unixMs / 1000), 0);
  time.writeUInt32BE(Math.floor((unixMs % 1000) * 1e6), 4);
  return time;
}

interface Make {
  /** To a probe, the count of its answers so far in hand. */
  readonly answer: (probe: Buffer, count: number, nowMs: number) => Buffer;
  readonly hops: number | null;
  readonly stateful: boolean;
  readonly times: string;
}

/** The makes of reflector there are. */
const makes: Record<string, Make> = {
  'STAMP without extensions, which copies what stands behind 44 octets': {
    answer: (probe, count, nowMs) =>
      Buffer.concat([
        ...[number(count), ntp(nowMs), estimate, probe.subarray(14, 16), ntp(nowMs), probe.subarray(0, 14)],
        ...[Buffer.from([0, 0, 254, 0, 0, 0]), probe.subarray(44)],
      ]),
    hops: 1,
    stateful: true,
    times: 'one',
  },
  'TWAMP Light: 41 octets, no SSID': {
    answer: (probe, count, nowMs) =>
      Buffer.concat([
        ...[number(count), ntp(nowMs), estimate, mbz, ntp(nowMs), probe.subarray(0, 14), mbz],
        Buffer.from([255]),
      ]),
    hops: 0,
    stateful: true,
    times: 'one',
  },
  '38 octets, no TTL': {
    answer: (probe, count, nowMs) =>
      Buffer.concat([number(count), ntp(nowMs), estimate, mbz, ntp(nowMs), probe.subarray(0, 14)]),
    hops: null,
    stateful: true,
    times: 'one',
  },
  'stateless, TTL 0': {
    answer: (probe, _, nowMs) =>
      Buffer.concat([
        ...[probe.subarray(0, 4), ntp(nowMs), estimate, mbz, ntp(nowMs), probe.subarray(0, 14)],
        Buffer.alloc(6),
      ]),
    hops: null,
    stateful: false,
    times: 'one',
  },
  'PTP timestamps': {
    answer: (probe, count, nowMs) =>
      Buffer.concat([
        ...[number(count), ptp(nowMs), Buffer.from([0x41, 0x01]), mbz, ptp(nowMs), probe.subarray(0, 14)],
        Buffer.alloc(6),
      ]),
    hops: null,
    stateful: true,
    times: 'one',
  },
  'T2 and T3 in each other’s place': {
    answer: (probe, count, nowMs) =>
      Buffer.concat([
        ...[number(count), ntp(nowMs), estimate, mbz, ntp(nowMs + 0.01), probe.subarray(0, 14)],
        Buffer.alloc(6),
      ]),
    hops: null,
    stateful: true,
    times: 'swapped',
  },
};
const estimate = Buffer.from([0x01, 0x01]);
const mbz = Buffer.alloc(2);

function number(value: number): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value);
  return octets;
}

describe('pinhole stamp send to another make of reflector', { concurrency: 4 }, () => {
  for (const [name, { answer, hops, stateful, times }] of Object.entries(makes))
    it(name, async (t) => {
      const socket = await openSocket(t);
      let [probes, count] = [0, 0];
      const sizes = new Set<number>();
      // The third probe is lost on its way, and of the fifth the answer.
      socket.on('message', (probe, { port, address }) => {
        sizes.add(probe.length);
        if (++probes === 3) return;
        const reply = answer(probe, count++, Date.now());
        if (probes !== 5) socket.send(reply, port, address);
      });
      const twampLight = name.startsWith('TWAMP') ? ['--twamp-light'] : [];
      const { code, report } = await send(t, socket.address().port, ['--wait', '3s', ...twampLight]);
      assert.equal(code, 0);
      assert.deepEqual([report.sent, report.answered, report.lossPercent, report.strange], [10, 8, 20, {}]);
      assert.deepEqual([...sizes], [twampLight.length > 0 ? 44 : 116]);
      assert.deepEqual(report.loss, stateful ? { forward: 1, backward: 1, unknown: 0 } : null);
      assert.deepEqual([report.forward.hops, report.reflector?.times], [hops, times]);
      assert.ok(report.roundTrip !== null && report.roundTrip.minMs >= 0);
    });
});

describe('another make of sender to pinhole stamp reflect', { concurrency: 4 }, () => {
  /** As RFC 4656 §4.1.2 draws it: number, NTP time, error estimate, and padding at random. */
  const twampProbe = (sequence: number, padding: number) =>
    Buffer.concat([number(sequence), ntp(Date.now()), Buffer.from([0x3f, 0xff]), randomBytes(padding)]);

  async function exchange(socket: Socket, port: number, probe: Buffer): Promise<Buffer> {
    const answered = once(socket, 'message');
    socket.send(probe, port, '127.0.0.1');
    const [reply] = (await answered) as [Buffer];
    return reply;
  }

  for (const [name, padding, args, replyBytes] of [
    ['14 octets', 0, ['--twamp-light', '--allow', '127.0.0.0/8'], 44],
    ['14 octets and 27 of padding', 27, [], 41],
    ['a kilobyte', 1_010, [], 1_024],
  ] as const)
    it(`TWAMP Light with ${name}`, async (t) => {
      const { port } = await reflect(t, [...args]);
      const socket = await openSocket(t);
      for (let sequence = 0; sequence < 5; sequence++) {
        const sentMs = Date.now();
        const probe = twampProbe(sequence, padding);
        const reply = await exchange(socket, port, probe);
        assert.equal(reply.length, replyBytes);
        // Counted by itself, unless padding at random stands where its session is named.
        if (args.length > 0) assert.equal(reply.readUInt32BE(0), sequence);
        // The probe's number, time and error estimate come back.
        assert.deepEqual(reply.subarray(24, 38), probe.subarray(0, 14));
        for (const at of [4, 16]) {
          const seconds = reply.readUInt32BE(at) - ntpEpochS + reply.readUInt32BE(at + 4) / 2 ** 32;
          assert.ok(Math.abs(seconds * 1000 - sentMs) < 10_000, `${seconds}`);
        }
        // T3 is not before T2.
        assert.ok(reply.readBigUInt64BE(4) >= reply.readBigUInt64BE(16));
      }
    });

  for (const [mode, env] of [
    ['unauthenticated', {}],
    ['authenticated', { PINHOLE_STAMP_KEY: keyText }],
  ] as const)
    it(`datagrams at random, by the thousand, ${mode}: none is answered that is no probe, and it stays up`, async (t) => {
      const reflector = await reflect(t, ['--rate', '1000000', '--total-rate', '1000000'], env);
      const socket = await openSocket(t);
      const asked = new Map<string, number>();
      let wrong = 0;
      const isProbe = ({ length }: Buffer, multiplier: number) =>
        mode === 'unauthenticated' && length >= 41 && length <= 9_216 && multiplier !== 0;
      let answers = 0;
      socket.on('message', (reply) => {
        answers++;
        // The probe's number and time are where the answer names its probe.
        if (asked.get(reply.subarray(24, 36).toString('hex')) !== reply.length) wrong++;
      });
      for (let batch = 0; batch < 40; batch++) {
        for (let i = 0; i < 50; i++) {
          const data = randomBytes(randomInt(2) === 0 ? randomInt(200) : randomInt(2_000));
          // Every fourth has a void error estimate, which is at odds with being a probe.
          if (i % 4 === 0 && data.length >= 14) data[13] = 0;
          if (isProbe(data, data[13] ?? 0)) asked.set(data.subarray(0, 12).toString('hex'), data.length);
          socket.send(data, reflector.port, '127.0.0.1');
        }
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      // It still answers who asks.
      const { code, report } = await send(t, reflector.port, [], env);
      assert.deepEqual([code, report.answered], [0, 10]);
      assert.equal(wrong, 0);
      assert.equal(answers > 0, mode === 'unauthenticated');
      reflector.child.kill('SIGTERM');
      assert.equal((await reflector.ended).code, 0);
    });
});
