import type { AlertRuleDetail, AlertRuleRequest } from '@pinhole/contract';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { alertRuleQuery, saveAlertRule } from '../api/alerts.ts';
import { ApiError } from '../api/errors.ts';
import { fieldError, otherErrors } from '../app/field-errors.ts';
import { Button, Dialog, ErrorState, Loading, Notice, useToast } from '../ui/index.ts';
import { RuleFields } from './rule-fields.tsx';
import { emptyRule, type RuleForm, ruleFieldOf, ruleFormOf, ruleRequestOf } from './rule-form.ts';

/** `ruleId`: `new` for one that is made. */
export function RuleDialog({ ruleId, onClose }: { ruleId: string; onClose: () => void }) {
  const isNew = ruleId === 'new';
  const rule = useQuery({ ...alertRuleQuery(ruleId), enabled: !isNew });
  if (isNew) return <RuleFormDialog rule={null} onClose={onClose} />;
  if (rule.data !== undefined) return <RuleFormDialog rule={rule.data} onClose={onClose} />;
  return (
    <Dialog open onClose={onClose} wide title="Alert rule" actions={<Button onClick={onClose}>Close</Button>}>
      {rule.error === null ? (
        <Loading what="Loading the rule" />
      ) : (
        <ErrorState
          title={
            rule.error instanceof ApiError && rule.error.code === 'not-found'
              ? 'This rule is not there any more'
              : 'The rule could not be loaded'
          }
          error={rule.error}
          onRetry={() => void rule.refetch()}
        />
      )}
    </Dialog>
  );
}

function RuleFormDialog({ rule, onClose }: { rule: AlertRuleDetail | null; onClose: () => void }) {
  const id = useId();
  const toast = useToast();
  const queries = useQueryClient();
  // What was there when the dialog was opened: a rule that is fetched again must not take away what was typed.
  const [before] = useState(rule);
  const [form, setForm] = useState<RuleForm>(before === null ? emptyRule : ruleFormOf(before));
  const [wasTried, setWasTried] = useState(false);
  const request = ruleRequestOf(form, before);
  const save = useMutation({
    mutationFn: (body: AlertRuleRequest) => saveAlertRule(before?.ruleId ?? null, body),
    onSuccess: ({ ruleName }) => {
      toast.done(before === null ? `${ruleName} created` : `${ruleName} saved`);
      void queries.invalidateQueries({ queryKey: ['alert-rules'] });
      void queries.invalidateQueries({ queryKey: ['alerts'] });
      onClose();
    },
  });
  const told = (save.error instanceof ApiError ? save.error.fieldErrors : []).map((error) => ({
    ...error,
    field: ruleFieldOf(error.field),
  }));

  function submit(event: FormEvent) {
    event.preventDefault();
    setWasTried(true);
    if (!save.isPending && request.kind === 'ok') save.mutate(request.body);
  }

  return (
    <Dialog
      open
      onClose={onClose}
      wide
      title={before === null ? 'Create an alert rule' : `Edit ${before.ruleName}`}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={id} variant="primary" busy={save.isPending}>
            {before === null ? 'Create rule' : 'Save changes'}
          </Button>
        </>
      }
    >
      <form id={id} onSubmit={submit} noValidate className="flex flex-col gap-5">
        <div role="alert" className="empty:hidden">
          {save.error !== null && (
            <Notice tone="bad" title="Not saved">
              {otherErrors(save.error, [...Object.keys(emptyRule), 'notifications'])}
            </Notice>
          )}
        </div>
        {before !== null && before.limitations.length > 0 && (
          <Notice tone="warn" title="Not everything of this rule is sent">
            {before.limitations.join(' ')}
          </Notice>
        )}
        <RuleFields
          form={form}
          edit={(part) => {
            if (save.isError) save.reset();
            setForm({ ...form, ...part });
          }}
          errorOf={(field) =>
            (wasTried && request.kind === 'errors' ? request.errors[field] : undefined) ??
            fieldError(told, field)
          }
        />
      </form>
    </Dialog>
  );
}
