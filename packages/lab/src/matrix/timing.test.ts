import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectionMethod, Protocol } from '@pinhole/contract';
import type { NatKind } from '../nat/kinds.ts';
import { repetitions } from './cells.ts';
import type { CellResult } from './outcome.ts';
import { isLate, judgeTimes, timesText } from './timing.ts';

function connected(
  source: NatKind,
  target: NatKind,
  method: ConnectionMethod,
  connectMs: number | null,
  protocol: Protocol = 'udp',
): CellResult {
  return {
    cell: { source, target, protocol },
    outcome: { kind: 'connected', method, connectMs, lossPercent: 0 },
    afterMs: 2_000,
  };
}

function failed(source: NatKind, target: NatKind, afterMs: number): CellResult {
  const outcome = { kind: 'failed', sentence: 'Connection to target agent failed', evidence: '' } as const;
  return { cell: { source, target, protocol: 'udp' }, outcome, afterMs };
}

function repeated(result: CellResult): CellResult {
  return { ...result, cell: { ...result.cell, agents: [0, 1] } };
}

const judged = (results: readonly CellResult[], about: RegExp) => {
  const found = judgeTimes(results).find(({ demand }) => about.test(demand));
  return found === undefined ? null : `${found.held} of ${found.judged}`;
};

test('what is direct or punched has three round trips of 40 ms to connect', () => {
  const easy = (connectMs: number | null) => connected('eim-apdf', 'eim-apdf', 'punched', connectMs);
  assert.equal(judged([easy(120), easy(121), easy(null)], /three round trips/), '1 of 2');
  assert.match(timesText([easy(120), easy(null)]), /\n {2}1 that are direct or punched do not say when/);
  assert.equal(judged([connected('eim-apdf', 'none', 'direct', 41)], /three round trips/), '1 of 1');
});

test('what was late among others, and is not when asked for again, is said and holds', () => {
  const again = { ...connected('eim-apdf', 'eim-apdf', 'punched', 90), wasLate: true };
  assert.equal(isLate(connected('eim-apdf', 'eim-apdf', 'punched', 121)), true);
  assert.equal(isLate(again), false);
  assert.match(timesText([again]), / 1 of 1 .*three round trips/);
  assert.match(timesText([again]), /\n {2}1 that were late among others were asked for again/);
});

test('what has to be searched is not judged as if it were easy', () => {
  const hard = connected('eim-apdf-rst', 'apdm-apdf', 'searched', 1_700);
  assert.equal(judged([hard], /three round trips/), '0 of 0');
  assert.equal(judged([hard], /median/), null);
});

test('the search of the timed pair is judged by the median, over each protocol', () => {
  const timed = (protocol: Protocol, ...times: (number | null)[]) =>
    times.map((each) => repeated(connected('eim-apdf', 'apdm-apdf', 'searched', each, protocol)));
  assert.equal(judged(timed('udp', 100, 9_000, 2_000, 300, 9_000), /UDP: median of 5/), '1 of 1');
  assert.equal(
    judged(timed('tcp', 100, 9_000, 2_001, 300, null), /TCP: median of 5 .*\(2\.00 s\)/),
    '0 of 1',
  );
  const lost = [
    ...timed('udp', 100, 100),
    ...[1, 2, 3].map(() => repeated(failed('eim-apdf', 'apdm-apdf', 8_700))),
  ];
  assert.equal(judged(lost, /UDP: median of 5 .*\(no connection\)/), '0 of 1');
});

test('an error is there within 10 s', () => {
  assert.equal(
    judged([failed('apdm-apdf', 'apdm-cgn', 10_000), failed('apdm-apdf', 'adm-apdf', 10_001)], /sentence/),
    '1 of 2',
  );
});

test('the text says how many hold, and names each that does not', () => {
  const text = timesText([failed('apdm-apdf', 'adm-apdf', 10_500), failed('apdm-apdf', 'apdm-cgn', 9_000)]);
  assert.match(
    text,
    /^Times:\n {2}1 of 2 {2}failed: .*\n {6}late: UDP apdm-apdf → adm-apdf: [^\n]*after 10\.5 s/,
  );
  assert.doesNotMatch(text, /apdm-cgn|median|three round trips/);
});

test('the timed pair is tested by five pairs of agents that have not met', () => {
  const cells = repetitions(['eim-apdf', 'none', 'apdm-apdf'], ['udp', 'tcp']);
  assert.equal(cells.length, 10);
  const pairs = new Set(cells.map(({ agents }) => agents?.join(' ')));
  assert.equal(pairs.size, 5);
  assert.ok(!pairs.has('0 0'));
  assert.deepEqual(repetitions(['eim-apdf'], ['udp']), []);
});
