// Whether pairs came together, or were told that they cannot, as soon as they should. Pure.

import { type Protocol, protocolSchema } from '@pinhole/contract';
import { expectedOf, timedPair } from './cells.ts';
import { type CellResult, resultLine } from './outcome.ts';

/** A site to another, and a site to the server, are twice this apart, each way. */
export const linkDelayMs = 10;
/** An agent's to the server and back; also one agent's to another. */
export const roundTripMs = 4 * linkDelayMs;

/** Where nothing has to be found out, a check and its answer are one round trip; the rest is room for the machine. */
const easyLimitMs = 3 * roundTripMs;
const searchLimitMs = 2_000;
/** Of a person who waits for the sentence. */
const failureLimitMs = 10_000;

/** A demand on times, and how far it holds. */
export interface Judgement {
  readonly demand: string;
  readonly held: number;
  readonly judged: number;
  /** A line each; where a median is judged, every one that made it, if it does not hold. */
  readonly late: readonly string[];
}

export function judgeTimes(results: readonly CellResult[]): Judgement[] {
  const easy = results.filter(isEasy).filter(saysWhen);
  const failed = results.filter(({ outcome }) => outcome.kind === 'failed');
  return [
    judgement(
      `direct and punched: connected within ${easyLimitMs} ms, three round trips over the path to the server (${roundTripMs} ms each)`,
      easy,
      (each) => !isLate(each),
    ),
    ...protocolSchema.options.flatMap((protocol) => judgeSearch(results, protocol)),
    judgement(
      `failed: the sentence is there within ${failureLimitMs / 1000} s of asking`,
      failed,
      (each) => each.afterMs <= failureLimitMs,
    ),
  ];
}

/** An easy pair beyond its limit. */
export function isLate(result: CellResult): boolean {
  return isEasy(result) && saysWhen(result) && connectMsOf(result) > easyLimitMs;
}

/** In words, for the terminal and the page. */
export function timesText(results: readonly CellResult[]): string {
  const judgements = judgeTimes(results).filter(({ judged }) => judged > 0);
  const lines = judgements.flatMap(({ demand, held, judged, late }) => [
    `  ${held} of ${judged}  ${demand}`,
    ...late.map((each) => `      late: ${each}`),
  ]);
  const again = results.filter(({ wasLate }) => wasLate).length;
  const silent = results.filter((each) => isEasy(each) && !saysWhen(each)).length;
  return [
    'Times:',
    ...lines,
    ...(again === 0
      ? []
      : [`  ${again} that were late among others were asked for again at the end; that is what is judged`]),
    ...(silent === 0 ? [] : [`  ${silent} that are direct or punched do not say when they connected`]),
  ].join('\n');
}

function judgement(
  demand: string,
  results: readonly CellResult[],
  holds: (result: CellResult) => boolean,
): Judgement {
  const late = results.filter((each) => !holds(each));
  return { demand, held: results.length - late.length, judged: results.length, late: late.map(resultLine) };
}

function judgeSearch(results: readonly CellResult[], protocol: Protocol): Judgement[] {
  const own = results.filter(
    ({ cell }) =>
      cell.protocol === protocol &&
      cell.source === timedPair.source &&
      cell.target === timedPair.target &&
      cell.agents !== undefined,
  );
  if (own.length === 0) return [];
  const medianMs = median(own.map(connectMsOf));
  const holds = medianMs <= searchLimitMs;
  const said = Number.isFinite(medianMs) ? `${(medianMs / 1000).toFixed(2)} s` : 'no connection';
  return [
    {
      demand: `${timedPair.source} to ${timedPair.target} over ${protocol.toUpperCase()}: median of ${own.length} within ${searchLimitMs / 1000} s (${said})`,
      held: holds ? 1 : 0,
      judged: 1,
      late: holds ? [] : own.map(resultLine),
    },
  ];
}

/** Of the two in the middle the later one. */
function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function isEasy({ cell, outcome }: CellResult): boolean {
  const expectation = expectedOf(cell);
  return (
    outcome.kind === 'connected' &&
    expectation.kind === 'connects' &&
    (expectation.method === 'direct' || expectation.method === 'punched')
  );
}

function saysWhen(result: CellResult): boolean {
  return connectMsOf(result) !== Infinity;
}

/** What did not connect, or does not say when, is as late as can be. */
function connectMsOf({ outcome }: CellResult): number {
  return outcome.kind === 'connected' ? (outcome.connectMs ?? Infinity) : Infinity;
}
