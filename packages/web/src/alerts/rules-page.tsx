import type { AlertRuleBody } from '@pinhole/contract';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { alertRulesQuery } from '../api/alerts.ts';
import { ReadOnlyNotice, useMayWrite } from '../app/access.tsx';
import { useTitle } from '../app/title.ts';
import { directionWords } from '../tests/words.ts';
import {
  Badge,
  ButtonLink,
  type Column,
  DataTable,
  EmptyState,
  ErrorState,
  IconButton,
  Loading,
  PageHeader,
  Panel,
} from '../ui/index.ts';
import { DeleteRuleDialog } from './delete-rule-dialog.tsx';
import { RuleDialog } from './rule-dialog.tsx';
import { severityWords } from './words.ts';

export function AlertRulesPage() {
  const { rule } = useSearch({ from: '/signed-in/alerts/rules' });
  const navigate = useNavigate();
  const rules = useQuery(alertRulesQuery);
  const mayWrite = useMayWrite();
  const [deleting, setDeleting] = useState<AlertRuleBody | null>(null);
  useTitle('Alert rules');
  const create = mayWrite && (
    <ButtonLink to="/alerts/rules" search={{ rule: 'new' }} variant="primary" icon="plus">
      Create a rule
    </ButtonLink>
  );
  return (
    <>
      <PageHeader
        title="Alert rules"
        description="When the rounds of a test become an alert, and who is told."
        actions={
          <>
            <ButtonLink to="/alerts">Alerts</ButtonLink>
            {create}
          </>
        }
      />
      {!mayWrite && (
        <div className="mb-4">
          <ReadOnlyNotice what="make or change alert rules" />
        </div>
      )}
      <Panel>
        {rules.data === undefined ? (
          rules.error === null ? (
            <Loading what="Loading alert rules" />
          ) : (
            <ErrorState error={rules.error} onRetry={() => void rules.refetch()} />
          )
        ) : rules.data.length === 0 ? (
          <EmptyState icon="bell" title="No alert rule" action={create}>
            Without a rule, no test raises an alert.
          </EmptyState>
        ) : (
          <RulesTable rules={rules.data} mayWrite={mayWrite} onDelete={setDeleting} />
        )}
      </Panel>
      {mayWrite && rule !== undefined && (
        <RuleDialog key={rule} ruleId={rule} onClose={() => void navigate({ to: '/alerts/rules' })} />
      )}
      {deleting !== null && <DeleteRuleDialog rule={deleting} onClose={() => setDeleting(null)} />}
    </>
  );
}

function RulesTable({
  rules,
  mayWrite,
  onDelete,
}: {
  rules: readonly AlertRuleBody[];
  mayWrite: boolean;
  onDelete: (rule: AlertRuleBody) => void;
}) {
  const columns: Column<AlertRuleBody>[] = [
    {
      id: 'name',
      header: 'Rule',
      isRowHeader: true,
      className: 'min-w-40',
      cell: ({ ruleId, ruleName, description, isDefault }) => (
        <>
          <span className="inline-flex flex-wrap items-center gap-2">
            {mayWrite ? (
              <Link to="/alerts/rules" search={{ rule: ruleId }} className="text-link font-medium">
                {ruleName}
              </Link>
            ) : (
              <span className="font-medium">{ruleName}</span>
            )}
            {isDefault && <Badge tone="accent">Default</Badge>}
          </span>
          {description !== undefined && description !== '' && (
            <span className="block text-muted">{description}</span>
          )}
        </>
      ),
    },
    {
      id: 'expression',
      header: 'Condition',
      cell: ({ expression }) => <code className="font-mono text-xs">{expression}</code>,
    },
    {
      id: 'severity',
      header: 'Severity',
      cell: ({ severity }) => (
        <Badge tone={severityWords[severity].tone}>{severityWords[severity].word}</Badge>
      ),
    },
    { id: 'direction', header: 'Direction', cell: ({ direction }) => directionWords[direction] },
    {
      id: 'rounds',
      header: 'Rounds',
      className: 'whitespace-nowrap',
      cell: ({ roundsViolatingRequired, roundsViolatingOutOf }) =>
        `${roundsViolatingRequired} of ${roundsViolatingOutOf}`,
    },
    {
      id: 'sources',
      header: 'Sources',
      className: 'whitespace-nowrap',
      cell: ({ minimumSources, minimumSourcesPct }) =>
        minimumSourcesPct === undefined
          ? `${minimumSources ?? 1} at least`
          : `${minimumSourcesPct} % at least`,
    },
  ];
  if (mayWrite) {
    columns.push({
      id: 'actions',
      header: <span className="sr-only">Actions</span>,
      align: 'right',
      className: 'py-1!',
      cell: (rule) => (
        <IconButton icon="trash" size="s" label={`Delete ${rule.ruleName}`} onClick={() => onDelete(rule)} />
      ),
    });
  }
  return <DataTable caption="Alert rules" columns={columns} rows={rules} rowKey={({ ruleId }) => ruleId} />;
}
