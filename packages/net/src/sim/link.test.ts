import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Generator } from './generator.ts';
import { Link, type LinkOptions } from './link.ts';

const PACKETS = 10_000;
const SPACING_NS = 1e6;

/** For each packet sent, when it comes out. */
function sendAll(options: LinkOptions): number[][] {
  const link = new Link(options, new Generator(5));
  return Array.from({ length: PACKETS }, (_, i) => link.transit(i * SPACING_NS));
}

describe('a link', () => {
  it('without options passes everything on at once', () => {
    assert.ok(sendAll({}).every((out, i) => out.length === 1 && out[0] === i * SPACING_NS));
  });

  it('delays', () => {
    assert.ok(sendAll({ delayMs: 12.5 }).every((out, i) => out[0] === i * SPACING_NS + 12.5e6));
  });

  it('loses the share asked for', () => {
    const lost = sendAll({ lossRate: 0.1 }).filter((out) => out.length === 0).length;
    assert.ok(lost > 0.08 * PACKETS && lost < 0.12 * PACKETS, `${lost}`);
    assert.equal(sendAll({ lossRate: 1 }).flat().length, 0);
  });

  it('duplicates the share asked for', () => {
    const twice = sendAll({ duplicateRate: 0.05 }).filter((out) => out.length === 2).length;
    assert.ok(twice > 0.04 * PACKETS && twice < 0.06 * PACKETS, `${twice}`);
  });

  it('jitters within its bound and keeps the order', () => {
    const out = sendAll({ delayMs: 10, jitterMs: 5 }).flat();
    const delaysMs = out.map((atNs, i) => (atNs - i * SPACING_NS) / 1e6);
    assert.ok(delaysMs.every((delayMs) => delayMs >= 10 && delayMs <= 15));
    assert.ok(Math.max(...delaysMs) - Math.min(...delaysMs) > 4);
    assert.ok(out.every((atNs, i) => i === 0 || atNs >= out[i - 1]!));
  });

  it('jitters by the moment: what enters together comes out together', () => {
    const link = new Link({ delayMs: 10, jitterMs: 5 }, new Generator(5));
    const [first, second, later] = [link.outNs(0), link.outNs(0), link.outNs(100e6)];
    assert.equal(second, first);
    assert.notEqual(later - 100e6, first);
  });

  it('lets the share asked for fall behind', () => {
    const out = sendAll({ reorderRate: 0.1, reorderDelayMs: 3 }).flat();
    const overtaken = out.filter((atNs, i) => i + 1 < out.length && out[i + 1]! < atNs).length;
    assert.ok(overtaken > 0.07 * PACKETS && overtaken < 0.11 * PACKETS, `${overtaken}`);
  });
});
