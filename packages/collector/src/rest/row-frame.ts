// What every row about a pair's round has, whatever was found out in it. Pure.

import type { Direction } from '@pinhole/contract';
import type { RoundKey } from '../store/rounds.ts';
import { dateTime } from './date-time.ts';

export interface RowNames {
  /** Of agents by id, as far as they exist. */
  readonly names: ReadonlyMap<string, string>;
  readonly baseUrl: string;
}

type Timed = RoundKey & { readonly startedAtMs: number; readonly finishedAtMs: number };

/** `results` are of one pair's round, at least one. */
export function rowFrame<D extends Direction>(
  results: readonly Timed[],
  direction: D,
  { names, baseUrl }: RowNames,
) {
  const { testId, roundId, sourceAgentId, targetAgentId } = results[0]!;
  const agent = (agentId: string) => {
    const agentName = names.get(agentId);
    return agentName === undefined ? { agentId } : { agentId, agentName };
  };
  return {
    agent: agent(sourceAgentId),
    date: dateTime(roundId * 1000),
    roundId,
    startTime: Math.floor(Math.min(...results.map((result) => result.startedAtMs)) / 1000),
    endTime: Math.ceil(Math.max(...results.map((result) => result.finishedAtMs)) / 1000),
    direction,
    targetAgent: agent(targetAgentId),
    _links: { appLink: { href: `${baseUrl}/views/${testId}?round=${roundId}` } },
  };
}
