import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { agentsQuery, enrolmentQuery } from '../api/agents.ts';
import {
  Button,
  ButtonLink,
  CodeBlock,
  Dialog,
  Disclosure,
  ErrorState,
  Loading,
  Notice,
  Spinner,
} from '../ui/index.ts';

/** While somebody waits for an agent to appear. */
const waitingPollMs = 1500;

export function AddAgentDialog({ onClose }: { onClose: () => void }) {
  const enrolment = useQuery(enrolmentQuery);
  const agents = useQuery({ ...agentsQuery, refetchInterval: waitingPollMs });
  const [known, setKnown] = useState<ReadonlySet<string> | null>(null);
  if (known === null && agents.data !== undefined)
    setKnown(new Set(agents.data.map(({ agentId }) => agentId)));
  const arrived = known === null ? [] : (agents.data ?? []).filter(({ agentId }) => !known.has(agentId));

  return (
    <Dialog
      open
      onClose={onClose}
      wide
      title="Add an agent"
      description="Run this on the machine that is to measure. The agent needs no inbound port, and no rights of an administrator."
      actions={<Button onClick={onClose}>{arrived.length === 0 ? 'Close' : 'Done'}</Button>}
    >
      {enrolment.data === undefined ? (
        enrolment.error === null ? (
          <Loading />
        ) : (
          <ErrorState error={enrolment.error} onRetry={() => void enrolment.refetch()} />
        )
      ) : (
        <div className="flex flex-col gap-4">
          <CodeBlock label="Command for the new agent's machine" text={enrolment.data.command} />
          <Disclosure summary="What the command says">
            <ul className="list-disc space-y-1 pl-5 text-sm">
              <li>
                It fetches its configuration from{' '}
                <code className="font-mono">{enrolment.data.collectorUrl}</code>, so the machine must reach
                this address.
              </li>
              <li>
                The account group token binds it to this collector. It is no password: keep it to yourself all
                the same.
              </li>
              <li>
                Its test port is 49153 for TCP and UDP. Another one is chosen with{' '}
                <code className="font-mono">--port</code>.
              </li>
            </ul>
          </Disclosure>
          <div role="status" aria-live="polite">
            {arrived.length === 0 ? (
              <p className="flex items-center gap-2 text-muted">
                <Spinner />
                Waiting for the agent. It appears here within a few seconds of its start.
              </p>
            ) : (
              arrived.map(({ agentId, agentName }) => (
                <Notice key={agentId} tone="good" title={`${agentName} has appeared`}>
                  <div className="mt-1 flex flex-wrap gap-2">
                    <ButtonLink to="/agents/$agentId" params={{ agentId }} size="s">
                      Its settings
                    </ButtonLink>
                    <ButtonLink to="/tests/new" search={{ source: agentId }} size="s">
                      A test with it
                    </ButtonLink>
                  </div>
                </Notice>
              ))
            )}
          </div>
        </div>
      )}
    </Dialog>
  );
}
