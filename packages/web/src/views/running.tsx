// Rounds that are under way, and when the next one begins.

import type { RoundPhase, Running as RunningRounds, Test } from '@pinhole/contract';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useNow } from '../app/clock.ts';
import { Spinner } from '../ui/index.ts';
import { clockTime, duration } from './format.ts';
import { runningQuery } from './queries.ts';

const phaseWords: Record<RoundPhase, string> = {
  connecting: 'the agents connect',
  measuring: 'loss and latency are measured',
  throughput: 'throughput is measured',
  tracing: 'the path is traced',
  done: 'done, the results are on their way',
};
const phases = Object.keys(phaseWords) as RoundPhase[];
/** More pairs than this are told of by number. */
const mostPairs = 4;

/** Asked for while somebody follows the latest round; when one is over, what it has brought is asked for. */
export function useRunning(testId: string, isLive: boolean): RunningRounds | undefined {
  const queries = useQueryClient();
  const { data } = useQuery(runningQuery(testId, isLive));
  const state = (data?.rounds ?? []).map(
    ({ roundId, sourceAgentId, phase }) => `${roundId} ${sourceAgentId} ${phase}`,
  );
  const known = useRef<readonly string[]>([]);
  const now = state.join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `now` says all that `state` does
  useEffect(() => {
    const isOver = known.current.some((each) => !state.includes(each) && /(tracing|done)$/.test(each));
    known.current = state;
    if (!isOver) return;
    void queries.invalidateQueries({ queryKey: ['timeline', testId] });
    void queries.invalidateQueries({ queryKey: ['round', testId] });
  }, [now, queries, testId]);
  return data;
}

export function Running({ test, running }: { test: Test; running: RunningRounds | undefined }) {
  const nowS = Math.floor(useNow(1000) / 1000);
  if (running === undefined) return null;
  const { rounds, nextRoundId } = running;
  const names = new Map((test.agents ?? []).map(({ agentId, agentName }) => [agentId, agentName]));
  const many = rounds.length > mostPairs;
  return (
    <section
      aria-label="Running rounds"
      className="flex flex-wrap items-center gap-x-6 gap-y-1 rounded-lg border border-line bg-surface px-4 py-2 text-sm"
    >
      <div role="status" className="flex flex-col gap-1">
        {rounds.length === 0 && <span className="text-muted">No round is under way.</span>}
        {many ? (
          <span className="flex items-center gap-2">
            <Spinner /> Round {clockTime(rounds[0]!.roundId)}: {summary(rounds.map(({ phase }) => phase))}
          </span>
        ) : (
          rounds.map(({ roundId, sourceAgentId, phase }) => (
            <span key={`${roundId} ${sourceAgentId}`} className="flex items-center gap-2">
              {phase !== 'done' && <Spinner />}
              <span>
                <span className="font-medium">{names.get(sourceAgentId) ?? `Agent ${sourceAgentId}`}</span>,
                round {clockTime(roundId)}: {phaseWords[phase]}
              </span>
            </span>
          ))
        )}
      </div>
      {!many && rounds[0] !== undefined && (
        <Phases phase={rounds[0].phase} hasThroughput={test.throughputMeasurements} />
      )}
      <span className="ml-auto text-muted">
        {nextRoundId === null
          ? test.enabled
            ? ''
            : 'The test is disabled: no round will begin.'
          : nextRoundId > nowS
            ? `Next round in ${duration(nextRoundId - nowS)}`
            : 'The next round is due'}
      </span>
    </section>
  );
}

/** `12 agents: 3 connect, …` */
function summary(all: readonly RoundPhase[]): string {
  return phases
    .map((phase) => ({ phase, count: all.filter((each) => each === phase).length }))
    .filter(({ count }) => count > 0)
    .map(({ phase, count }) => `${count} ${phase}`)
    .join(', ');
}

function Phases({ phase, hasThroughput }: { phase: RoundPhase; hasThroughput: boolean }) {
  const shown = phases.filter((each) => each !== 'throughput' || hasThroughput);
  const here = shown.indexOf(phase);
  return (
    <ol className="flex items-center gap-1" aria-hidden="true">
      {shown.map((each, i) => (
        <li
          key={each}
          className={`h-1.5 w-10 rounded-full ${i < here ? 'bg-accent' : i === here ? 'animate-pulse bg-accent' : 'bg-line'}`}
          title={each}
        />
      ))}
    </ol>
  );
}
