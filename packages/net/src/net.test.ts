import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { linuxNetAvailable } from './linux/libc.ts';
import { createNet } from './net.ts';

describe('createNet', () => {
  it('takes the Linux implementation where it can, and says why where it cannot', () => {
    const availability = linuxNetAvailable();
    const { kind, net, reason } = createNet();
    if (availability.available) assert.deepEqual([kind, reason], ['linux', null]);
    else assert.deepEqual([kind, reason], ['node', availability.reason]);
    assert.equal(net.udp.features.transmitStamps, availability.available);
  });

  it('takes the portable one when that is preferred', () => {
    const { kind, net, reason } = createNet('node');
    assert.deepEqual([kind, reason], ['node', null]);
    assert.equal(net.udp.features.transmitStamps, false);
  });
});
