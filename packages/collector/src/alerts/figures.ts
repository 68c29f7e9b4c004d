// What a rule looks at in a round: one direction of it, or both together. Pure.

import { errorSentence, type MeasuredResult, type RoundErrorCode, type RoundResult } from '@pinhole/contract';
import { type Condition, conditionsOf, type Expression, type Quantity } from './expression.ts';

/** Null where nothing was measured: no comparison holds for that. */
export type Figures = Readonly<Record<Quantity, number | null>> & {
  /** In words; empty where the round was measured. */
  readonly problem: string;
};

/**
 * Failures by which nothing came through. For a rule they are a loss of 100 %: the rule that everybody has must not be
 * silent when a path is down. The others are of a program or its settings, and tell nothing of the network.
 */
const networkFailures: readonly RoundErrorCode[] = [
  'nat-negotiation-failed',
  'connection-failed',
  'agent-unreachable',
  'session-lost',
];

export function isNetworkFailure(code: RoundErrorCode): boolean {
  return networkFailures.includes(code);
}

const nothing = { latencyMs: null, jitterMs: null, throughputBps: null, dscp: null };

export function figuresOf(result: RoundResult): Figures {
  if (result.outcome === 'failed') {
    const { errorCode, party, evidence } = result;
    const problem = `${errorSentence(errorCode, party)}: ${evidence}`;
    return { ...nothing, lossPercent: isNetworkFailure(errorCode) ? 100 : null, problem };
  }
  const { lossPercent, delay, arrivedDscp } = result.measurement;
  return {
    lossPercent,
    latencyMs: delay?.meanMs ?? null,
    jitterMs: delay?.jitterMs ?? null,
    throughputBps: throughputOf(result),
    dscp: arrivedDscp,
    problem: '',
  };
}

/**
 * Of both directions of one pair's round: loss over the packets of both, where a direction that failed has lost as many
 * as the other has sent; the sum of the latencies; the mean of the jitters; the lesser throughput.
 */
export function figuresOfBoth(there: RoundResult, back: RoundResult): Figures {
  const problem = [there, back]
    .filter((result) => result.outcome === 'failed')
    .map((result) => figuresOf(result).problem)
    .join('; ');
  if (there.outcome === 'measured' && back.outcome === 'measured') {
    const sent = there.measurement.sent + back.measurement.sent;
    const lost = Math.max(0, sent - there.measurement.received - back.measurement.received);
    const [a, b] = [figuresOf(there), figuresOf(back)];
    const both = (combine: (x: number, y: number) => number, x: number | null, y: number | null) =>
      x === null || y === null ? null : combine(x, y);
    return {
      lossPercent: sent === 0 ? null : (100 * lost) / sent,
      latencyMs: both((x, y) => x + y, a.latencyMs, b.latencyMs),
      jitterMs: both((x, y) => (x + y) / 2, a.jitterMs, b.jitterMs),
      throughputBps: both(Math.min, a.throughputBps, b.throughputBps),
      dscp: null,
      problem,
    };
  }
  const losses = [there, back].map((result) => figuresOf(result).lossPercent);
  const lossPercent = losses.includes(null) ? null : (losses[0]! + losses[1]!) / 2;
  return { ...nothing, lossPercent, problem };
}

function throughputOf({ throughput }: MeasuredResult): number | null {
  return throughput?.outcome === 'measured' ? throughput.bitsPerSecond : null;
}

export function holds(expression: Expression, figures: Figures): boolean {
  switch (expression.kind) {
    case 'all':
      return expression.terms.every((term) => holds(term, figures));
    case 'any':
      return expression.terms.some((term) => holds(term, figures));
    case 'number':
      return compares(figures[expression.quantity], expression);
    case 'problem': {
      const { problem } = figures;
      const found = expression.texts.some((text) =>
        expression.is === 'equal' ? problem === text : problem.includes(text),
      );
      return found !== expression.negated;
    }
  }
}

function compares(
  figure: number | null,
  { comparison, value }: Extract<Condition, { kind: 'number' }>,
): boolean {
  if (figure === null) return false;
  switch (comparison) {
    case '<':
      return figure < value;
    case '<=':
      return figure <= value;
    case '==':
      return figure === value;
    case '!=':
      return figure !== value;
    case '>=':
      return figure >= value;
    case '>':
      return figure > value;
  }
}

/** The figures that the expression looks at, and what went wrong: `Loss: 42 %, Latency: 12.3 ms`. */
export function metricsText(expression: Expression, figures: Figures): string {
  const quantities = new Set(
    conditionsOf(expression).flatMap((condition) => (condition.kind === 'number' ? condition.quantity : [])),
  );
  const parts = [...quantities].flatMap((quantity) => {
    const figure = figures[quantity];
    return figure === null ? [] : [`${labels[quantity].name}: ${labels[quantity].show(figure)}`];
  });
  if (figures.problem !== '') parts.push(figures.problem);
  return parts.length === 0 ? 'No value' : parts.join(', ').slice(0, maxTextLength);
}

/** The evidence of a failure is text from an agent. */
const maxTextLength = 600;

const rounded = (value: number) => String(Number(value.toFixed(2)));

const labels: Readonly<Record<Quantity, { readonly name: string; show(value: number): string }>> = {
  lossPercent: { name: 'Loss', show: (value) => `${rounded(value)} %` },
  latencyMs: { name: 'Latency', show: (value) => `${rounded(value)} ms` },
  jitterMs: { name: 'Jitter', show: (value) => `${rounded(value)} ms` },
  throughputBps: { name: 'Throughput', show: (value) => `${rounded(value / 1e6)} Mbps` },
  dscp: { name: 'DSCP', show: String },
};
