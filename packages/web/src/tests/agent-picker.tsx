import type { Agent } from '@pinhole/contract';
import { useId, useState } from 'react';
import { counted } from '../app/time.ts';
import { Button, Checkbox, Field, FieldError, SearchInput, Select } from '../ui/index.ts';
import type { FormPart } from './test-form.tsx';

/** With so many agents a search is worth its place. */
const searchFrom = 8;

export function AgentPicker({ agents, form, edit, errorOf }: FormPart & { agents: readonly Agent[] }) {
  const id = useId();
  const [text, setText] = useState('');
  const sorted = [...agents].sort((a, b) => a.agentName.localeCompare(b.agentName, 'en', { numeric: true }));
  const chosen = new Set(form.sourceIds);
  const shown = sorted.filter(
    ({ agentId, agentName }) => chosen.has(agentId) || agentName.toLowerCase().includes(text.toLowerCase()),
  );
  const sourcesError = errorOf('sourceIds');
  const toggle = (agentId: string, isChosen: boolean) =>
    edit({
      sourceIds: isChosen ? [...form.sourceIds, agentId] : form.sourceIds.filter((each) => each !== agentId),
    });

  return (
    <div className="grid gap-5 md:grid-cols-2">
      <fieldset className="min-w-0" aria-describedby={sourcesError === undefined ? undefined : `${id}-error`}>
        <legend className="mb-1 font-medium">Source agents</legend>
        <div className="rounded-md border border-line-strong">
          {agents.length >= searchFrom && (
            <div className="border-b border-line p-2">
              <SearchInput
                aria-label="Find a source agent"
                placeholder="Find an agent"
                value={text}
                onChange={setText}
              />
            </div>
          )}
          {agents.length === 0 ? (
            <p className="p-3 text-muted">No agent yet: add one under Enterprise Agents.</p>
          ) : (
            <ul className="flex max-h-56 flex-col gap-1.5 overflow-y-auto p-2.5">
              {shown.map((agent) => (
                <li key={agent.agentId}>
                  <Checkbox
                    label={
                      <>
                        {agent.agentName}
                        <span className="text-sm text-muted">{remark(agent)}</span>
                        {agent.agentId === form.targetAgentId && (
                          <span className="text-sm text-muted">, is the target</span>
                        )}
                      </>
                    }
                    checked={chosen.has(agent.agentId)}
                    disabled={agent.agentId === form.targetAgentId && !chosen.has(agent.agentId)}
                    onChange={(isChosen) => toggle(agent.agentId, isChosen)}
                  />
                </li>
              ))}
              {shown.length === 0 && <li className="text-muted">No agent has such a name.</li>}
            </ul>
          )}
          <p className="flex items-center justify-between gap-2 border-t border-line px-2.5 py-1.5 text-sm text-muted">
            {counted(form.sourceIds.length, 'agent')} chosen
            {form.sourceIds.length > 0 && (
              <Button size="s" variant="quiet" onClick={() => edit({ sourceIds: [] })}>
                Choose none
              </Button>
            )}
          </p>
        </div>
        {sourcesError !== undefined && (
          <div className="mt-1" tabIndex={-1} data-invalid>
            <FieldError id={`${id}-error`}>{sourcesError}</FieldError>
          </div>
        )}
      </fieldset>
      <Field
        label="Target agent"
        error={errorOf('targetAgentId')}
        hint="The source begins every session, so the target must let it in, or be behind a NAT that supports NAT traversal."
      >
        {(control) => (
          <Select
            control={control}
            className="w-full"
            value={form.targetAgentId}
            placeholder="Choose an agent"
            options={sorted.map((agent) => ({
              value: agent.agentId,
              label: agent.agentName,
              hint: remark(agent).replace(/^, /, ''),
              disabled: chosen.has(agent.agentId),
            }))}
            onChange={(targetAgentId) => edit({ targetAgentId })}
          />
        )}
      </Field>
    </div>
  );
}

/** What matters when an agent is chosen. */
function remark({ agentState, behindNat }: Agent): string {
  const remarks = [agentState === 'online' ? '' : agentState, behindNat ? 'behind a NAT' : ''].filter(
    Boolean,
  );
  return remarks.map((each) => `, ${each}`).join('');
}
