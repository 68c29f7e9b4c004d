import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { ApiError } from '../api/errors.ts';
import { changePassword } from '../api/session.ts';
import { fieldError, otherErrors } from '../app/field-errors.ts';
import { Button, Dialog, Field, Notice, TextInput, useToast } from '../ui/index.ts';
import { passwordError, passwordHint } from './password-form.ts';

export function PasswordDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const form = useId();
  const toast = useToast();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [wasTried, setWasTried] = useState(false);
  const change = useMutation({
    mutationFn: () => changePassword(current, next),
    onSuccess: () => {
      toast.done('Password changed', 'Your other sessions have ended.');
      close();
    },
  });
  const told = change.error instanceof ApiError ? change.error.fieldErrors : [];

  function close() {
    setCurrent('');
    setNext('');
    setWasTried(false);
    change.reset();
    onClose();
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    setWasTried(true);
    if (!change.isPending && passwordError(next) === undefined) change.mutate();
  }

  return (
    <Dialog
      open={open}
      onClose={close}
      title="Change password"
      description="Your other sessions end with it."
      actions={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" form={form} variant="primary" busy={change.isPending}>
            Change password
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} noValidate className="flex flex-col gap-4">
        <div role="alert" className="empty:hidden">
          {change.error !== null && (
            <Notice tone="bad" title="Not changed">
              {otherErrors(change.error, ['current', 'next'])}
            </Notice>
          )}
        </div>
        <Field label="Current password" error={fieldError(told, 'current')}>
          {(control) => (
            <TextInput
              {...control}
              type="password"
              autoComplete="current-password"
              value={current}
              onChange={setCurrent}
            />
          )}
        </Field>
        <Field
          label="New password"
          hint={passwordHint}
          error={(wasTried ? passwordError(next) : undefined) ?? fieldError(told, 'next')}
        >
          {(control) => (
            <TextInput
              {...control}
              type="password"
              autoComplete="new-password"
              value={next}
              onChange={setNext}
            />
          )}
        </Field>
      </form>
    </Dialog>
  );
}
