import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { segmentInFrame, TcpStampIds } from './tcp-stamps.ts';

const ids = (taken: readonly { id: number }[]) => taken.map(({ id }) => id);

describe('the writes that a stamp is of', () => {
  it('are the one whose last octet it names, once', () => {
    const stamps = new TcpStampIds();
    stamps.sent(4, 0, null);
    stamps.sent(9, 3, 7);
    assert.deepEqual(stamps.take(4), [{ offset: 4, id: 0, ttl: null }]);
    assert.deepEqual(stamps.take(4), []);
    assert.deepEqual(stamps.take(9), [{ offset: 9, id: 3, ttl: 7 }]);
  });

  it('are also those before it that left with it', () => {
    const stamps = new TcpStampIds();
    for (const [id, offset] of [10, 20, 30, 40].entries()) stamps.sent(offset, id, null);
    assert.deepEqual(ids(stamps.take(30)), [0, 1, 2]);
    assert.deepEqual(ids(stamps.take(40)), [3]);
  });

  it('are none for a part of a write', () => {
    const stamps = new TcpStampIds();
    stamps.sent(1000, 0, null);
    assert.deepEqual(stamps.take(400), []);
    assert.deepEqual(ids(stamps.take(1000)), [0]);
  });

  it('are found where the kernel counts from 0 again', () => {
    const stamps = new TcpStampIds();
    for (const [id, offset] of [2 ** 32 - 2, 2 ** 32 + 3].entries()) stamps.sent(offset, id, null);
    assert.deepEqual(ids(stamps.take(2 ** 32 - 2)), [0]);
    assert.deepEqual(ids(stamps.take(3)), [1]);
  });

  it('are no more than could wait', () => {
    const stamps = new TcpStampIds();
    for (let id = 0; id < 5000; id++) stamps.sent(id, id, null);
    const taken = ids(stamps.take(4999));
    assert.equal(taken.length, 1024);
    assert.equal(taken.at(-1), 4999);
  });
});

describe('a segment in a frame', () => {
  const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
  const link = 'a66394b8cacf 5a729acbe22a 0800';
  const packet = `4500003b 6a964000 0206f623 0a000102 0a000302
    9dfc0050 8df19f4f f5d142d0 8018003f 18310000 0101080a 13d222f2 3f2a51de 01`;
  const addresses = hex('0a000102 0a000302');
  const ports = hex('9dfc 0050');

  it('is found behind a link header of any kind, and without one', () => {
    for (const before of [link, '', '00000800']) {
      const found = segmentInFrame(hex(before + packet), addresses, ports);
      assert.deepEqual(found, { ttl: 2, sequence: 0x8df19f4f });
    }
  });

  it('is found in IPv6', () => {
    const addresses6 = hex('fd000001000000000000000000000002 fd000003000000000000000000000002');
    const frame = Buffer.concat([
      hex(`${link}6b8b955a 00150603`),
      addresses6,
      hex('9dfc0050 00000007 00000000'),
    ]);
    assert.deepEqual(segmentInFrame(frame, addresses6, ports), { ttl: 3, sequence: 7 });
  });

  it('is none of another flow, of a cut-off packet, or of none', () => {
    assert.equal(segmentInFrame(hex(link + packet), hex('0a000102 0a000303'), ports), null);
    assert.equal(segmentInFrame(hex(link + packet), addresses, hex('9dfc 0051')), null);
    assert.equal(segmentInFrame(hex(link + packet).subarray(0, 14 + 20 + 6), addresses, ports), null);
    assert.equal(segmentInFrame(addresses, addresses, ports), null);
    assert.equal(segmentInFrame(new Uint8Array(0), addresses, ports), null);
  });
});
