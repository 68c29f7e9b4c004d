import { type Agent, intervals, type Test } from '@pinhole/contract';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useBlocker, useNavigate } from '@tanstack/react-router';
import { type FormEvent, useRef, useState } from 'react';
import { ApiError } from '../api/errors.ts';
import { changeTest, createTest, testQuery } from '../api/tests.ts';
import { fieldError, otherErrors } from '../app/field-errors.ts';
import { durationInWords } from '../app/time.ts';
import {
  Button,
  ButtonLink,
  Checkbox,
  Choices,
  ConfirmDialog,
  Field,
  Notice,
  Panel,
  Select,
  TextArea,
  TextInput,
  useToast,
} from '../ui/index.ts';
import { AdvancedSection } from './advanced-section.tsx';
import { AgentPicker } from './agent-picker.tsx';
import { DirectionDrawing } from './direction-drawing.tsx';
import { creationOf, type FormField, fieldOf, requestOf, type TestForm } from './form.ts';
import { PreflightPanel } from './preflight-panel.tsx';
import { directionWords } from './words.ts';

interface TestFormProps {
  agents: readonly Agent[];
  initial: TestForm;
  /** The one that is changed; absent for a new one. */
  test?: Test;
}

/** What the form is given to; each of its parts shows its own fields. */
export interface FormPart {
  form: TestForm;
  edit: (part: Partial<TestForm>) => void;
  /** A sentence, where the field is wrong. */
  errorOf: (field: FormField) => string | undefined;
}

export function TestFormView({ agents, initial, test }: TestFormProps) {
  // What was there when the form was opened: a list that is fetched again must not take away what was typed.
  const [begun] = useState(initial);
  const [form, setForm] = useState(begun);
  const [wasTried, setWasTried] = useState(false);
  const saved = useRef(false);
  const element = useRef<HTMLFormElement>(null);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const toast = useToast();
  const request = requestOf(form);
  const isChanged = JSON.stringify(form) !== JSON.stringify(begun);

  const save = useMutation<Test, Error, Extract<typeof request, { kind: 'ok' }>['body']>({
    mutationFn: (body) => (test === undefined ? createTest(creationOf(body)) : changeTest(test.testId, body)),
    onSuccess: async (changed) => {
      saved.current = true;
      queries.setQueryData(testQuery(changed.testId).queryKey, changed);
      void queries.invalidateQueries({ queryKey: ['tests'], exact: true });
      void queries.invalidateQueries({ queryKey: ['agents'], exact: true });
      toast.done(test === undefined ? `${changed.testName} created` : `${changed.testName} saved`);
      await (test === undefined
        ? navigate({ to: '/views/$testId', params: { testId: changed.testId } })
        : navigate({ to: '/tests' }));
    },
    onError: focusFirstError,
  });
  const leaving = useBlocker({
    shouldBlockFn: () => isChanged && !saved.current,
    enableBeforeUnload: () => isChanged && !saved.current,
    withResolver: true,
  });

  const told = save.error instanceof ApiError ? save.error.fieldErrors : [];
  const part: FormPart = {
    form,
    edit: (changes) => {
      if (save.isError) save.reset();
      setForm({ ...form, ...changes });
    },
    errorOf: (field) =>
      (wasTried && request.kind === 'errors' ? request.errors[field] : undefined) ??
      fieldError(told, field === 'sourceIds' ? 'agents' : field),
  };

  function submit(event: FormEvent) {
    event.preventDefault();
    setWasTried(true);
    if (save.isPending) return;
    if (request.kind === 'ok') save.mutate(request.body);
    else focusFirstError();
  }

  function focusFirstError() {
    // After the errors have been drawn.
    requestAnimationFrame(() =>
      element.current?.querySelector<HTMLElement>('[aria-invalid="true"], [data-invalid]')?.focus(),
    );
  }

  const { errorOf, edit } = part;
  const hasOwnErrors = wasTried && request.kind === 'errors';
  return (
    <form
      ref={element}
      onSubmit={submit}
      noValidate
      className="flex flex-col gap-4 xl:flex-row xl:items-start"
    >
      <div className="flex min-w-0 flex-1 flex-col gap-4">
        <div role="alert" className="empty:hidden">
          {save.error !== null ? (
            <Notice tone="bad" title="Not saved">
              {otherErrors(save.error, shownFields)}
            </Notice>
          ) : (
            hasOwnErrors && (
              <Notice tone="bad" title="Not saved yet">
                Correct what is marked below.
              </Notice>
            )
          )}
        </div>
        <Section title="What is measured">
          <Field label="Test name" error={errorOf('testName')}>
            {(control) => (
              <TextInput
                {...control}
                className="max-w-lg"
                value={form.testName}
                onChange={(testName) => edit({ testName })}
              />
            )}
          </Field>
          <AgentPicker agents={agents} {...part} />
          <Labelled title="Direction">
            <Choices
              label="Direction"
              value={form.direction}
              options={directions}
              onChange={(direction) => edit({ direction })}
            />
          </Labelled>
          <div className="xl:hidden">
            <DirectionDrawing form={form} agents={agents} />
          </div>
          <Labelled title="Protocol">
            <Choices
              label="Protocol"
              value={form.protocol}
              options={[
                { value: 'tcp', label: 'TCP' },
                { value: 'udp', label: 'UDP' },
              ]}
              onChange={(protocol) => edit({ protocol })}
            />
          </Labelled>
          <Field label="Interval" error={errorOf('interval')}>
            {(control) => (
              <Select
                control={control}
                className="w-48"
                value={String(form.interval)}
                options={intervals.map((seconds) => ({
                  value: String(seconds),
                  label: `Every ${durationInWords(seconds).replace(/^1 /, '')}`,
                }))}
                onChange={(interval) => edit({ interval: Number(interval) })}
              />
            )}
          </Field>
          <div className="flex flex-col gap-2">
            <Checkbox label="Enabled" checked={form.enabled} onChange={(enabled) => edit({ enabled })} />
            <Checkbox
              label="Alerts"
              hint="The default alert rules apply."
              checked={form.alertsEnabled}
              onChange={(alertsEnabled) => edit({ alertsEnabled })}
            />
          </div>
          <Field label="Description" optional error={errorOf('description')}>
            {(control) => (
              <TextArea
                {...control}
                rows={2}
                className="max-w-lg"
                value={form.description}
                onChange={(description) => edit({ description })}
              />
            )}
          </Field>
        </Section>
        <AdvancedSection agents={agents} {...part} />
      </div>
      <aside aria-label="What this test will do" className="flex flex-col gap-4 xl:sticky xl:top-6 xl:w-104">
        <Panel className="hidden p-4 xl:block">
          <DirectionDrawing form={form} agents={agents} />
        </Panel>
        <PreflightPanel form={form} agents={agents} />
        <div className="flex flex-wrap gap-2">
          <Button type="submit" variant="primary" busy={save.isPending}>
            {test === undefined ? 'Create test' : 'Save changes'}
          </Button>
          <ButtonLink to="/tests">Cancel</ButtonLink>
        </div>
      </aside>
      <ConfirmDialog
        open={leaving.status === 'blocked'}
        onClose={() => leaving.reset?.()}
        onConfirm={() => leaving.proceed?.()}
        title="Leave without saving?"
        description="What you have entered will be lost."
        action="Leave"
      />
    </form>
  );
}

const directions = (['to-target', 'from-target', 'bidirectional'] as const).map((value) => ({
  value,
  label: directionWords[value],
}));

/** Members of the request that have a field on the form. */
const shownFields: string[] = [
  'testName',
  'description',
  'agents',
  'targetAgentId',
  'interval',
  'dscpId',
  'mss',
  'fixedPacketRate',
  'numPathTraces',
  'throughputDuration',
  'throughputRate',
].filter((member) => fieldOf(member) !== undefined);

function Section({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <Panel className="p-4 sm:p-5">
      <h2 className="mb-4 font-semibold">{title}</h2>
      <div className="flex flex-col gap-5">{children}</div>
    </Panel>
  );
}

/** A title over what names itself for readers already. */
export function Labelled({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <div>
      <p aria-hidden="true" className="mb-1.5 font-medium">
        {title}
      </p>
      {children}
    </div>
  );
}
