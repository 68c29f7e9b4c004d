import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { StunFramer } from './framing.ts';
import { encodeStun } from './message.ts';

const message = (name: string) =>
  encodeStun({
    class: 'request',
    method: 1,
    transactionId: new Uint8Array(12),
    attributes: [{ type: 'software', text: name }],
  });

describe('a stream of STUN messages', () => {
  it('is cut at the same places however it arrives', () => {
    const names = ['one', 'number two', '', 'four'];
    const stream = Buffer.concat(names.map(message));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sizes) => {
        const framer = new StunFramer(200);
        const cut: Uint8Array[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = sizes[i % sizes.length] as number;
          const pushed = framer.push(stream.subarray(at, at + size));
          assert.equal(pushed.failure, null);
          cut.push(...pushed.messages);
          at += size;
        }
        assert.deepEqual(
          cut.map((each) => Buffer.from(each)),
          names.map((name) => Buffer.from(message(name))),
        );
        assert.equal(framer.pendingBytes, 0);
      }),
    );
  });

  it('holds half a message and no more', () => {
    const framer = new StunFramer(200);
    assert.deepEqual(framer.push(message('one').subarray(0, 21)), { messages: [], failure: null });
    assert.equal(framer.pendingBytes, 21);
  });

  it('fails as soon as a length is too large', () => {
    assert.equal(new StunFramer(100).push(Uint8Array.of(0, 1, 0, 84)).failure, 'oversized');
    assert.equal(new StunFramer(100).push(Uint8Array.of(0, 1, 0, 80)).failure, null);
  });

  it('fails on what is no STUN, after giving what came before', () => {
    const pushed = new StunFramer(200).push(Buffer.concat([message('one'), Buffer.from('GET / HTTP/1.1')]));
    assert.equal(pushed.messages.length, 1);
    assert.equal(pushed.failure, 'not-stun');
  });
});
