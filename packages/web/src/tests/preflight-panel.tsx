import type { Agent, PreflightPair } from '@pinhole/contract';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { preflight } from '../api/tests.ts';
import { useSettled } from '../app/clock.ts';
import { Badge, Disclosure, Panel, Spinner, Status } from '../ui/index.ts';
import { preflightOf, type TestForm } from './form.ts';
import { outcomeWords } from './words.ts';

/** While somebody still types or clicks, nothing is asked. */
const quietMs = 350;
/** Agents come and go, checks end. */
const againMs = 10_000;
/** As many pairs are shown at once; the others on request. */
const shownPairs = 6;

/** Whether NAT traversal will be needed or cannot work, said before the test is saved. */
export function PreflightPanel({ form, agents }: { form: TestForm; agents: readonly Agent[] }) {
  const request = preflightOf(form);
  const key = useSettled(JSON.stringify(request), quietMs);
  const asked = JSON.parse(key) as typeof request;
  const answer = useQuery({
    queryKey: ['preflight', key],
    queryFn: ({ signal }) => preflight(asked!, signal),
    enabled: asked !== null,
    placeholderData: keepPreviousData,
    refetchInterval: againMs,
  });
  const isWaiting = answer.isFetching && (answer.isPlaceholderData || answer.data === undefined);
  return (
    <Panel className="p-4">
      <h2 className="mb-2 flex items-center gap-2 font-semibold">
        NAT traversal
        {isWaiting && request !== null && <Spinner className="text-muted" />}
      </h2>
      <div role="status" aria-live="polite">
        {request === null || asked === null ? (
          <p className="text-muted">
            Choose source and target: then it says here whether NAT traversal will be needed, and whether it
            can work.
          </p>
        ) : answer.data !== undefined ? (
          <Pairs pairs={answer.data.pairs} agents={agents} />
        ) : answer.error !== null ? (
          <p className="text-muted">
            It could not be found out: {answer.error.message} The test can be saved all the same.
          </p>
        ) : (
          <p className="text-muted">Looking at what is known of the agents.</p>
        )}
      </div>
    </Panel>
  );
}

/** The worst first. */
const gravity: readonly PreflightPair['outcome'][] = [
  'cannot-work',
  'likely-required',
  'unknown',
  'traversal',
  'direct',
];

function Pairs({ pairs, agents }: { pairs: readonly PreflightPair[]; agents: readonly Agent[] }) {
  const known = new Map(agents.map((agent) => [agent.agentId, agent]));
  const sorted = [...pairs].sort((a, b) => gravity.indexOf(a.outcome) - gravity.indexOf(b.outcome));
  const item = (pair: PreflightPair) => (
    <li
      key={`${pair.sourceAgentId} ${pair.targetAgentId}`}
      className="border-t border-line pt-3 first:border-t-0 first:pt-0"
    >
      <Pair pair={pair} agents={known} />
    </li>
  );
  return (
    <>
      <ul className="flex flex-col gap-3">{sorted.slice(0, shownPairs).map(item)}</ul>
      {sorted.length > shownPairs && (
        <Disclosure summary={`The other ${sorted.length - shownPairs}`} className="mt-3">
          <ul className="flex flex-col gap-3">{sorted.slice(shownPairs).map(item)}</ul>
        </Disclosure>
      )}
    </>
  );
}

function Pair({ pair, agents }: { pair: PreflightPair; agents: ReadonlyMap<string, Agent> }) {
  const nameOf = (agentId: string) => agents.get(agentId)?.agentName ?? agentId;
  const { tone, word } = outcomeWords[pair.outcome];
  const concerned = [
    ...new Set(pair.reasons.map(({ agentId }) => agentId).filter((agentId) => agentId !== null)),
  ];
  // It works, but not as well as it could: worth reading before the test is saved.
  const isDoubtful = concerned.some(
    (agentId) => agents.get(agentId)?.natTraversal.status === 'not-supported',
  );
  const isOpen = isDoubtful || (pair.outcome !== 'direct' && pair.outcome !== 'traversal');
  const why = (
    <>
      {pair.reasons.length > 0 && (
        <ul className="list-disc pl-5">
          {pair.reasons.map(({ sentence }) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      )}
      {pair.advice.length > 0 && (
        <div className="mt-1.5">
          <span className="font-medium">What to do</span>
          <ul className="list-disc pl-5">
            {pair.advice.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </div>
      )}
      {concerned.length > 0 && (
        <p className="mt-1.5 flex flex-wrap gap-x-3">
          {concerned.map((agentId) => (
            <Link
              key={agentId}
              to="/agents/$agentId"
              params={{ agentId }}
              search={{ tab: 'advanced' }}
              target="_blank"
              className="text-link"
            >
              Advanced Settings of {nameOf(agentId)}
              <span className="sr-only"> (opens in another tab)</span>
            </Link>
          ))}
        </p>
      )}
    </>
  );
  return (
    <div className="text-sm">
      <p className="mb-1 flex flex-wrap items-center gap-x-2">
        <span className="font-medium">
          {nameOf(pair.sourceAgentId)} <span aria-hidden="true">→</span>
          <span className="sr-only">to</span> {nameOf(pair.targetAgentId)}
        </span>
        <Badge tone={tone}>{word}</Badge>
      </p>
      <Status tone={tone}>
        <span className="text-ink">{pair.summary}</span>
      </Status>
      <div className="mt-1.5">{isOpen ? why : <Disclosure summary="Why">{why}</Disclosure>}</div>
    </div>
  );
}
