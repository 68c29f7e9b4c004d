import { type Agent, errorCatalogue, type ProtocolVerdict } from '@pinhole/contract';
import { useNow } from '../app/clock.ts';
import { relativeTime } from '../app/time.ts';
import { Badge, Disclosure, Icon, Notice, Spinner, Status, type Tone } from '../ui/index.ts';
import { EvidenceList } from './evidence.tsx';
import { requirements, requirementsOf } from './report.ts';

/** The compatibility check in one line. */
export function Verdict({ agent }: { agent: Agent }) {
  const { natTraversal, agentState } = agent;
  const nowMs = useNow(5000);
  switch (natTraversal.status) {
    case 'off':
      return null;
    case 'checking':
      return agentState === 'online' ? (
        <p className="flex items-center gap-2 rounded-md bg-accent-soft px-3 py-2.5 text-accent">
          <Spinner />
          The compatibility check is running. Its verdict appears here.
        </p>
      ) : (
        <Notice tone="warn" icon="waiting" title="The compatibility check waits for the agent">
          The agent is {agentState}. The check begins at its next contact.
        </Notice>
      );
    case 'supported':
      return (
        <Notice tone="good" title="NAT traversal is supported">
          <CheckedAgo natTraversal={natTraversal} nowMs={nowMs} />
        </Notice>
      );
    case 'not-supported':
      return (
        <Notice tone="bad" icon="warning" title={errorCatalogue['nat-traversal-not-supported'].sentence}>
          {notSupportedSentence(natTraversal)} <CheckedAgo natTraversal={natTraversal} nowMs={nowMs} />
        </Notice>
      );
  }
}

function CheckedAgo({
  natTraversal: { checkedAt },
  nowMs,
}: {
  natTraversal: Agent['natTraversal'];
  nowMs: number;
}) {
  if (checkedAt === undefined) return null;
  return <>Checked {relativeTime(Date.parse(checkedAt), nowMs)}, and again every five minutes.</>;
}

function notSupportedSentence({ udp, tcp }: Agent['natTraversal']): string {
  if (udp?.supported === 'no' && tcp?.supported === 'no')
    return 'It will work for neither UDP nor TCP tests.';
  return udp?.supported === 'no'
    ? 'It will not work for UDP tests.'
    : 'It will not work for TCP tests; UDP tests are not concerned.';
}

const verdicts: Record<ProtocolVerdict['supported'], { tone: Tone; word: string }> = {
  yes: { tone: 'good', word: 'Supported' },
  no: { tone: 'bad', word: 'Not supported' },
  unknown: { tone: 'neutral', word: 'Not known' },
};

/** One protocol: each requirement, the one that failed with its text, what to change, and what was seen. */
export function ProtocolVerdictView({
  protocol,
  verdict,
}: {
  protocol: 'udp' | 'tcp';
  verdict: ProtocolVerdict;
}) {
  const { supported, failedRequirement, evidence, advice } = verdict;
  const { tone, word } = verdicts[supported];
  return (
    <div className="rounded-md border border-line p-3">
      <h4 className="mb-2 flex items-center gap-2 font-medium">
        {protocol === 'udp' ? 'UDP tests' : 'TCP tests'}
        <Badge tone={tone} icon={supported === 'no' ? 'warning' : supported === 'yes' ? 'good' : 'unknown'}>
          {word}
        </Badge>
      </h4>
      <ol className="flex flex-col gap-1.5">
        {requirementsOf(protocol).map((number) => {
          const failed = number === failedRequirement;
          return (
            <li key={number} className="flex items-start gap-2">
              <span className="w-4 shrink-0 text-right text-muted">{number}</span>
              <div className="min-w-0">
                {failed ? (
                  <Status tone="bad" icon="error">
                    <span className="font-medium">{requirements[number].title}</span>
                    <span className="sr-only">: not met</span>
                  </Status>
                ) : (
                  <span className={supported === 'yes' ? 'inline-flex items-start gap-1.5' : 'text-muted'}>
                    {supported === 'yes' && <Icon name="check" className="mt-0.5 text-good" />}
                    <span>
                      {requirements[number].title}
                      {supported === 'yes' && <span className="sr-only">: met</span>}
                    </span>
                  </span>
                )}
                {failed && <p className="text-sm text-muted">{requirements[number].meaning}</p>}
              </div>
            </li>
          );
        })}
      </ol>
      {advice !== null && (
        <p className="mt-2 rounded-md bg-sunken px-3 py-2">
          <span className="font-medium">What to do: </span>
          {advice}
        </p>
      )}
      {evidence.length > 0 && (
        <Disclosure summary="What was sent, and what came back" className="mt-2">
          <EvidenceList evidence={evidence} />
        </Disclosure>
      )}
    </div>
  );
}
