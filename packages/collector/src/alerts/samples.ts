// What a rule says of results: one sample for each direction of a source's round, or for both together. Pure.

import type { Direction, RoundResult } from '@pinhole/contract';
import { measuredDirections } from '@pinhole/contract';
import type { AlertRule } from '../store/alert-rules.ts';
import type { TestRecord } from '../store/tests.ts';
import { conditionsOf, type Expression } from './expression.ts';
import { type Figures, figuresOf, figuresOfBoth, holds, metricsText } from './figures.ts';
import type { Sample, SeriesKey, Terms } from './machine.ts';

/** Whether the expression takes both directions of a round together. */
export function isBothWays(expression: Expression): boolean {
  return conditionsOf(expression).some(({ bothWays }) => bothWays);
}

/** The directions that a rule judges in a test; none where it does not fit to the test. */
export function judgedDirections(
  rule: Pick<AlertRule, 'direction'>,
  expression: Expression,
  { settings }: Pick<TestRecord, 'settings'>,
): Direction[] {
  if (isBothWays(expression)) return settings.direction === 'bidirectional' ? ['bidirectional'] : [];
  return measuredDirections(settings.direction).filter(
    (direction) => rule.direction === 'bidirectional' || rule.direction === direction,
  );
}

export function expectedSeries(test: TestRecord, directions: readonly Direction[]): SeriesKey[] {
  return test.sourceAgentIds.flatMap((sourceAgentId) =>
    directions.map((direction) => ({ sourceAgentId, direction })),
  );
}

export function termsOf(rule: AlertRule, sources: number): Terms {
  return {
    mode: rule.roundsViolatingMode,
    required: rule.roundsViolatingRequired,
    outOf: rule.roundsViolatingOutOf,
    minimumSources:
      rule.minimumSourcesPct === null
        ? (rule.minimumSources ?? 1)
        : Math.max(1, Math.ceil((rule.minimumSourcesPct / 100) * sources)),
  };
}

export function sampleOf(expression: Expression, result: RoundResult): Sample {
  return sample(expression, result, result.direction, figuresOf(result), result.outcome === 'failed');
}

/** Null while one direction is not in. */
export function sampleOfBoth(expression: Expression, results: readonly RoundResult[]): Sample | null {
  const there = results.find(({ direction }) => direction === 'to-target');
  const back = results.find(({ direction }) => direction === 'from-target');
  if (there === undefined || back === undefined) return null;
  const failed = there.outcome === 'failed' || back.outcome === 'failed';
  return sample(expression, there, 'bidirectional', figuresOfBoth(there, back), failed);
}

function sample(
  expression: Expression,
  { sourceAgentId, roundId }: RoundResult,
  direction: Direction,
  figures: Figures,
  failed: boolean,
): Sample {
  const violates = holds(expression, figures);
  return { sourceAgentId, direction, roundId, failed, violates, metrics: metricsText(expression, figures) };
}
