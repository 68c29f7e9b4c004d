// One rule at one test: whether its alert is active. Pure.
//
// Each source agent and direction has a series: the newest of its rounds, as many as the rule looks back and two more.
// What is in the series alone decides, so it does not matter in which order results come, nor how often. A result that is
// older than what the series holds comes too late to matter.

import type { Direction } from '@pinhole/contract';

/** Of the rule. */
export interface Terms {
  /** `exact`: each agent by itself in `required` of its last `outOf` rounds; `any`: whichever agents in each round. */
  readonly mode: 'exact' | 'any';
  readonly required: number;
  readonly outOf: number;
  /** Agents. */
  readonly minimumSources: number;
}

/** What the rule says of one direction of one source's round. */
export interface Sample {
  readonly sourceAgentId: string;
  readonly direction: Direction;
  readonly roundId: number;
  readonly failed: boolean;
  readonly violates: boolean;
  /** The figures, in words. */
  readonly metrics: string;
}

export type Entry = Omit<Sample, 'sourceAgentId' | 'direction'>;

export interface SeriesKey {
  readonly sourceAgentId: string;
  readonly direction: Direction;
}

export interface Series extends SeriesKey {
  /** The oldest first. */
  readonly entries: readonly Entry[];
}

export interface AlertSource extends SeriesKey {
  readonly violates: boolean;
  /** When it began to violate, and of its last round. */
  readonly startMetrics: string;
  readonly endMetrics: string;
}

export interface ActiveAlert {
  readonly startRoundId: number;
  /** All that have violated in its time. */
  readonly sources: readonly AlertSource[];
}

export interface AlertMachineState {
  /** By `seriesName`. */
  readonly series: ReadonlyMap<string, Series>;
  readonly active: ActiveAlert | null;
}

export type AlertEffect =
  | { readonly kind: 'triggered'; readonly alert: ActiveAlert }
  /** The same alert, with other sources or figures. */
  | { readonly kind: 'changed'; readonly alert: ActiveAlert }
  | { readonly kind: 'cleared'; readonly alert: ActiveAlert; readonly endRoundId: number };

export interface AlertStep {
  readonly state: AlertMachineState;
  /** The series that are not as they were. */
  readonly moved: readonly Series[];
  readonly effect: AlertEffect | null;
}

export function seriesName({ sourceAgentId, direction }: SeriesKey): string {
  return `${sourceAgentId}|${direction}`;
}

/**
 * Takes what has come of one round. `expected`: the series that the test has by its settings, which a round of mode
 * `any` waits for before it counts as one in which too few have violated.
 */
export function step(
  state: AlertMachineState,
  samples: readonly Sample[],
  terms: Terms,
  expected: readonly SeriesKey[],
): AlertStep {
  const series = new Map(state.series);
  const moved: Series[] = [];
  for (const { sourceAgentId, direction, ...entry } of samples) {
    const key = { sourceAgentId, direction };
    const before = series.get(seriesName(key))?.entries ?? [];
    const entries = withEntry(before, entry, terms.outOf);
    if (entries === before) continue;
    const after = { ...key, entries };
    series.set(seriesName(key), after);
    moved.push(after);
  }
  if (moved.length === 0) return { state, moved, effect: null };
  const violating =
    terms.mode === 'exact' ? violatingExact(series, terms) : violatingAny(series, terms, expected);
  const roundId = Math.max(...moved.map(({ entries }) => entries.at(-1)!.roundId));
  const effect = judged(state.active, series, violating, roundId, terms);
  const active = effect === null ? state.active : effect.kind === 'cleared' ? null : effect.alert;
  return { state: { series, active }, moved, effect };
}

/** A round that misses an agent counts when two newer ones are known. */
const roundsToWait = 2;

/** The same array where the entry changes nothing. What was measured replaces a failure, never the reverse. */
function withEntry(entries: readonly Entry[], entry: Entry, outOf: number): readonly Entry[] {
  const known = entries.find(({ roundId }) => roundId === entry.roundId);
  if (known !== undefined && (!known.failed || entry.failed)) return entries;
  const all = [...entries.filter((each) => each !== known), entry].sort((a, b) => a.roundId - b.roundId);
  const kept = all.slice(-outOf - roundsToWait);
  return kept.includes(entry) ? kept : entries;
}

/** The names of the series that violate. */
type Violating = ReadonlySet<string>;

function violatingExact(series: ReadonlyMap<string, Series>, { required, outOf }: Terms): Violating {
  const meets = ({ entries }: Series) =>
    entries.slice(-outOf).filter(({ violates }) => violates).length >= required;
  return new Set([...series].filter(([, each]) => meets(each)).map(([name]) => name));
}

function violatingAny(
  series: ReadonlyMap<string, Series>,
  { required, outOf, minimumSources }: Terms,
  expected: readonly SeriesKey[],
): Violating {
  const all = [...series.values()];
  const rounds = [...new Set(all.flatMap(({ entries }) => entries.map(({ roundId }) => roundId)))].sort(
    (a, b) => b - a,
  );
  const violatingIn = (roundId: number) =>
    all.filter(({ entries }) => entries.some((entry) => entry.roundId === roundId && entry.violates));
  const hasPassed = (key: SeriesKey, roundId: number) =>
    (series.get(seriesName(key))?.entries.at(-1)?.roundId ?? -1) >= roundId;
  const counted = rounds
    .map((roundId, newer) => {
      const violating = violatingIn(roundId);
      const isViolated = agentsOf(violating) >= minimumSources;
      // Whoever is missing then is gone, or will be late.
      const isOver = newer >= roundsToWait || expected.every((key) => hasPassed(key, roundId));
      return { violating, isViolated, counts: isViolated || isOver };
    })
    .filter(({ counts }) => counts)
    .slice(0, outOf)
    .filter(({ isViolated }) => isViolated);
  if (counted.length < required) return new Set();
  return new Set(counted.flatMap(({ violating }) => violating.map(seriesName)));
}

function agentsOf(keys: readonly SeriesKey[]): number {
  return new Set(keys.map(({ sourceAgentId }) => sourceAgentId)).size;
}

function judged(
  active: ActiveAlert | null,
  series: ReadonlyMap<string, Series>,
  violating: Violating,
  roundId: number,
  terms: Terms,
): AlertEffect | null {
  const isMet = agentsOf([...violating].map((name) => series.get(name)!)) >= terms.minimumSources;
  if (active === null) {
    if (!isMet) return null;
    const sources = sourcesOf([], series, violating);
    return { kind: 'triggered', alert: { startRoundId: roundId, sources } };
  }
  const sources = sourcesOf(active.sources, series, violating);
  if (isMet) return { kind: 'changed', alert: { ...active, sources } };
  const ended = sources.map((source) => ({ ...source, violates: false }));
  const endRoundId = Math.max(roundId, active.startRoundId);
  return { kind: 'cleared', alert: { ...active, sources: ended }, endRoundId };
}

function sourcesOf(
  before: readonly AlertSource[],
  series: ReadonlyMap<string, Series>,
  violating: Violating,
): AlertSource[] {
  const known = new Map(before.map((source) => [seriesName(source), source]));
  const names = new Set([...known.keys(), ...violating]);
  return [...names].flatMap((name) => {
    const each = series.get(name);
    const source = known.get(name);
    if (each === undefined) return source === undefined ? [] : [{ ...source, violates: false }];
    const { sourceAgentId, direction, entries } = each;
    const startMetrics =
      source?.startMetrics ??
      entries.findLast(({ violates }) => violates)?.metrics ??
      entries.at(-1)!.metrics;
    const endMetrics = entries.at(-1)!.metrics;
    return [{ sourceAgentId, direction, violates: violating.has(name), startMetrics, endMetrics }];
  });
}
