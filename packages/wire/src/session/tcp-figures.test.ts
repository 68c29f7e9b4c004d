import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeTcpFigures, encodeTcpFigures } from './tcp-figures.ts';

const figures = {
  retransmissions: 3,
  roundTripUs: 40_125,
  roundTripDeviationUs: 512,
  leastRoundTripUs: 39_870,
  mss: 1448,
  pathMtu: 1500,
};

describe('figures of a connection', () => {
  it('are 20 octets', () => {
    const hex = '00000003' + '00009cbd' + '00000200' + '00009bbe' + '05a8' + '05dc';
    assert.equal(Buffer.from(encodeTcpFigures(figures)).toString('hex'), hex);
    assert.deepEqual(decodeTcpFigures(Buffer.from(`${hex}ffff`, 'hex')), figures);
  });

  it('may lack what is not known', () => {
    const unknown = { ...figures, leastRoundTripUs: null, pathMtu: null };
    assert.deepEqual(decodeTcpFigures(encodeTcpFigures(unknown)), unknown);
  });

  it('are none where octets are missing', () => {
    assert.equal(decodeTcpFigures(new Uint8Array(19)), null);
  });

  it('are cut to what there is room for', () => {
    const large = { ...figures, retransmissions: 1e12, roundTripUs: -5, leastRoundTripUs: 1e12 };
    const decoded = decodeTcpFigures(encodeTcpFigures(large));
    assert.deepEqual(
      [decoded?.retransmissions, decoded?.roundTripUs, decoded?.leastRoundTripUs],
      [0xffff_ffff, 0, 0xffff_fffe],
    );
  });
});
