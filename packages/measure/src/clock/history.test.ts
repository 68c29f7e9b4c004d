import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ClockExchange } from '../records.ts';
import { estimateRound, offsetAtNs, type RoundClock } from './estimate.ts';
import { type ClockHistory, emptyClockHistory, withRound } from './history.ts';
import { chanceOf, ms, playRound, second, TestClock } from './scene.ts';

const minute = 60 * second;

interface World {
  readonly sender: TestClock;
  readonly receiver: TestClock;
}

const worldOf = (ppm: number): World => ({
  sender: new TestClock(0, 0),
  receiver: new TestClock(5 * second, ppm),
});

/** The exchanges of a round whose packets take 10 ms each way and, some of them, up to 2 ms more; or `queueNs` more there. */
function exchangesOf({ sender, receiver }: World, startNs: number, queueNs = 0): readonly ClockExchange[] {
  const chance = chanceOf(startNs / second);
  const way = () => 10 * ms + (chance() < 0.3 ? 0 : 2 * ms * chance());
  const there = () => way() + queueNs;
  return playRound({ startNs, sender, receiver, there, back: way }).records.exchangesBySender;
}

/** Quiet rounds a minute apart; the last begins at `minutes`. */
function after(world: World, minutes: number): ClockHistory {
  let history = emptyClockHistory;
  for (let i = 0; i <= minutes; i++) history = withRound(history, exchangesOf(world, i * minute));
  return history;
}

function estimated(exchanges: readonly ClockExchange[], history: ClockHistory): RoundClock {
  const clock = estimateRound(exchanges, history);
  assert.ok(clock !== null);
  return clock;
}

describe('a round whose packets all waited', () => {
  const world = worldOf(40);
  const startNs = 11 * minute;
  const congested = exchangesOf(world, startNs, 400 * ms);

  test('alone is certain to half of what they took', () => {
    const { errorBoundNs } = estimated(congested, emptyClockHistory);
    assert.ok(errorBoundNs(startNs) > 205 * ms && errorBoundNs(startNs) < 215 * ms);
  });

  test('has the bound of a quick one before it, wider by 1001 ppm of the time between them', () => {
    const clock = estimated(congested, after(world, 10));
    const bound = clock.errorBoundNs(startNs);
    const sinceNs = minute - second;
    assert.ok(bound < 10.1 * ms + 1001e-6 * minute, `${bound / ms} ms`);
    assert.ok(bound > 1001e-6 * sinceNs, `${bound / ms} ms: nobody knows what the clocks did in that minute`);
    assert.equal(clock.steppedByNs, null);
  });

  test('has the offset that the rounds before lead to expect', () => {
    const { line } = estimated(congested, after(world, 10));
    const truth = world.receiver.read(startNs) - world.sender.read(startNs);
    assert.ok(Math.abs(offsetAtNs(line, startNs) - truth) < 0.3 * ms);
    const alone = estimated(congested, emptyClockHistory).line;
    assert.ok(Math.abs(offsetAtNs(alone, startNs) - truth) > 190 * ms);
  });

  test('speaks for itself where the rounds before are so long ago that they say less', () => {
    const laterNs = startNs + 7 * minute;
    const { errorBoundNs } = estimated(exchangesOf(world, laterNs, 400 * ms), after(world, 10));
    assert.ok(errorBoundNs(laterNs) > 200 * ms);
  });
});

describe('a round as quick as those before', () => {
  test('has its own bound and no other: so a clock set by little between them does no harm', () => {
    const world = worldOf(0);
    const history = after(world, 10);
    world.receiver.change(10.5 * minute, 0, 15 * ms);
    const own = exchangesOf(world, 11 * minute);
    const [alone, remembered] = [estimated(own, emptyClockHistory), estimated(own, history)];
    const differNs = remembered.errorBoundNs(11 * minute) - alone.errorBoundNs(11 * minute);
    assert.ok(Math.abs(differNs) < 20_000, `${differNs} ns: no more than another skew makes of a second`);
    const truth = world.receiver.read(11 * minute) - world.sender.read(11 * minute);
    const error = Math.abs(offsetAtNs(remembered.line, 11 * minute) - truth);
    assert.ok(error < remembered.errorBoundNs(11 * minute));
  });
});

describe('the skew', () => {
  test('is that of the last hour, not of a second', () => {
    for (const ppm of [-30, 7, 200]) {
      const world = worldOf(ppm);
      const own = exchangesOf(world, 31 * minute);
      assert.equal(estimated(own, emptyClockHistory).line.skew, 0, 'a second proves nothing');
      const { skew } = estimated(own, after(world, 30)).line;
      assert.ok(Math.abs(skew * 1e6 - ppm) < 0.5, `${skew * 1e6} ppm of ${ppm}`);
    }
  });

  test('is about that since the rate changed: until then, one line fits a few minutes from before', () => {
    const world = worldOf(20);
    world.receiver.change(20 * minute, 90);
    const { skew } = estimated(exchangesOf(world, 51 * minute), after(world, 50)).line;
    assert.ok(Math.abs(skew * 1e6 - 90) < 8, `${skew * 1e6} ppm`);
  });
});

describe('a clock that was set between two rounds', () => {
  for (const byMs of [-86_400_000, -300, 300, 7_000, 3_600_000])
    test(`by ${byMs} ms is found out, and the rounds before forgotten`, () => {
      const world = worldOf(40);
      const history = after(world, 10);
      world.receiver.change(10.5 * minute, 40, byMs * ms);
      const own = exchangesOf(world, 11 * minute);
      const clock = estimated(own, history);
      assert.ok(clock.steppedByNs !== null);
      assert.ok(Math.abs(clock.steppedByNs / ms - byMs) < 1, `${clock.steppedByNs / ms} ms`);
      assert.deepEqual(clock.history, withRound(emptyClockHistory, own));
      assert.equal(estimated(exchangesOf(world, 12 * minute), clock.history).steppedByNs, null);
    });

  test('is as well found out when it is the own one', () => {
    const world = worldOf(0);
    const history = after(world, 10);
    world.sender.change(10.5 * minute, 0, -300 * ms);
    const { steppedByNs } = estimated(exchangesOf(world, 11 * minute), history);
    assert.ok(steppedByNs !== null && Math.abs(steppedByNs / ms - 300) < 1);
  });

  test('is not one that drifts by 1000 ppm', () => {
    const world = worldOf(500);
    world.sender.change(0, -500);
    let history = emptyClockHistory;
    for (let i = 0; i < 20; i++) {
      const clock = estimated(exchangesOf(world, 15 * i * minute), history);
      assert.equal(clock.steppedByNs, null);
      history = clock.history;
    }
  });
});

describe('memory', () => {
  test('is of an hour, and does not grow, whatever is remembered', () => {
    const chance = chanceOf(1);
    let history = emptyClockHistory;
    for (let i = 0; i < 3_000; i++) {
      const atNs = i * 10 * second;
      const [there, back] = [chance() * 100 * ms, chance() * 100 * ms];
      const t2Ns = atNs + there;
      history = withRound(history, [{ t1Ns: atNs, t2Ns, t3Ns: t2Ns, t4Ns: t2Ns + back }]);
    }
    assert.ok(history.slots.length <= 32);
    const all = history.slots.flatMap(({ bounds }) => [...bounds.upper, ...bounds.lower]);
    assert.ok(all.length <= 32 * 16, `${all.length} bounds`);
    const newestNs = 30_000 * second;
    for (const { atNs } of all) assert.ok(newestNs - atNs < 65 * minute);
  });

  test('does not depend on how many rounds an hour has', () => {
    const world = worldOf(30);
    const exchanges = Array.from({ length: 600 }, (_, i) => exchangesOf(world, 6 * i * second));
    const history = exchanges.reduce(withRound, emptyClockHistory);
    const { skew } = estimated(exchangesOf(world, 61 * minute), history).line;
    assert.ok(Math.abs(skew * 1e6 - 30) < 0.5, `${skew * 1e6} ppm`);
  });
});
