import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StampIds } from './stamp-ids.ts';

describe('the ids of transmit stamps', () => {
  it('are those of the datagrams that asked, in any order, once each', () => {
    const ids = new StampIds();
    for (const id of [3, 5, 9]) ids.sent(id);
    assert.deepEqual([ids.take(2), ids.take(0), ids.take(1)], [9, 3, 5]);
    assert.deepEqual([ids.take(0), ids.take(7)], [null, null]);
  });

  it('begin again with the kernel’s count', () => {
    const ids = new StampIds();
    ids.sent(0);
    assert.equal(ids.take(0), 0);
    ids.restart();
    ids.sent(4);
    assert.equal(ids.take(0), 4);
  });

  it('never name a later datagram by the late stamp of one that was counted before', () => {
    const ids = new StampIds();
    for (const id of [0, 1]) ids.sent(id);
    assert.equal(ids.take(0), 0);
    ids.restart();
    for (const id of [2, 3]) ids.sent(id);
    // Datagram 1 leaves the device only now.
    assert.equal(ids.take(1), null);
    assert.deepEqual([ids.take(0), ids.take(1)], [2, 3]);
  });
});
