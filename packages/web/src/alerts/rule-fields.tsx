import { alertSeverities } from '@pinhole/contract';
import { useQuery } from '@tanstack/react-query';
import { testsQuery } from '../api/tests.ts';
import { directionWords } from '../tests/words.ts';
import { Checkbox, Field, NumberInput, Select, TextArea, TextInput } from '../ui/index.ts';
import type { RuleForm } from './rule-form.ts';
import { severityWords } from './words.ts';

interface RuleFieldsProps {
  form: RuleForm;
  edit: (part: Partial<RuleForm>) => void;
  errorOf: (field: keyof RuleForm) => string | undefined;
}

export function RuleFields({ form, edit, errorOf }: RuleFieldsProps) {
  return (
    <>
      <Field label="Rule name" error={errorOf('ruleName')}>
        {(control) => (
          <TextInput {...control} value={form.ruleName} onChange={(ruleName) => edit({ ruleName })} />
        )}
      </Field>
      <Field
        label="Condition"
        error={errorOf('expression')}
        hint={
          <>
            Of loss (%), latency and jitter (ms), throughput (Mbps) and problems, put together by{' '}
            <code>&&</code> or <code>||</code>: <code>((latency {'>'} 100 ms) || (probDetail != ""))</code>
          </>
        }
      >
        {(control) => (
          <TextInput
            {...control}
            className="font-mono text-sm!"
            spellCheck={false}
            value={form.expression}
            onChange={(expression) => edit({ expression })}
          />
        )}
      </Field>
      <div className="grid gap-5 sm:grid-cols-2">
        <Field label="Direction" error={errorOf('direction')}>
          {(control) => (
            <Select
              control={control}
              className="w-full"
              value={form.direction}
              options={(['to-target', 'from-target', 'bidirectional'] as const).map((value) => ({
                value,
                label: directionWords[value],
              }))}
              onChange={(direction) => edit({ direction })}
            />
          )}
        </Field>
        <Field label="Severity" error={errorOf('severity')}>
          {(control) => (
            <Select
              control={control}
              className="w-full"
              value={form.severity}
              options={alertSeverities.map((value) => ({ value, label: severityWords[value].word }))}
              onChange={(severity) => edit({ severity })}
            />
          )}
        </Field>
        <Field
          label="Rounds that meet it"
          error={errorOf('roundsViolatingRequired')}
          hint="So many are needed."
        >
          {(control) => (
            <NumberInput
              {...control}
              value={form.roundsViolatingRequired}
              onChange={(roundsViolatingRequired) => edit({ roundsViolatingRequired })}
            />
          )}
        </Field>
        <Field label="Out of the last" error={errorOf('roundsViolatingOutOf')} hint="1 to 10 rounds.">
          {(control) => (
            <NumberInput
              {...control}
              unit="rounds"
              value={form.roundsViolatingOutOf}
              onChange={(roundsViolatingOutOf) => edit({ roundsViolatingOutOf })}
            />
          )}
        </Field>
        <Field
          label="Sources that meet it"
          optional
          error={errorOf('minimumSources')}
          hint="At least so many of a test's source agents."
        >
          {(control) => (
            <NumberInput
              {...control}
              unit="agents"
              value={form.minimumSources}
              onChange={(minimumSources) => edit({ minimumSources })}
            />
          )}
        </Field>
      </div>
      <Checkbox
        label="Default rule"
        hint="Applies to every test with alerts that names no rules of its own. There is one: this becomes it."
        checked={form.isDefault}
        onChange={(isDefault) => edit({ isDefault })}
      />
      <TestChoices form={form} edit={edit} />
      <Field
        label="Webhooks"
        optional
        error={errorOf('webhooks')}
        hint="One address a line. Each gets a POST when an alert begins, and tries again where it fails."
      >
        {(control) => (
          <TextArea
            {...control}
            rows={2}
            spellCheck={false}
            placeholder="https://"
            className="font-mono text-sm!"
            value={form.webhooks}
            onChange={(webhooks) => edit({ webhooks })}
          />
        )}
      </Field>
      <Checkbox
        label="Tell also when it is over"
        checked={form.notifyOnClear}
        onChange={(notifyOnClear) => edit({ notifyOnClear })}
      />
      <Field label="Description" optional error={errorOf('description')}>
        {(control) => (
          <TextInput
            {...control}
            value={form.description}
            onChange={(description) => edit({ description })}
          />
        )}
      </Field>
    </>
  );
}

function TestChoices({ form, edit }: Pick<RuleFieldsProps, 'form' | 'edit'>) {
  const tests = useQuery(testsQuery);
  if (tests.data === undefined || tests.data.length === 0) return null;
  const chosen = new Set(form.testIds);
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1 font-medium">
        Tests <span className="font-normal text-muted">(optional)</span>
      </legend>
      <ul className="flex max-h-40 flex-col gap-1.5 overflow-y-auto rounded-md border border-line-strong p-2.5">
        {tests.data.map(({ testId, testName }) => (
          <li key={testId}>
            <Checkbox
              label={testName}
              checked={chosen.has(testId)}
              onChange={(isChosen) =>
                edit({
                  testIds: isChosen
                    ? [...form.testIds, testId]
                    : form.testIds.filter((each) => each !== testId),
                })
              }
            />
          </li>
        ))}
      </ul>
      <p className="mt-1 text-sm text-muted">
        Those that this rule watches by name, beside what it watches as the default.
      </p>
    </fieldset>
  );
}
