import { type Agent, dscpIds, dscpLabel } from '@pinhole/contract';
import { Checkbox, Choices, Disclosure, Field, NumberInput, Panel, Select } from '../ui/index.ts';
import { emptyForm, type FormField } from './form.ts';
import { type FormPart, Labelled } from './test-form.tsx';

const fields: readonly FormField[] = [
  'dscpId',
  'mss',
  'fixedPacketRate',
  'numPathTraces',
  'pathTraceMode',
  'randomizedStartTime',
  'throughputMeasurements',
  'throughputDuration',
  'throughputRate',
];

/** Open where something in it is not the default, or wrong. */
export function AdvancedSection({ agents, form, edit, errorOf }: FormPart & { agents: readonly Agent[] }) {
  const isUsed = fields.some((field) => form[field] !== emptyForm[field] || errorOf(field) !== undefined);
  const target = agents.find(({ agentId }) => agentId === form.targetAgentId);
  return (
    <Panel className="p-4 sm:p-5">
      <Disclosure summary={<h2 className="font-semibold text-ink">Advanced settings</h2>} open={isUsed}>
        <div className="flex flex-col gap-6 pt-2">
          <div className="grid gap-5 sm:grid-cols-2">
            <Field
              label="DSCP"
              error={errorOf('dscpId')}
              hint="Marks the test's packets, in both directions."
            >
              {(control) => (
                <Select
                  control={control}
                  className="w-full"
                  value={form.dscpId}
                  options={dscpIds.map((value) => ({ value, label: dscpLabel(value) }))}
                  onChange={(dscpId) => edit({ dscpId })}
                />
              )}
            </Field>
            <Field
              label="Maximum segment size"
              optional
              error={errorOf('mss')}
              hint="Size of what one packet carries. 20 to 1400; empty: as the path allows."
            >
              {(control) => (
                <NumberInput {...control} unit="octets" value={form.mss} onChange={(mss) => edit({ mss })} />
              )}
            </Field>
            <Field
              label="Packet rate"
              optional
              error={errorOf('fixedPacketRate')}
              hint="1 to 100; empty: the agent paces the packets itself."
            >
              {(control) => (
                <NumberInput
                  {...control}
                  unit="packets a second"
                  value={form.fixedPacketRate}
                  onChange={(fixedPacketRate) => edit({ fixedPacketRate })}
                />
              )}
            </Field>
            <Labelled title="Port">
              <p>
                {target === undefined
                  ? 'That of the target agent'
                  : `${target.testPort}, of ${target.agentName}`}
              </p>
              <p className="text-sm text-muted">
                Each agent has one port for all tests; it is chosen at its start.
              </p>
            </Labelled>
          </div>
          <div className="grid gap-5 border-t border-line pt-5 sm:grid-cols-2">
            <Field
              label="Path traces"
              error={errorOf('numPathTraces')}
              hint="In each direction and round. 1 to 10."
            >
              {(control) => (
                <NumberInput
                  {...control}
                  value={form.numPathTraces}
                  onChange={(numPathTraces) => edit({ numPathTraces })}
                />
              )}
            </Field>
            <Labelled title="Path trace mode">
              <Choices
                label="Path trace mode"
                layout="column"
                value={form.pathTraceMode}
                options={[
                  {
                    value: 'classic',
                    label: 'Classic',
                    hint: 'Each trace is a flow of its own: shows parallel paths.',
                  },
                  {
                    value: 'in-session',
                    label: 'In session',
                    hint: 'Within the connection of the test: passes the NATs and firewalls that the test passes.',
                  },
                ]}
                onChange={(pathTraceMode) => edit({ pathTraceMode })}
              />
            </Labelled>
          </div>
          <div className="flex flex-col gap-5 border-t border-line pt-5">
            <Checkbox
              label="Randomized start time"
              hint="Rounds begin at a moment of the test's own within the interval, not all at once."
              checked={form.randomizedStartTime}
              onChange={(randomizedStartTime) => edit({ randomizedStartTime })}
            />
            <Checkbox
              label="Throughput measurements"
              hint="Fills the path for some seconds in each round: mind who else uses it."
              checked={form.throughputMeasurements}
              onChange={(throughputMeasurements) => edit({ throughputMeasurements })}
            />
            {form.throughputMeasurements && (
              <div className="grid gap-5 pl-6 sm:grid-cols-2">
                <Field label="Duration" error={errorOf('throughputDuration')} hint="5 to 30 seconds.">
                  {(control) => (
                    <NumberInput
                      {...control}
                      unit="seconds"
                      value={form.throughputDuration}
                      onChange={(throughputDuration) => edit({ throughputDuration })}
                    />
                  )}
                </Field>
                {form.protocol === 'udp' && (
                  <Field
                    label="Rate"
                    optional
                    error={errorOf('throughputRate')}
                    hint="8 to 1000. Of UDP tests alone: TCP finds its own."
                  >
                    {(control) => (
                      <NumberInput
                        {...control}
                        unit="Mbit/s"
                        value={form.throughputRate}
                        onChange={(throughputRate) => edit({ throughputRate })}
                      />
                    )}
                  </Field>
                )}
              </div>
            )}
          </div>
        </div>
      </Disclosure>
    </Panel>
  );
}
