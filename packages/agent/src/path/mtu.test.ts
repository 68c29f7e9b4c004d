import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type MtuEvent, startMtu, stepMtu } from './mtu.ts';

/** What becomes of packets of a size: the peer answers, a router names an MTU, or nobody says anything. */
type Network = (
  size: number,
  count: number,
) => Omit<Extract<MtuEvent, { kind: 'answered' | 'too-big' }>, 'size'> | null;

function discover(network: Network) {
  const state = startMtu(0);
  const sizes: number[] = [];
  let nowMs = 0;
  let step = stepMtu(state, { kind: 'tick' }, nowMs);
  while (step.wakeAtMs !== null || step.size !== null) {
    const { size } = step;
    if (size === null) {
      nowMs = step.wakeAtMs!;
      step = stepMtu(state, { kind: 'tick' }, nowMs);
      continue;
    }
    sizes.push(size);
    const answer = network(size, sizes.length);
    nowMs += answer === null ? 400 : 30;
    step = stepMtu(state, answer === null ? { kind: 'tick' } : ({ ...answer, size } as MtuEvent), nowMs);
  }
  return { mtu: state.end === 'found' ? state.proven : null, sizes, nowMs };
}

const answered = { kind: 'answered' } as const;
const speaking =
  (mtu: number): Network =>
  (size) =>
    size <= mtu ? answered : ({ kind: 'too-big', mtu } as never);
const silent =
  (mtu: number): Network =>
  (size) =>
    size <= mtu ? answered : null;

describe('the path MTU', () => {
  it('is 1500 where that gets through, by one packet', () => {
    assert.deepEqual(discover(speaking(1500)), { mtu: 1500, sizes: [1500], nowMs: 30 });
  });

  it('is what a router names, once the peer has answered a packet of that size', () => {
    assert.deepEqual(discover(speaking(1437)).sizes, [1500, 1437]);
    assert.equal(discover(speaking(1437)).mtu, 1437);
    assert.equal(discover(speaking(1491)).mtu, 1491);
  });

  it('is the least of several on the way', () => {
    const found = discover((size) => {
      if (size > 1480) return { kind: 'too-big', mtu: 1480 } as never;
      return size > 1300 ? ({ kind: 'too-big', mtu: 1300 } as never) : answered;
    });
    assert.deepEqual([found.mtu, found.sizes], [1300, [1500, 1480, 1300]]);
  });

  it('is found in the dark as well, to the common size below it', () => {
    for (const [mtu, found] of [
      [1499, 1492],
      [1420, 1420],
      [1399, 1380],
      [576, 576],
    ]) {
      const { mtu: said, nowMs } = discover(silent(mtu!));
      assert.equal(said, found);
      assert.ok(nowMs <= 4_900, `${nowMs} ms`);
    }
  });

  it('survives a lost packet', () => {
    assert.equal(discover((size, count) => (count === 1 ? null : speaking(1500)(size, count))).mtu, 1500);
  });

  it('is not known where nothing of any size is answered', () => {
    assert.equal(discover(() => null).mtu, null);
  });

  it('does not believe a router that names what cannot be', () => {
    const found = discover((size) => (size > 1400 ? ({ kind: 'too-big', mtu: 9000 } as never) : answered));
    assert.equal(found.mtu, 1400);
    const tiny = discover((size) => (size > 1400 ? ({ kind: 'too-big', mtu: 8 } as never) : answered));
    assert.equal(tiny.mtu, 1400);
  });

  it('takes no word about a size that is not under way', () => {
    const state = startMtu(0);
    stepMtu(state, { kind: 'tick' }, 0);
    stepMtu(state, { kind: 'too-big', size: 1000, mtu: 600 }, 1);
    stepMtu(state, { kind: 'answered', size: 9000 }, 1);
    assert.deepEqual([state.proven, state.refused], [0, 1501]);
  });
});
