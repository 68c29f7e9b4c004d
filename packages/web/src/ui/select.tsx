import { Select as Base } from '@base-ui/react/select';
import { classNames } from './class-names.ts';
import type { ControlIds } from './field.tsx';
import { Icon } from './icon.tsx';

export interface SelectOption<Value extends string> {
  readonly value: Value;
  readonly label: string;
  /** A second line. */
  readonly hint?: string;
  readonly disabled?: boolean;
}

interface SelectProps<Value extends string> {
  value: Value | null;
  options: readonly SelectOption<Value>[];
  onChange: (value: Value) => void;
  placeholder?: string;
  disabled?: boolean;
  className?: string;
  /** From the Field around it. */
  control?: ControlIds;
  /** Where no Field is around it. */
  'aria-label'?: string;
}

/** One of many, in a list that opens. */
export function Select<Value extends string>({
  value,
  options,
  onChange,
  placeholder = 'Choose',
  disabled = false,
  className,
  control,
  'aria-label': label,
}: SelectProps<Value>) {
  return (
    <Base.Root
      items={options.map((option) => ({ value: option.value, label: option.label }))}
      value={value}
      onValueChange={(next) => {
        if (next !== null) onChange(next);
      }}
      disabled={disabled}
    >
      <Base.Trigger
        {...control}
        aria-label={label}
        className={classNames(
          'control inline-flex max-w-full cursor-pointer items-center justify-between gap-2 pr-2! text-left select-none data-disabled:cursor-not-allowed',
          className,
        )}
      >
        <Base.Value placeholder={placeholder} className="truncate data-placeholder:text-muted" />
        <Base.Icon className="text-muted">
          <Icon name="chevron-down" />
        </Base.Icon>
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner
          className="z-50 outline-none select-none"
          sideOffset={4}
          alignItemWithTrigger={false}
        >
          <Base.Popup className="max-h-[min(var(--available-height),24rem)] min-w-[var(--anchor-width)] max-w-[min(32rem,calc(100vw-2rem))] overflow-y-auto rounded-lg border border-line bg-raised p-1 shadow-raised outline-none">
            <Base.List>
              {options.map((option) => (
                <Base.Item
                  key={option.value}
                  value={option.value}
                  disabled={option.disabled}
                  className="grid cursor-pointer grid-cols-[16px_1fr] items-start gap-x-2 rounded-sm py-1.5 pr-3 pl-2 outline-none data-disabled:cursor-not-allowed data-disabled:text-muted data-highlighted:bg-accent-soft"
                >
                  <Base.ItemIndicator className="col-start-1 row-start-1 mt-0.5 text-accent">
                    <Icon name="check" />
                  </Base.ItemIndicator>
                  <span className="col-start-2 row-start-1 min-w-0">
                    <Base.ItemText>{option.label}</Base.ItemText>
                    {option.hint !== undefined && (
                      <span className="block text-sm text-muted">{option.hint}</span>
                    )}
                  </span>
                </Base.Item>
              ))}
            </Base.List>
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
