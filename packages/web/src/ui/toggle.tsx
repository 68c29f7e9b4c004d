// What is on or off, and one of a few.

import { Checkbox as BaseCheckbox } from '@base-ui/react/checkbox';
import { Radio } from '@base-ui/react/radio';
import { RadioGroup } from '@base-ui/react/radio-group';
import { Switch as BaseSwitch } from '@base-ui/react/switch';
import { type ReactNode, useId } from 'react';
import { classNames } from './class-names.ts';
import { Icon } from './icon.tsx';

interface OnOffProps {
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
}

/** With its label beside it, which is clicked as well. */
export function Checkbox({
  label,
  hint,
  checked,
  onChange,
  disabled = false,
}: OnOffProps & { label: ReactNode; hint?: ReactNode }) {
  const id = useId();
  return (
    <div className="flex items-start gap-2">
      <BaseCheckbox.Root
        aria-labelledby={`${id}-label`}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        id={id}
        checked={checked}
        onCheckedChange={(next) => onChange(next)}
        disabled={disabled}
        className="mt-0.5 flex size-4 shrink-0 cursor-pointer items-center justify-center rounded-sm border border-line-strong bg-surface data-checked:border-accent-fill data-checked:bg-accent-fill data-disabled:cursor-not-allowed data-disabled:opacity-60"
      >
        <BaseCheckbox.Indicator className="text-white">
          <Icon name="check" className="size-3!" />
        </BaseCheckbox.Indicator>
      </BaseCheckbox.Root>
      <div className="min-w-0">
        <label id={`${id}-label`} htmlFor={id} className={disabled ? 'text-muted' : 'cursor-pointer'}>
          {label}
        </label>
        {hint !== undefined && (
          <p id={`${id}-hint`} className="text-sm text-muted">
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}

/** `label` is its name for readers; `showState` writes On or Off beside it. */
export function Switch({
  label,
  checked,
  onChange,
  disabled = false,
  showState = false,
}: OnOffProps & { label: string; showState?: boolean }) {
  return (
    <span className="inline-flex items-center gap-2">
      <BaseSwitch.Root
        aria-label={label}
        checked={checked}
        onCheckedChange={(next) => onChange(next)}
        disabled={disabled}
        className="flex h-5 w-9 shrink-0 cursor-pointer rounded-full border border-line-strong bg-sunken p-0.5 transition-colors data-checked:border-accent-fill data-checked:bg-accent-fill data-disabled:cursor-not-allowed data-disabled:opacity-60"
      >
        <BaseSwitch.Thumb className="size-3.5 rounded-full bg-line-strong transition-transform data-checked:translate-x-4 data-checked:bg-white" />
      </BaseSwitch.Root>
      {showState && <span className="text-sm text-muted">{checked ? 'On' : 'Off'}</span>}
    </span>
  );
}

interface Choice<Value extends string> {
  readonly value: Value;
  readonly label: string;
  readonly hint?: string;
}

/** One of a few, all of them in sight. */
export function Choices<const Value extends string>({
  label,
  value,
  options,
  onChange,
  disabled = false,
  layout = 'row',
}: {
  label: string;
  value: Value;
  options: readonly Choice<Value>[];
  onChange: (value: Value) => void;
  disabled?: boolean;
  layout?: 'row' | 'column';
}) {
  const id = useId();
  return (
    <RadioGroup
      aria-label={label}
      value={value}
      onValueChange={(next) => onChange(next as Value)}
      disabled={disabled}
      className={classNames('flex gap-2', layout === 'column' ? 'flex-col' : 'flex-row flex-wrap gap-x-5')}
    >
      {options.map((option) => (
        <div key={option.value} className="flex items-start gap-2">
          <Radio.Root
            value={option.value}
            id={`${id}-${option.value}`}
            aria-labelledby={`${id}-${option.value}-label`}
            className="mt-0.5 flex size-4 shrink-0 cursor-pointer items-center justify-center rounded-full border border-line-strong bg-surface data-checked:border-accent-fill data-checked:bg-accent-fill data-disabled:cursor-not-allowed data-disabled:opacity-60"
          >
            <Radio.Indicator className="size-1.5 rounded-full bg-white" />
          </Radio.Root>
          <label
            id={`${id}-${option.value}-label`}
            htmlFor={`${id}-${option.value}`}
            className={disabled ? 'text-muted' : 'cursor-pointer'}
          >
            {option.label}
            {option.hint !== undefined && <span className="block text-sm text-muted">{option.hint}</span>}
          </label>
        </div>
      ))}
    </RadioGroup>
  );
}

/** One of a few short words in a row, as in a toolbar: 24 h, 7 d, 14 d. */
export function Segments<const Value extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: Value;
  options: readonly Choice<Value>[];
  onChange: (value: Value) => void;
}) {
  return (
    <RadioGroup
      aria-label={label}
      value={value}
      onValueChange={(next) => onChange(next as Value)}
      className="inline-flex h-8 items-stretch rounded-md border border-line-strong bg-surface p-0.5"
    >
      {options.map((option) => (
        <Radio.Root
          key={option.value}
          value={option.value}
          aria-label={option.label}
          title={option.hint}
          className="flex cursor-pointer items-center rounded-sm px-2.5 text-sm text-muted select-none hover:text-ink data-checked:bg-accent-soft data-checked:font-medium data-checked:text-accent"
        >
          {option.label}
        </Radio.Root>
      ))}
    </RadioGroup>
  );
}
