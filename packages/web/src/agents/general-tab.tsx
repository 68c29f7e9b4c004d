import type { Agent } from '@pinhole/contract';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { deleteAgent } from '../api/agents.ts';
import { ApiError } from '../api/errors.ts';
import { useNow } from '../app/clock.ts';
import { fieldError, otherErrors } from '../app/field-errors.ts';
import { counted, dateAndTime, relativeTime } from '../app/time.ts';
import {
  Button,
  Checkbox,
  ConfirmDialog,
  Fact,
  Facts,
  Field,
  Notice,
  TextInput,
  useToast,
} from '../ui/index.ts';
import { generalChange, generalErrors, generalFormOf } from './general-form.ts';
import { useAgentChange } from './use-agent-change.ts';

interface TabProps {
  agent: Agent;
  mayWrite: boolean;
}

export function GeneralTab({ agent, mayWrite, onDeleted }: TabProps & { onDeleted: () => void }) {
  return (
    <div className="flex flex-col gap-6">
      {mayWrite ? <GeneralForm agent={agent} /> : <GeneralFacts agent={agent} />}
      <AddressFacts agent={agent} />
      {mayWrite && <DeleteAgent agent={agent} onDeleted={onDeleted} />}
    </div>
  );
}

function GeneralForm({ agent }: { agent: Agent }) {
  const [edited, setEdited] = useState<ReturnType<typeof generalFormOf> | null>(null);
  const [wasTried, setWasTried] = useState(false);
  const toast = useToast();
  const save = useAgentChange(agent.agentId);
  const form = edited ?? generalFormOf(agent);
  const change = generalChange(form, agent);
  const isChanged = Object.keys(change).length > 0;
  const own = wasTried ? generalErrors(form) : {};
  const told = save.error instanceof ApiError ? save.error.fieldErrors : [];

  function edit(part: Partial<typeof form>) {
    save.reset();
    setEdited({ ...form, ...part });
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    setWasTried(true);
    if (save.isPending || !isChanged || Object.keys(generalErrors(form)).length > 0) return;
    save.mutate(change, {
      onSuccess: ({ agentName }) => {
        setEdited(null);
        setWasTried(false);
        toast.done(`${agentName} saved`);
      },
    });
  }

  return (
    <form onSubmit={submit} className="flex flex-col gap-4" noValidate>
      {save.error !== null && (
        <div role="alert">
          <Notice tone="bad" title="Not saved">
            {otherErrors(save.error, ['agentName', 'targetForTests'])}
          </Notice>
        </div>
      )}
      <Field label="Agent name" error={own.agentName ?? fieldError(told, 'agentName')}>
        {(control) => (
          <TextInput {...control} value={form.agentName} onChange={(agentName) => edit({ agentName })} />
        )}
      </Field>
      <Field
        label="Target for tests"
        optional
        hint="The address that other agents send to. Empty: the collector chooses by what it sees of the agent."
        error={own.targetForTests ?? fieldError(told, 'targetForTests')}
      >
        {(control) => (
          <TextInput
            {...control}
            className="max-w-72 font-mono"
            placeholder={agent.publicIpAddresses[0] ?? ''}
            value={form.targetForTests}
            onChange={(targetForTests) => edit({ targetForTests })}
          />
        )}
      </Field>
      <Checkbox
        label="Enabled"
        hint="A disabled agent takes part in no test, but goes on asking for its configuration."
        checked={form.enabled}
        onChange={(enabled) => edit({ enabled })}
      />
      <div className="flex gap-2">
        <Button type="submit" variant="primary" busy={save.isPending} disabled={!isChanged}>
          Save changes
        </Button>
        {isChanged && <Button onClick={() => setEdited(null)}>Undo</Button>}
      </div>
    </form>
  );
}

function GeneralFacts({ agent }: { agent: Agent }) {
  return (
    <Facts>
      <Fact name="Agent name">{agent.agentName}</Fact>
      <Fact name="Target for tests">{agent.targetForTests ?? 'Chosen by the collector'}</Fact>
      <Fact name="Enabled">{agent.enabled ? 'Yes' : 'No'}</Fact>
    </Facts>
  );
}

function AddressFacts({ agent }: { agent: Agent }) {
  const nowMs = useNow(5000);
  const { tests = [] } = agent;
  return (
    <section aria-labelledby="agent-facts">
      <h3 id="agent-facts" className="mb-1 font-semibold">
        Addresses and state
      </h3>
      <Facts>
        <Fact name="Public address">
          {agent.publicIpAddresses.length === 0 ? 'Not known' : agent.publicIpAddresses.join(', ')}
        </Fact>
        <Fact name="Interface mapping">
          <ul>
            {agent.interfaceIpMapping.map(({ interfaceName, ipAddresses }) => (
              <li key={interfaceName}>
                <span className="text-muted">{interfaceName}</span>{' '}
                <span className="font-mono text-sm">{ipAddresses.join(', ') || 'no address'}</span>
              </li>
            ))}
          </ul>
        </Fact>
        <Fact name="Test port">{agent.testPort}, TCP and UDP</Fact>
        <Fact name="Host name">{agent.hostname}</Fact>
        <Fact name="Version">{agent.agentVersion}</Fact>
        <Fact name="Last contact">
          {relativeTime(Date.parse(agent.lastSeen), nowMs)}, {dateAndTime(Date.parse(agent.lastSeen))}
        </Fact>
        <Fact name="Added">{dateAndTime(Date.parse(agent.createdDate))}</Fact>
        <Fact name="Tests">
          {tests.length === 0 ? (
            <>
              None.{' '}
              <Link to="/tests/new" search={{ source: agent.agentId }} className="text-link">
                Create one
              </Link>
            </>
          ) : (
            <ul>
              {tests.map(({ testId, testName }) => (
                <li key={testId}>
                  <Link to="/views/$testId" params={{ testId }} className="text-link">
                    {testName}
                  </Link>
                </li>
              ))}
            </ul>
          )}
        </Fact>
        <Fact name="Limitations">
          {agent.limitations.length === 0 ? (
            'None'
          ) : (
            <ul className="list-disc pl-4">
              {agent.limitations.map((sentence) => (
                <li key={sentence}>{sentence}</li>
              ))}
            </ul>
          )}
        </Fact>
      </Facts>
    </section>
  );
}

function DeleteAgent({ agent, onDeleted }: { agent: Agent; onDeleted: () => void }) {
  const [isAsking, setIsAsking] = useState(false);
  const queries = useQueryClient();
  const toast = useToast();
  const remove = useMutation({
    mutationFn: () => deleteAgent(agent.agentId),
    onSuccess: () => {
      setIsAsking(false);
      toast.done(`${agent.agentName} deleted`);
      onDeleted();
      void queries.invalidateQueries({ queryKey: ['agents'], exact: true });
      void queries.invalidateQueries({ queryKey: ['tests'] });
    },
  });
  const count = agent.tests?.length ?? 0;
  return (
    <section aria-labelledby="delete-agent" className="border-t border-line pt-4">
      <h3 id="delete-agent" className="font-semibold">
        Delete this agent
      </h3>
      <p className="mt-1 mb-3 text-muted">
        Stop its program first: an agent that still runs enrolls again and comes back without its tests.
      </p>
      <Button icon="trash" onClick={() => setIsAsking(true)}>
        Delete agent
      </Button>
      <ConfirmDialog
        open={isAsking}
        onClose={() => setIsAsking(false)}
        onConfirm={() => remove.mutate()}
        title={`Delete ${agent.agentName}?`}
        description={
          count === 0
            ? 'It takes part in no test. Results that it measured stay.'
            : `It takes part in ${counted(count, 'test')}, and is taken out of there. Tests that lose their target, or their last source, do not run any more. Results stay.`
        }
        action="Delete"
        busy={remove.isPending}
        error={remove.error?.message}
      />
    </section>
  );
}
