import type { Access, Person } from '@pinhole/contract';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError } from '../api/errors.ts';
import { addPerson, changePerson, peopleQuery, removePerson } from '../api/people.ts';
import { sessionQuery } from '../api/session.ts';
import { fieldError } from '../app/field-errors.ts';
import { ConfirmDialog, Field, TextInput, useToast } from '../ui/index.ts';
import { AccessChoices } from './access-choices.tsx';
import { AccountForm } from './account-form.tsx';
import { passwordError, passwordHint } from './password-form.ts';

export function AddPersonDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [access, setAccess] = useState<Access>('read');
  const [wasTried, setWasTried] = useState(false);
  const toast = useToast();
  const queries = useQueryClient();
  const add = useMutation({
    mutationFn: () => addPerson({ name, password, access }),
    onSuccess: (person) => {
      toast.done(`${person.name} added`);
      void queries.invalidateQueries(peopleQuery);
      onClose();
    },
  });
  const told = add.error instanceof ApiError ? add.error.fieldErrors : [];
  const nameError = name.trim() === '' || name.length > 100 ? 'A name has 1 to 100 characters.' : undefined;

  return (
    <AccountForm
      title="Add a person"
      action="Add"
      busy={add.isPending}
      error={add.error}
      onClose={onClose}
      onSubmit={() => {
        setWasTried(true);
        if (nameError === undefined && passwordError(password) === undefined) add.mutate();
      }}
    >
      <Field label="Name" error={(wasTried ? nameError : undefined) ?? fieldError(told, 'name')}>
        {(control) => (
          <TextInput {...control} autoCapitalize="none" spellCheck={false} value={name} onChange={setName} />
        )}
      </Field>
      <Field
        label="Password"
        hint={`${passwordHint} They can change it once they are signed in.`}
        error={(wasTried ? passwordError(password) : undefined) ?? fieldError(told, 'password')}
      >
        {(control) => (
          <TextInput
            {...control}
            type="password"
            autoComplete="new-password"
            value={password}
            onChange={setPassword}
          />
        )}
      </Field>
      <AccessChoices value={access} onChange={setAccess} />
    </AccountForm>
  );
}

export function ChangePersonDialog({ person, onClose }: { person: Person; onClose: () => void }) {
  const [password, setPassword] = useState('');
  const [access, setAccess] = useState<Access>(person.access);
  const [wasTried, setWasTried] = useState(false);
  const toast = useToast();
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: () =>
      changePerson(person.personId, {
        ...(access === person.access ? {} : { access }),
        ...(password === '' ? {} : { password }),
      }),
    onSuccess: () => {
      toast.done(`${person.name} saved`);
      void queries.invalidateQueries(peopleQuery);
      void queries.invalidateQueries(sessionQuery);
      onClose();
    },
  });
  const told = change.error instanceof ApiError ? change.error.fieldErrors : [];
  const ownError = password === '' ? undefined : passwordError(password);
  return (
    <AccountForm
      title={`Change ${person.name}`}
      action="Save"
      busy={change.isPending}
      error={change.error}
      onClose={onClose}
      onSubmit={() => {
        setWasTried(true);
        if (ownError === undefined) change.mutate();
      }}
    >
      <AccessChoices value={access} onChange={setAccess} />
      <Field
        label="New password"
        optional
        hint="Empty: it stays as it is. Another one ends the person's sessions."
        error={(wasTried ? ownError : undefined) ?? fieldError(told, 'password')}
      >
        {(control) => (
          <TextInput
            {...control}
            type="password"
            autoComplete="new-password"
            value={password}
            onChange={setPassword}
          />
        )}
      </Field>
    </AccountForm>
  );
}

export function RemovePersonDialog({ person, onClose }: { person: Person; onClose: () => void }) {
  const toast = useToast();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => removePerson(person.personId),
    onSuccess: () => {
      toast.done(`${person.name} removed`);
      void queries.invalidateQueries(peopleQuery);
      onClose();
    },
  });
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      onConfirm={() => remove.mutate()}
      title={`Remove ${person.name}?`}
      description="Their sessions end at once. API tokens stay: revoke those that they knew."
      action="Remove"
      busy={remove.isPending}
      error={remove.error?.message}
    />
  );
}
