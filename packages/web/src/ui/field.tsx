// Fields of forms: a visible label, a hint below it, the error in words, all tied to the control for readers.

import { type ComponentProps, type ReactNode, useId } from 'react';
import { classNames } from './class-names.ts';
import { Icon } from './icon.tsx';

export interface ControlIds {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': 'true' | undefined;
}

interface FieldProps {
  label: ReactNode;
  hint?: ReactNode;
  /** What is wrong with what was entered; a sentence. */
  error?: string | undefined;
  optional?: boolean;
  className?: string;
  /** Gets what ties the control to its label, hint and error. */
  children: (control: ControlIds) => ReactNode;
}

export function Field({ label, hint, error, optional = false, className, children }: FieldProps) {
  const id = useId();
  const described = [hint === undefined ? '' : `${id}-hint`, error === undefined ? '' : `${id}-error`]
    .filter(Boolean)
    .join(' ');
  return (
    <div className={classNames('flex min-w-0 flex-col gap-1', className)}>
      <label htmlFor={id} className="font-medium">
        {label}
        {optional && <span className="font-normal text-muted"> (optional)</span>}
      </label>
      {children({
        id,
        'aria-describedby': described === '' ? undefined : described,
        'aria-invalid': error === undefined ? undefined : 'true',
      })}
      {hint !== undefined && (
        <p id={`${id}-hint`} className="text-sm text-muted">
          {hint}
        </p>
      )}
      {error !== undefined && <FieldError id={`${id}-error`}>{error}</FieldError>}
    </div>
  );
}

export function FieldError({ id, children }: { id?: string; children: ReactNode }) {
  return (
    <p id={id} className="flex items-start gap-1 text-sm text-bad">
      <Icon name="error" className="mt-0.5" />
      <span>{children}</span>
    </p>
  );
}

type InputProps = Omit<ComponentProps<'input'>, 'onChange' | 'value'> & {
  value: string;
  onChange: (value: string) => void;
};

/** A bare control; give it `aria-label` where no Field is around it. */
export function TextInput({ onChange, className, ...rest }: InputProps) {
  return (
    <input
      type="text"
      className={classNames('control w-full', className)}
      onChange={(event) => onChange(event.target.value)}
      autoComplete="off"
      {...rest}
    />
  );
}

export function SearchInput({ className, ...rest }: InputProps) {
  return (
    <div className={classNames('relative', className)}>
      <Icon name="search" className="pointer-events-none absolute top-2 left-2 text-muted" />
      <TextInput type="search" className="pl-8!" {...rest} />
    </div>
  );
}

export function TextArea({
  onChange,
  className,
  ...rest
}: Omit<ComponentProps<'textarea'>, 'onChange' | 'value'> & {
  value: string;
  onChange: (value: string) => void;
}) {
  return (
    <textarea
      className={classNames('control h-auto! w-full py-1.5', className)}
      onChange={(event) => onChange(event.target.value)}
      {...rest}
    />
  );
}

/** A number that may be empty, with its unit; the text is what was typed, so that nothing typed is lost. */
export function NumberInput({ unit, className, ...rest }: InputProps & { unit?: string }) {
  return (
    <div className="flex items-center gap-2">
      <TextInput inputMode="numeric" className={classNames('max-w-32', className)} {...rest} />
      {unit !== undefined && <span className="text-sm whitespace-nowrap text-muted">{unit}</span>}
    </div>
  );
}
