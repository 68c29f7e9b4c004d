import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CheckEffect, type CheckEvent, newCheckSchedule, stepCheckSchedule } from './machine.ts';

const minuteMs = 60_000;
const registered = { kind: 'registration', registered: true, losses: 0 } as const;
const unregistered = { kind: 'registration', registered: false, losses: 0 } as const;
const ticked = { kind: 'configured', sinceMs: 7 } as const;
const ended = { kind: 'ended', made: true } as const;

/** The machine under test, with the clock in the test's hand. */
function schedule() {
  const machine = {
    state: newCheckSchedule(),
    nowMs: 1_000_000,
    wakeAtMs: null as number | null,
    feed(event: CheckEvent): CheckEffect[] {
      const step = stepCheckSchedule(machine.state, event, machine.nowMs);
      machine.state = step.schedule;
      machine.wakeAtMs = step.wakeAtMs;
      return step.effects;
    },
    after(delayMs: number, event: CheckEvent = { kind: 'tick' }): CheckEffect[] {
      machine.nowMs += delayMs;
      return machine.feed(event);
    },
    /** How long until the machine begins a check, if nothing happens. */
    untilNextMs(): number {
      assert.ok(machine.wakeAtMs !== null, 'it waits for an event');
      const waitedMs = machine.wakeAtMs - machine.nowMs;
      assert.deepEqual(machine.after(waitedMs), ['begin']);
      return waitedMs;
    },
  };
  return machine;
}

describe('the schedule of checks', () => {
  it('begins nothing while "Behind a NAT" is not ticked', () => {
    const { feed, state } = schedule();
    assert.deepEqual(feed(registered), []);
    assert.deepEqual(feed({ kind: 'configured', sinceMs: null }), []);
    assert.equal(state.phase, 'off');
  });

  it('begins at once when it is ticked for an agent that is registered', () => {
    const { feed } = schedule();
    feed(registered);
    assert.deepEqual(feed(ticked), ['begin']);
  });

  it('begins as soon as the agent is registered', () => {
    const { feed, after } = schedule();
    assert.deepEqual(feed(ticked), []);
    assert.deepEqual(after(800, unregistered), []);
    assert.deepEqual(after(400, registered), ['begin']);
  });

  it('begins without a registration when that does not come within some seconds', () => {
    const { feed, untilNextMs } = schedule();
    feed(ticked);
    assert.equal(untilNextMs(), 2_500);
  });

  it('goes on every five minutes from beginning to beginning', () => {
    const machine = schedule();
    machine.feed(registered);
    machine.feed(ticked);
    machine.after(6_000, ended);
    assert.equal(machine.untilNextMs(), 5 * minuteMs - 6_000);
    machine.after(9_000, ended);
    assert.equal(machine.untilNextMs(), 5 * minuteMs - 9_000);
  });

  it('begins no second one while one is under way', () => {
    const { feed, after } = schedule();
    feed(registered);
    feed(ticked);
    assert.deepEqual(after(10 * minuteMs), []);
    assert.deepEqual(feed({ ...registered, losses: 3 }), []);
  });

  it('comes sooner when the registration is there at last', () => {
    const machine = schedule();
    machine.feed(ticked);
    machine.untilNextMs();
    machine.after(4_000, ended);
    assert.deepEqual(machine.after(1_000, registered), []);
    assert.equal(machine.untilNextMs(), 15_000);
    machine.after(4_000, ended);
    assert.equal(machine.untilNextMs(), 5 * minuteMs - 4_000);
  });

  it('comes sooner when the registration was cut, once it is back', () => {
    const machine = schedule();
    machine.feed(registered);
    machine.feed(ticked);
    machine.after(6_000, ended);
    assert.deepEqual(machine.after(minuteMs, unregistered), []);
    assert.deepEqual(machine.after(500, { ...registered, losses: 1 }), ['begin']);
    machine.after(6_000, ended);
    assert.equal(machine.untilNextMs(), 5 * minuteMs - 6_000);
  });

  it('looks again soon where there was no server to ask', () => {
    const machine = schedule();
    machine.feed(ticked);
    machine.untilNextMs();
    machine.feed({ kind: 'ended', made: false });
    assert.equal(machine.untilNextMs(), 20_000);
  });

  it('is not stirred by being told the same again', () => {
    const machine = schedule();
    machine.feed(registered);
    machine.feed(ticked);
    machine.after(6_000, ended);
    assert.deepEqual(machine.feed(ticked), []);
    assert.equal(machine.untilNextMs(), 5 * minuteMs - 6_000);
  });

  it('begins anew when it was taken away and ticked again, also where only the last is heard of', () => {
    const machine = schedule();
    machine.feed(registered);
    machine.feed(ticked);
    assert.deepEqual(machine.after(1_000, { kind: 'configured', sinceMs: 8 }), ['abort', 'begin']);
    assert.deepEqual(machine.after(1_000, { kind: 'configured', sinceMs: null }), ['abort']);
    assert.equal(machine.wakeAtMs, null);
    assert.deepEqual(machine.after(1_000, { kind: 'configured', sinceMs: 9 }), ['begin']);
  });

  it('takes no end for its own that comes after it was taken away', () => {
    const machine = schedule();
    machine.feed(registered);
    machine.feed(ticked);
    machine.feed({ kind: 'configured', sinceMs: null });
    assert.deepEqual(machine.after(1_000, ended), []);
    assert.equal(machine.state.phase, 'off');
  });
});
