import type { Person } from '@pinhole/contract';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { peopleQuery } from '../api/people.ts';
import { sessionQuery } from '../api/session.ts';
import { ReadOnlyNotice, useMayWrite } from '../app/access.tsx';
import { useNow } from '../app/clock.ts';
import { dateAndTime, relativeTime } from '../app/time.ts';
import { useTitle } from '../app/title.ts';
import {
  Badge,
  Button,
  type Column,
  DataTable,
  ErrorState,
  IconButton,
  Loading,
  Menu,
  MenuItem,
  MenuSeparator,
  PageHeader,
  Panel,
} from '../ui/index.ts';
import { accessWords } from './access-choices.tsx';
import { AddPersonDialog, ChangePersonDialog, RemovePersonDialog } from './person-dialogs.tsx';

type Open = { readonly kind: 'add' } | { readonly kind: 'change' | 'remove'; readonly person: Person };

export function PeoplePage() {
  const mayWrite = useMayWrite();
  const people = useQuery(peopleQuery);
  const [open, setOpen] = useState<Open | null>(null);
  const close = () => setOpen(null);
  useTitle('People');
  return (
    <>
      <PageHeader
        title="People"
        description="Who may sign in to this page."
        actions={
          mayWrite && (
            <Button variant="primary" icon="plus" onClick={() => setOpen({ kind: 'add' })}>
              Add a person
            </Button>
          )
        }
      />
      {!mayWrite && (
        <div className="mb-4">
          <ReadOnlyNotice what="add or change people" />
        </div>
      )}
      <Panel>
        {people.data !== undefined ? (
          <PeopleTable people={people.data} mayWrite={mayWrite} onOpen={setOpen} />
        ) : people.error === null ? (
          <Loading what="Loading people" />
        ) : (
          <ErrorState error={people.error} onRetry={() => void people.refetch()} />
        )}
      </Panel>
      {open?.kind === 'add' && <AddPersonDialog onClose={close} />}
      {open?.kind === 'change' && <ChangePersonDialog person={open.person} onClose={close} />}
      {open?.kind === 'remove' && <RemovePersonDialog person={open.person} onClose={close} />}
    </>
  );
}

function PeopleTable({
  people,
  mayWrite,
  onOpen,
}: {
  people: readonly Person[];
  mayWrite: boolean;
  onOpen: (open: Open) => void;
}) {
  const nowMs = useNow(30_000);
  const ownId = useQuery(sessionQuery).data?.personId;
  const columns: Column<Person>[] = [
    {
      id: 'name',
      header: 'Name',
      isRowHeader: true,
      cell: ({ name, personId }) => (
        <span className="inline-flex items-center gap-2">
          <span className="font-medium">{name}</span>
          {personId === ownId && <Badge tone="accent">You</Badge>}
        </span>
      ),
    },
    { id: 'access', header: 'Access', cell: ({ access }) => accessWords[access] },
    {
      id: 'last',
      header: 'Last sign-in',
      cell: ({ lastSignInDate }) =>
        lastSignInDate === undefined ? (
          <span className="text-muted">Never</span>
        ) : (
          <time dateTime={lastSignInDate} title={dateAndTime(Date.parse(lastSignInDate))}>
            {relativeTime(Date.parse(lastSignInDate), nowMs)}
          </time>
        ),
    },
    { id: 'created', header: 'Added', cell: ({ createdDate }) => dateAndTime(Date.parse(createdDate)) },
  ];
  if (mayWrite) {
    columns.push({
      id: 'actions',
      header: <span className="sr-only">Actions</span>,
      align: 'right',
      className: 'py-1!',
      cell: (person) => (
        <Menu trigger={<IconButton icon="more" size="s" label={`More for ${person.name}`} />}>
          <MenuItem icon="edit" onClick={() => onOpen({ kind: 'change', person })}>
            Change access or password
          </MenuItem>
          <MenuSeparator />
          <MenuItem icon="trash" danger onClick={() => onOpen({ kind: 'remove', person })}>
            Remove
          </MenuItem>
        </Menu>
      ),
    });
  }
  return <DataTable caption="People" columns={columns} rows={people} rowKey={({ personId }) => personId} />;
}
