import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { encodeStun } from '../stun/message.ts';
import { frameBulk, frameProbe, SessionFramer } from './stream.ts';
import { bulkHeaderBytes, writeBulkHeader } from './throughput.ts';

const control = Uint8Array.from(
  encodeStun({
    class: 'request',
    method: 0x090,
    transactionId: new Uint8Array(12),
    attributes: [{ type: 'session-id', octets: new Uint8Array(16) }],
  }),
);
const probe = (size: number) => new Uint8Array(size).fill(0xee);

describe('a session stream', () => {
  it('gives its frames however it is cut into pieces', () => {
    const sent = [control, probe(113), probe(152), control, probe(1400)];
    const stream = Buffer.concat(sent.map((bytes) => (bytes[0] === 0xee ? frameProbe(bytes) : bytes)));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 }), (sizes) => {
        const framer = new SessionFramer();
        const got: Uint8Array[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = sizes[i % sizes.length] as number;
          const { frames, failed } = framer.push(Uint8Array.from(stream.subarray(at, at + size)));
          assert.equal(failed, false);
          for (const frame of frames) {
            assert.ok(frame.kind !== 'bulk');
            assert.equal(frame.kind, frame.bytes[0] === 0xee ? 'probe' : 'control');
            got.push(frame.bytes);
          }
          at += size;
        }
        assert.deepEqual(got, sent);
      }),
    );
  });

  it('counts the octets of bulk packets between other frames, and keeps their headers only', () => {
    const packet = (size: number, tagOctet: number) => {
      const bytes = new Uint8Array(size);
      writeBulkHeader(bytes, { sequence: 0, tag: new Uint8Array(8).fill(tagOctet) });
      return bytes;
    };
    const bulk = [packet(16_000, 1), packet(bulkHeaderBytes, 2), packet(60_001, 3)];
    const stream = Buffer.concat([
      control,
      ...bulk.flatMap((each) => [frameBulk(each), frameProbe(probe(152))]),
    ]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9_000 }), { minLength: 1 }), (sizes) => {
        const framer = new SessionFramer();
        const octetsByTag = new Map<number, number>();
        let others = 0;
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = sizes[i % sizes.length] as number;
          const { frames, failed } = framer.push(Uint8Array.from(stream.subarray(at, at + size)));
          assert.equal(failed, false);
          for (const frame of frames) {
            if (frame.kind !== 'bulk') others += 1;
            else {
              const tag = frame.header[8] as number;
              octetsByTag.set(tag, (octetsByTag.get(tag) ?? 0) + frame.octets);
            }
          }
          at += size;
        }
        assert.equal(others, 4);
        assert.deepEqual(
          [...octetsByTag],
          [
            [1, 16_004],
            [2, 20],
            [3, 60_008],
          ],
        );
      }),
    );
  });

  for (const [name, bytes] of [
    ['another channel', [0x40, 0x02, 0, 4]],
    ['a bulk packet without a header', [0x40, 0x01, 0, 12]],
    ['no frame at all', [0x80, 0, 0, 0]],
    ['a message larger than any of ours', [0, 1, 0x08, 0]],
    ['a probe larger than any of ours', [0x40, 0, 0x08, 0]],
  ] as const) {
    it(`fails at ${name}`, () => assert.equal(new SessionFramer().push(Uint8Array.from(bytes)).failed, true));
  }

  it('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void new SessionFramer().push(bytes)),
    );
  });
});
