import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type MtuEvent, startMtu, stepMtu } from './mtu.ts';

/** What becomes of packets of a size: the peer answers, a router names an MTU, or nobody says anything. */
type Network = (
  size: number,
  count: number,
) => Omit<Extract<MtuEvent, { kind: 'answered' | 'too-big' }>, 'size'> | null;

/** Answers come after 30 ms, those of small packets a moment behind the others'. */
function discover(network: Network, isSmallLost: (count: number) => boolean = () => false) {
  const state = startMtu(0);
  const sizes: number[] = [];
  const coming: { readonly atMs: number; readonly event: MtuEvent }[] = [];
  let nowMs = 0;
  let step = stepMtu(state, { kind: 'tick' }, nowMs);
  for (;;) {
    const [size] = step.sizes;
    if (size !== undefined) {
      sizes.push(size);
      const answer = network(size, sizes.length);
      if (answer !== null) coming.push({ atMs: nowMs + 30, event: { ...answer, size } as MtuEvent });
      if (!isSmallLost(sizes.length))
        coming.push({ atMs: nowMs + 30.1, event: { kind: 'answered', size: step.sizes[1]! } });
    }
    if (step.wakeAtMs === null) break;
    const next = coming[0]?.atMs ?? Number.POSITIVE_INFINITY;
    nowMs = Math.min(step.wakeAtMs, next);
    const event = next <= step.wakeAtMs ? coming.shift()!.event : ({ kind: 'tick' } as const);
    step = stepMtu(state, event, nowMs);
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
  it('is 1500 where that gets through, by one packet of that size', () => {
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
      assert.ok(nowMs <= 7_000, `${nowMs} ms`);
    }
  });

  it('survives two large packets lost, one after the other, of any size', () => {
    for (const mtu of [1500, 1492, 1420, 576]) {
      const seen = new Map<number, number>();
      const lossy: Network = (size) => {
        seen.set(size, (seen.get(size) ?? 0) + 1);
        return seen.get(size)! <= 2 ? null : silent(mtu)(size, 0);
      };
      assert.equal(discover(lossy).mtu, mtu);
    }
  });

  it('is not less for large packets that are lost where small ones are lost, too', () => {
    const outage = (count: number) => count <= 5;
    const found = discover((_size, count) => (outage(count) ? null : answered), outage);
    assert.deepEqual([found.mtu, new Set(found.sizes)], [1500, new Set([1500])]);
  });

  it('is asked with a quarter of a second between two packets of a size', () => {
    const { nowMs, sizes } = discover(silent(1400));
    assert.deepEqual(sizes.slice(0, 3), [1500, 1500, 1500]);
    const lost = sizes.filter((size) => size > 1400).length;
    assert.ok(nowMs >= lost * 250);
  });

  it('is not known where nothing of any size is answered', () => {
    assert.equal(discover(() => null).mtu, null);
    const { mtu, nowMs } = discover(
      () => null,
      () => true,
    );
    assert.equal(mtu, null);
    assert.ok(nowMs <= 7_800, `${nowMs} ms`);
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
