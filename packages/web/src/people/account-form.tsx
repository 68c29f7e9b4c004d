import { type FormEvent, type ReactNode, useId } from 'react';
import { otherErrors } from '../app/field-errors.ts';
import { Button, Dialog, Notice } from '../ui/index.ts';

/** The dialog around the fields of a person or a token: its buttons, and what has failed. */
export function AccountForm({
  title,
  description,
  action,
  busy,
  error,
  onClose,
  onSubmit,
  children,
}: {
  title: string;
  description?: ReactNode;
  action: string;
  busy: boolean;
  error: Error | null;
  onClose: () => void;
  onSubmit: () => void;
  children: ReactNode;
}) {
  const form = useId();
  function submit(event: FormEvent) {
    event.preventDefault();
    if (!busy) onSubmit();
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title={title}
      description={description}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} variant="primary" busy={busy}>
            {action}
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} noValidate className="flex flex-col gap-4">
        <div role="alert" className="empty:hidden">
          {error !== null && (
            <Notice tone="bad" title="Not saved">
              {otherErrors(error, ['name', 'password', 'access'])}
            </Notice>
          )}
        </div>
        {children}
      </form>
    </Dialog>
  );
}
