import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Reply } from './replies.ts';
import { type SenderEffect, type SenderEvent, startSender, stepSender } from './sender.ts';

const plan = { probeCount: 3, gapMs: 20, lossThresholdMs: 2_000 };

const reply = (probe: number): SenderEvent => ({
  kind: 'reply',
  reply: {
    probe,
    sequence: probe,
    times: null,
    timestampFormat: 'ntp',
    receivedAtNs: 0,
    sizeBytes: 44,
    ssid: 1,
    probeTtl: null,
    ttl: null,
    dscp: null,
    told: { classOfService: null, counted: null, followUp: null, source: null },
  } satisfies Reply,
});

/** A round that starts at 100 ms, fed by hand; `sends 0 1, wakes at 120`. */
function round() {
  const state = startSender(plan, 100);
  const words = (effect: SenderEffect) => (effect.kind === 'send' ? `send ${effect.sequence}` : 'done');
  const at = (nowMs: number, event: SenderEvent = { kind: 'tick' }) => {
    const { effects, wakeAtMs } = stepSender(state, event, nowMs);
    return [...effects.map(words), wakeAtMs];
  };
  return { state, at };
}

describe('a round', () => {
  test('sends its probes at even gaps, and those that are late at once', () => {
    const { at } = round();
    assert.deepEqual(at(100), ['send 0', 120]);
    assert.deepEqual(at(119), [120]);
    assert.deepEqual(at(145), ['send 1', 'send 2', 2_145]);
  });

  test('is done as soon as all are answered and no copy follows', () => {
    const { at } = round();
    at(100);
    at(140);
    at(141, reply(2));
    at(142, reply(0));
    assert.deepEqual(at(150, reply(0)), [2_140]);
    assert.deepEqual(at(160, reply(1)), [260]);
    assert.deepEqual(at(200, reply(1)), [260]);
    assert.deepEqual(at(260), ['done', null]);
  });

  test('waits for the others until they count as lost', () => {
    const { at, state } = round();
    at(140);
    assert.deepEqual(at(150, reply(1)), [2_140]);
    assert.deepEqual(at(2_139), [2_140]);
    assert.deepEqual(at(2_140), ['done', null]);
    assert.deepEqual([...state.answered], [1]);
  });

  test('that is stopped has lost only what is lost by then', () => {
    const state = startSender({ ...plan, lossThresholdMs: 30 }, 0);
    for (let sequence = 0; sequence < 3; sequence++) {
      stepSender(state, { kind: 'tick' }, sequence * 20);
      stepSender(state, { kind: 'probe-left', sequence, atNs: sequence * 20e6 }, sequence * 20);
    }
    stepSender(state, reply(1), 41);
    assert.deepEqual(stepSender(state, { kind: 'stop' }, 45), {
      effects: [{ kind: 'done' }],
      wakeAtMs: null,
    });
    assert.deepEqual([...state.sentAtNs.keys()], [0, 1]);
  });

  test('takes no note of what comes when it is done', () => {
    const { at, state } = round();
    at(140);
    at(2_140);
    assert.deepEqual(at(2_150, reply(1)), [null]);
    assert.equal(state.replies.length, 0);
  });

  test('knows when each probe left, by the kernel where it tells', () => {
    const { at, state } = round();
    at(100);
    at(100, { kind: 'probe-left', sequence: 0, atNs: 5 });
    at(101, { kind: 'probe-left', sequence: 0, atNs: 7 });
    at(120);
    at(120, { kind: 'probe-not-sent', sequence: 1, reason: 'unreachable' });
    assert.deepEqual([...state.sentAtNs], [[0, 7]]);
    assert.deepEqual([...state.unsent], [['unreachable', 1]]);
  });

  test('fills no memory, however much a reflector sends', () => {
    const { at, state } = round();
    at(140);
    for (let i = 0; i < 1_000; i++) at(141, reply(1));
    assert.equal(state.replies.length, 24);
  });
});
