// What is known of lifetimes, and which trial comes next. One at a time over each transport, so that no NAT on the way
// has more than a mapping or two to keep for it; an agent keeps what they have shown from check to check.

import type { Transport } from '@pinhole/wire';
import type { Truth } from '../report.ts';
import { isSettled, type LifetimeSearch, newSearch, nextWait, withTrial } from './search.ts';
import type { TrialOutcome, TrialPlan } from './trial.ts';

export interface Lifetimes {
  readonly udp: LifetimeSearch;
  readonly udpUnreplied: LifetimeSearch;
  readonly tcp: LifetimeSearch;
  /** Whether what comes in keeps a UDP mapping alive, and how it was tried. */
  readonly inbound: {
    readonly refreshes: Truth;
    readonly idleMs: number;
    readonly everyMs: number;
    readonly atMs: number;
  } | null;
  /** Trials in a row that told nothing, and why the last did not. */
  readonly unclear: Readonly<Record<Transport, { readonly trials: number; readonly detail: string }>>;
}

export const noLifetimes: Lifetimes = {
  udp: newSearch,
  udpUnreplied: newSearch,
  tcp: newSearch,
  inbound: null,
  unclear: { udp: { trials: 0, detail: '' }, tcp: { trials: 0, detail: '' } },
};

/** After the first trial that told nothing; twice as long after each further. */
const retryMs = 30_000;
const longestRetryMs = 1_800_000;
/** Whether packets come in within a lifetime must not hang on a single one. */
const inboundsPerLifetime = 3;
/** Surely after the end of a lifetime that is known within a tenth. */
const pastEnd = 1.3;
const recheckMs = 3_600_000;

export interface NextTrial {
  readonly plan: TrialPlan;
  /** Not before. */
  readonly atMs: number;
}

export function nextTrial(lifetimes: Lifetimes, transport: Transport, nowMs: number): NextTrial {
  const { trials } = lifetimes.unclear[transport];
  const earliestMs = trials === 0 ? nowMs : nowMs + Math.min(longestRetryMs, retryMs * 2 ** (trials - 1));
  const candidates =
    transport === 'tcp' ? [searching('tcp', lifetimes.tcp, nowMs)] : udpTrials(lifetimes, nowMs);
  const next = candidates.reduce((first, each) => (each.atMs < first.atMs ? each : first));
  return { plan: next.plan, atMs: Math.max(next.atMs, earliestMs) };
}

/** In the order of their worth: of those that are due the first is taken. */
function udpTrials(lifetimes: Lifetimes, nowMs: number): NextTrial[] {
  const { udp, udpUnreplied } = lifetimes;
  const replied = searching('udp', udp, nowMs);
  if (!isSettled(udp)) return [replied];
  return [...inboundTrial(lifetimes, nowMs), searching('udp-unreplied', udpUnreplied, nowMs), replied];
}

function searching(kind: TrialPlan['kind'], search: LifetimeSearch, nowMs: number): NextTrial {
  const { idleMs, atMs } = nextWait(search, nowMs);
  return { plan: { kind, idleMs }, atMs: Math.max(nowMs, atMs) };
}

function inboundTrial({ udp: { alive, dead }, inbound }: Lifetimes, nowMs: number): NextTrial[] {
  if (alive === null || dead === null) return [];
  const plan: TrialPlan = {
    kind: 'udp-inbound',
    idleMs: dead.idleMs * pastEnd,
    inboundEveryMs: alive.idleMs / inboundsPerLifetime,
  };
  return [{ plan, atMs: inbound === null ? nowMs : Math.max(nowMs, inbound.atMs + recheckMs) }];
}

/** With the outcome of a trial that has just ended. */
export function withOutcome(
  lifetimes: Lifetimes,
  { kind, inboundEveryMs = 0 }: TrialPlan,
  outcome: TrialOutcome,
  nowMs: number,
): Lifetimes {
  const transport = kind === 'tcp' ? 'tcp' : 'udp';
  if (outcome.kind === 'unclear') {
    const unclear = { trials: lifetimes.unclear[transport].trials + 1, detail: outcome.detail };
    return { ...lifetimes, unclear: { ...lifetimes.unclear, [transport]: unclear } };
  }
  const known = { ...lifetimes, unclear: { ...lifetimes.unclear, [transport]: { trials: 0, detail: '' } } };
  const lived = outcome.kind === 'lived';
  const tried = { idleMs: outcome.idleMs, atMs: nowMs, lived };
  switch (kind) {
    case 'udp':
      return { ...known, udp: withTrial(known.udp, tried) };
    case 'udp-unreplied':
      return { ...known, udpUnreplied: withTrial(known.udpUnreplied, tried) };
    case 'tcp':
      return { ...known, tcp: withTrial(known.tcp, tried) };
    case 'udp-inbound': {
      const inbound = {
        refreshes: lived ? 'yes' : 'no',
        idleMs: outcome.idleMs,
        everyMs: inboundEveryMs,
        atMs: nowMs,
      } as const;
      return { ...known, inbound };
    }
  }
}
