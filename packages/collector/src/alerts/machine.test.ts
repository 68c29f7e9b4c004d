import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type AlertMachineState, type Sample, type SeriesKey, step, type Terms } from './machine.ts';

const idle: AlertMachineState = { series: new Map(), active: null };
const one: Terms = { mode: 'exact', required: 1, outOf: 1, minimumSources: 1 };

function sample(roundId: number, violates: boolean, more: Partial<Sample> = {}): Sample {
  const metrics = `of ${roundId}`;
  return { sourceAgentId: 'a', direction: 'to-target', roundId, failed: false, violates, metrics, ...more };
}

/** What happens to the alert, sample by sample: `+` triggered, `=` still there, `-` cleared, `.` nothing. */
function story(samples: readonly Sample[], terms: Terms, expected: readonly SeriesKey[] = []): string {
  let state = idle;
  return samples
    .map((each) => {
      const { state: after, effect } = step(state, [each], terms, expected);
      state = after;
      return effect === null ? '.' : { triggered: '+', changed: '=', cleared: '-' }[effect.kind];
    })
    .join('');
}

const series = (pattern: string, more: Partial<Sample> = {}) =>
  [...pattern].map((sign, at) => sample(60 * (at + 1), sign === 'x', more));

describe('X of Y rounds of one agent', () => {
  const table: [required: number, outOf: number, rounds: string, story: string][] = [
    [1, 1, 'ooxxo', '..+=-'],
    [2, 2, 'oxoxxo', '....+-'],
    [2, 3, 'oxoxoo', '...+-.'],
    [3, 3, 'xxxxo', '..+=-'],
    // No more than it has seen counts.
    [2, 5, 'xx', '.+'],
  ];
  for (const [required, outOf, rounds, expected] of table)
    for (const mode of ['exact', 'any'] as const)
      test(`${required} of ${outOf}, ${mode}: ${rounds}`, () => {
        const key = { sourceAgentId: 'a', direction: 'to-target' } as const;
        assert.equal(story(series(rounds), { mode, required, outOf, minimumSources: 1 }, [key]), expected);
      });
});

describe('results late, twice and out of order', () => {
  test('a result that was had before changes nothing', () => {
    assert.equal(story([sample(60, true), sample(60, true), sample(60, false)], one), '+..');
  });

  test('what was measured takes the place of a failure, and not the reverse', () => {
    const failed = sample(60, true, { failed: true });
    assert.equal(story([failed, sample(60, false)], one), '+-');
    assert.equal(story([sample(60, false), failed], one), '..');
  });

  test('a result older than what the rule looks back to comes too late', () => {
    assert.equal(story([sample(120, false), sample(60, true)], one), '..');
  });

  test('a late result within what the rule looks back to counts', () => {
    const terms: Terms = { ...one, required: 2, outOf: 3 };
    assert.equal(story([sample(60, true), sample(180, false), sample(120, true)], terms), '..+');
  });

  test('an outage that is handed in afterwards is found, and that it has ended', () => {
    let state = idle;
    const found: unknown[] = [];
    for (const each of series('oxxo')) {
      const { state: after, effect } = step(state, [each], one, []);
      state = after;
      if (effect?.kind === 'triggered') found.push(['from', effect.alert.startRoundId]);
      if (effect?.kind === 'cleared') found.push(['to', effect.endRoundId]);
    }
    assert.deepEqual(found, [
      ['from', 120],
      ['to', 240],
    ]);
  });

  test('whatever the order, the end is the same', () => {
    const rounds = fc.uniqueArray(
      fc.record({
        round: fc.integer({ min: 1, max: 12 }),
        violates: fc.boolean(),
        agent: fc.constantFrom('a', 'b'),
      }),
      { selector: ({ round, agent }) => `${round}|${agent}`, maxLength: 24 },
    );
    const terms = fc.record({
      mode: fc.constantFrom('exact', 'any'),
      required: fc.integer({ min: 1, max: 3 }),
      outOf: fc.integer({ min: 3, max: 5 }),
      minimumSources: fc.integer({ min: 1, max: 2 }),
    });
    const expected = ['a', 'b'].map((sourceAgentId) => ({ sourceAgentId, direction: 'to-target' as const }));
    const endOf = (samples: readonly Sample[], of: Terms) => {
      let state = idle;
      for (const each of samples) state = step(state, [each], of, expected).state;
      return state.active !== null;
    };
    fc.assert(
      fc.property(rounds, terms, fc.infiniteStream(fc.nat()), (given, of, keys) => {
        const samples = given.map(({ round, violates, agent }) =>
          sample(round, violates, { sourceAgentId: agent }),
        );
        const shuffled = samples
          .map((each) => ({ each, key: keys.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ each }) => each);
        assert.equal(endOf(samples, of), endOf(shuffled, of));
      }),
    );
  });
});

describe('several agents', () => {
  const a = { sourceAgentId: 'a', direction: 'to-target' } as const;
  const b = { sourceAgentId: 'b', direction: 'to-target' } as const;
  const twoAgents: Terms = { mode: 'exact', required: 1, outOf: 1, minimumSources: 2 };

  test('as many as the rule wants have to violate', () => {
    const samples = [sample(60, true, a), sample(60, false, b), sample(120, true, a), sample(120, true, b)];
    assert.equal(story(samples, twoAgents), '...+');
  });

  test('two directions of one agent are one agent', () => {
    const samples = [sample(60, true), sample(60, true, { direction: 'from-target' })];
    assert.equal(story(samples, twoAgents), '..');
  });

  test('exact wants the same agents in the rounds, any is content with others', () => {
    const samples = [sample(60, true, a), sample(60, false, b), sample(120, false, a), sample(120, true, b)];
    const of = (mode: Terms['mode']) =>
      story(samples, { mode, required: 2, outOf: 2, minimumSources: 1 }, [a, b]);
    assert.equal(of('exact'), '....');
    assert.equal(of('any'), '...+');
  });

  test('with any, a round clears the alert only when all have reported it', () => {
    const terms: Terms = { ...one, mode: 'any' };
    const samples = [sample(60, false, a), sample(60, true, b), sample(120, false, a), sample(120, false, b)];
    assert.equal(story(samples, terms, [a, b]), '.+=-');
  });

  test('with any, an agent that has gone is not waited for', () => {
    const terms: Terms = { ...one, mode: 'any' };
    const samples = [sample(60, true, b), ...[120, 180, 240].map((roundId) => sample(roundId, false, a))];
    assert.equal(story(samples, terms, [a, b]), '+==-');
  });

  test('the alert tells who has violated in its time, how it began and how it is now', () => {
    let state = idle;
    for (const each of [
      sample(60, true, a),
      sample(60, true, b),
      sample(120, false, a),
      sample(120, true, b),
    ])
      state = step(state, [each], one, []).state;
    assert.deepEqual(state.active, {
      startRoundId: 60,
      sources: [
        { ...a, violates: false, startMetrics: 'of 60', endMetrics: 'of 120' },
        { ...b, violates: true, startMetrics: 'of 60', endMetrics: 'of 120' },
      ],
    });
  });
});
