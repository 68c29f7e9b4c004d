// One test: its timeline, the round that is picked, and the path of that round.

import { measuredDirections, type Test } from '@pinhole/contract';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { agentsQuery } from '../api/agents.ts';
import { useNow } from '../app/clock.ts';
import { dateAndTime, durationInWords } from '../app/time.ts';
import { PathPanel } from '../path/panel.tsx';
import { overviewRange, type Range, spanRange } from '../timeline/range.ts';
import { ButtonLink, EmptyState, ErrorState, Loading, Notice, Panel } from '../ui/index.ts';
import { duration } from './format.ts';
import { timelineQuery } from './queries.ts';
import { RoundPanel } from './round-panel.tsx';
import { Running, useRunning } from './running.tsx';
import { shownDirections, viewsDefaults } from './search.ts';
import { TimelinePanel } from './timeline-panel.tsx';
import { useView } from './use-view.ts';

/** Time goes on in steps, so that not each second asks for another picture. */
const stepS = 30;
/** The strip above the timeline is this many points wide at most. */
const overviewPoints = 700;
/** A test that began just now is not shown at the edge of an empty day. */
const leastShownS = 1800;

export function TestView({ test }: { test: Test }) {
  const { search, change } = useView();
  const { testId } = test;
  const nowS = Math.ceil(useNow(5000) / 1000 / stepS) * stepS;
  const onlySource = search.agents?.length === 1 ? search.agents[0] : undefined;
  const directions = useMemo(
    () => shownDirections(measuredDirections(test.direction), search.direction),
    [test.direction, search.direction],
  );

  const isFixed = search.from !== undefined && search.to !== undefined && search.from < search.to;
  const asked: Range = isFixed
    ? { fromS: search.from!, toS: search.to! }
    : spanRange(search.span ?? viewsDefaults.span, nowS);
  const whole = overviewRange(asked, nowS);
  const overview = useQuery(timelineQuery(testId, whole, overviewPoints, onlySource));
  const firstS = overview.data?.firstRoundId ?? null;
  const range =
    isFixed || firstS === null
      ? asked
      : { fromS: Math.max(asked.fromS, Math.min(firstS - 60, nowS - leastShownS)), toS: asked.toS };

  const isFollowing = search.round === undefined;
  const roundId = search.round ?? overview.data?.lastRoundId ?? null;
  const running = useRunning(testId, isFollowing);
  const isOpen = roundId !== null && nowS - roundId < 180;

  if (overview.data === undefined) {
    if (overview.error !== null)
      return <ErrorState error={overview.error} onRetry={() => void overview.refetch()} />;
    return <Loading what="Loading the timeline" />;
  }
  const hasRounds = overview.data.lastRoundId !== null;
  return (
    <div className="flex flex-col gap-4">
      <Absent test={test} />
      {isFollowing && <Running test={test} running={running} />}
      {!hasRounds && <NoRounds test={test} nextRoundId={running?.nextRoundId ?? null} />}
      {hasRounds && (
        <TimelinePanel
          test={test}
          directions={directions}
          overview={overview.data}
          whole={whole}
          range={range}
          nowS={nowS}
          roundId={roundId}
          sourceAgentId={onlySource}
        />
      )}
      {roundId !== null && hasRounds && (
        <>
          <RoundPanel
            test={test}
            roundId={roundId}
            lastRoundId={overview.data.lastRoundId}
            firstRoundId={firstS}
            isOpen={isOpen}
            directions={directions}
            isFollowing={isFollowing}
            onRound={(next) => change({ round: next }, true)}
          />
          <PathPanel test={test} roundId={roundId} isOpen={isOpen} directions={directions} />
        </>
      )}
    </div>
  );
}

function NoRounds({ test, nextRoundId }: { test: Test; nextRoundId: number | null }) {
  const nowS = Math.floor(useNow(1000) / 1000);
  if (!test.enabled)
    return (
      <Panel>
        <EmptyState
          icon="off"
          title="This test is disabled, and has never run"
          action={<ButtonLink to="/tests">Enable it under Tests</ButtonLink>}
        >
          No round will begin until it is enabled.
        </EmptyState>
      </Panel>
    );
  const due =
    nextRoundId === null
      ? test.interval === undefined
        ? 'It runs once, and its result comes within a minute.'
        : `It runs every ${durationInWords(test.interval)}.`
      : nextRoundId > nowS
        ? `The first round begins in ${duration(nextRoundId - nowS)}.`
        : 'The first round is under way.';
  return (
    <Panel>
      <EmptyState icon="waiting" title="There is no result yet">
        {due} This page shows the result as it comes.
      </EmptyState>
    </Panel>
  );
}

/** Agents of this test that are not there. */
function Absent({ test }: { test: Test }) {
  const agents = useQuery(agentsQuery);
  const members = new Set([test.targetAgentId, ...(test.agents ?? []).map(({ agentId }) => agentId)]);
  const absent = (agents.data ?? []).filter(
    ({ agentId, agentState }) => members.has(agentId) && agentState !== 'online',
  );
  if (absent.length === 0) return null;
  return (
    <Notice
      tone="warn"
      title={
        absent.length === 1
          ? `The agent ${absent[0]!.agentName} is ${absent[0]!.agentState}`
          : `${absent.length} agents of this test are not online`
      }
    >
      <ul>
        {absent.slice(0, 5).map(({ agentId, agentName, agentState, lastSeen }) => (
          <li key={agentId}>
            {agentState === 'offline'
              ? `${agentName} has not been heard of since ${dateAndTime(Date.parse(lastSeen))}: see that its machine runs and reaches the collector. `
              : `${agentName} is disabled: enable it to have results. `}
            <ButtonLink
              to="/agents/$agentId"
              params={{ agentId }}
              size="s"
              variant="quiet"
            >{`Look at ${agentName}`}</ButtonLink>
          </li>
        ))}
      </ul>
    </Notice>
  );
}
