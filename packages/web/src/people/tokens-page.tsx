import type { Access, NewToken, Token } from '@pinhole/contract';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError } from '../api/errors.ts';
import { addToken, revokeToken, tokensQuery } from '../api/people.ts';
import { ReadOnlyNotice, useMayWrite } from '../app/access.tsx';
import { useNow } from '../app/clock.ts';
import { fieldError } from '../app/field-errors.ts';
import { dateAndTime, relativeTime } from '../app/time.ts';
import { useTitle } from '../app/title.ts';
import {
  Button,
  CodeBlock,
  type Column,
  ConfirmDialog,
  DataTable,
  Dialog,
  EmptyState,
  ErrorState,
  Field,
  Loading,
  Notice,
  PageHeader,
  Panel,
  TextInput,
  useToast,
} from '../ui/index.ts';
import { AccessChoices, accessWords } from './access-choices.tsx';
import { AccountForm } from './account-form.tsx';

export function TokensPage() {
  const mayWrite = useMayWrite();
  const tokens = useQuery(tokensQuery);
  const [isAdding, setIsAdding] = useState(false);
  const [made, setMade] = useState<NewToken | null>(null);
  const [revoking, setRevoking] = useState<Token | null>(null);
  useTitle('API tokens');
  const add = mayWrite && (
    <Button variant="primary" icon="plus" onClick={() => setIsAdding(true)}>
      Make a token
    </Button>
  );
  return (
    <>
      <PageHeader
        title="API tokens"
        description={
          <>
            For programs that use the REST API. What it can do is described at{' '}
            <a href="/v7/docs" className="text-link">
              /v7/docs
            </a>
            .
          </>
        }
        actions={add}
      />
      {!mayWrite && (
        <div className="mb-4">
          <ReadOnlyNotice what="make or revoke tokens" />
        </div>
      )}
      <Panel>
        {tokens.data === undefined ? (
          tokens.error === null ? (
            <Loading what="Loading tokens" />
          ) : (
            <ErrorState error={tokens.error} onRetry={() => void tokens.refetch()} />
          )
        ) : tokens.data.length === 0 ? (
          <EmptyState icon="key" title="No token yet" action={add}>
            A token lets a program read, or change, what this page shows.
          </EmptyState>
        ) : (
          <TokensTable tokens={tokens.data} mayWrite={mayWrite} onRevoke={setRevoking} />
        )}
      </Panel>
      {isAdding && (
        <AddTokenDialog
          onClose={() => setIsAdding(false)}
          onMade={(token) => {
            setIsAdding(false);
            setMade(token);
          }}
        />
      )}
      {made !== null && <MadeTokenDialog token={made} onClose={() => setMade(null)} />}
      {revoking !== null && <RevokeDialog token={revoking} onClose={() => setRevoking(null)} />}
    </>
  );
}

function TokensTable({
  tokens,
  mayWrite,
  onRevoke,
}: {
  tokens: readonly Token[];
  mayWrite: boolean;
  onRevoke: (token: Token) => void;
}) {
  const nowMs = useNow(30_000);
  const columns: Column<Token>[] = [
    {
      id: 'name',
      header: 'Name',
      isRowHeader: true,
      cell: ({ name }) => <span className="font-medium">{name}</span>,
    },
    { id: 'access', header: 'Access', cell: ({ access }) => accessWords[access] },
    {
      id: 'used',
      header: 'Last used',
      cell: ({ lastUsedDate }) =>
        lastUsedDate === undefined ? (
          <span className="text-muted">Never</span>
        ) : (
          <time dateTime={lastUsedDate} title={dateAndTime(Date.parse(lastUsedDate))}>
            {relativeTime(Date.parse(lastUsedDate), nowMs)}
          </time>
        ),
    },
    { id: 'created', header: 'Made', cell: ({ createdDate }) => dateAndTime(Date.parse(createdDate)) },
  ];
  if (mayWrite) {
    columns.push({
      id: 'actions',
      header: <span className="sr-only">Actions</span>,
      align: 'right',
      className: 'py-1.5!',
      cell: (token) => (
        <Button size="s" icon="trash" onClick={() => onRevoke(token)} aria-label={`Revoke ${token.name}`}>
          Revoke
        </Button>
      ),
    });
  }
  return <DataTable caption="API tokens" columns={columns} rows={tokens} rowKey={({ tokenId }) => tokenId} />;
}

function AddTokenDialog({ onClose, onMade }: { onClose: () => void; onMade: (token: NewToken) => void }) {
  const [name, setName] = useState('');
  const [access, setAccess] = useState<Access>('read');
  const [wasTried, setWasTried] = useState(false);
  const queries = useQueryClient();
  const add = useMutation({
    mutationFn: () => addToken({ name, access }),
    onSuccess: (token) => {
      void queries.invalidateQueries(tokensQuery);
      onMade(token);
    },
  });
  const told = add.error instanceof ApiError ? add.error.fieldErrors : [];
  const nameError = name.trim() === '' || name.length > 100 ? 'A name has 1 to 100 characters.' : undefined;
  return (
    <AccountForm
      title="Make a token"
      action="Make token"
      busy={add.isPending}
      error={add.error}
      onClose={onClose}
      onSubmit={() => {
        setWasTried(true);
        if (nameError === undefined) add.mutate();
      }}
    >
      <Field
        label="Name"
        hint="The program or the place that will use it."
        error={(wasTried ? nameError : undefined) ?? fieldError(told, 'name')}
      >
        {(control) => <TextInput {...control} value={name} onChange={setName} />}
      </Field>
      <AccessChoices value={access} onChange={setAccess} />
    </AccountForm>
  );
}

function MadeTokenDialog({ token, onClose }: { token: NewToken; onClose: () => void }) {
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Token ${token.name}`}
      actions={
        <Button variant="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      <div className="flex flex-col gap-4">
        <Notice tone="warn" title="Copy it now">
          It is shown this once: the collector keeps only what it needs to recognize it.
        </Notice>
        <CodeBlock label="API token" text={token.token} />
        <CodeBlock
          label="For example"
          text={`curl -H 'Authorization: Bearer ${token.token}' ${location.origin}/v7/agents`}
        />
      </div>
    </Dialog>
  );
}

function RevokeDialog({ token, onClose }: { token: Token; onClose: () => void }) {
  const toast = useToast();
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => revokeToken(token.tokenId),
    onSuccess: () => {
      toast.done(`${token.name} revoked`);
      void queries.invalidateQueries(tokensQuery);
      onClose();
    },
  });
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      onConfirm={() => revoke.mutate()}
      title={`Revoke ${token.name}?`}
      description="Programs that use it are refused from now on. This cannot be undone."
      action="Revoke"
      busy={revoke.isPending}
      error={revoke.error?.message}
    />
  );
}
