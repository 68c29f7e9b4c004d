import { createLink } from '@tanstack/react-router';
import type { ComponentProps, ReactNode } from 'react';
import { classNames } from './class-names.ts';
import { Icon, type IconName } from './icon.tsx';

export type ButtonVariant = 'primary' | 'default' | 'quiet' | 'danger';

interface Look {
  /** One primary button a screen. */
  variant?: ButtonVariant;
  size?: 'm' | 's';
  icon?: IconName;
}

type ButtonProps = ComponentProps<'button'> & Look & { busy?: boolean };

/** A button with a word. While `busy` it takes no clicks, but keeps the focus. */
export function Button({
  variant,
  size,
  icon,
  busy = false,
  children,
  className,
  onClick,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      aria-disabled={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
      className={classNames(look({ variant, size }), busy && 'cursor-progress', className)}
      {...rest}
    >
      {busy ? <Spinner /> : icon !== undefined && <Icon name={icon} />}
      {children}
    </button>
  );
}

/** A button that shows an icon only; `label` is its name. */
export function IconButton({
  icon,
  label,
  variant = 'quiet',
  size = 'm',
  className,
  ...rest
}: Omit<ComponentProps<'button'>, 'children'> & Look & { icon: IconName; label: string }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={classNames(look({ variant, size }), size === 's' ? 'w-6 px-0!' : 'w-8 px-0!', className)}
      {...rest}
    >
      <Icon name={icon} />
    </button>
  );
}

function Anchor({
  variant,
  size,
  icon,
  children,
  className,
  ...rest
}: ComponentProps<'a'> & Look & { children?: ReactNode }) {
  return (
    <a className={classNames(look({ variant, size }), className)} {...rest}>
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </a>
  );
}

/** Looks like a button, leads elsewhere: takes the router's link properties. */
export const ButtonLink = createLink(Anchor);

export function Spinner({ className = '' }: { className?: string }) {
  return (
    <svg
      className={`size-4 shrink-0 animate-spin ${className}`}
      viewBox="0 0 16 16"
      fill="none"
      aria-hidden="true"
    >
      <circle cx="8" cy="8" r="6" stroke="currentColor" strokeOpacity="0.25" strokeWidth="2" />
      <path d="M14 8a6 6 0 0 0-6-6" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
    </svg>
  );
}

function look({ variant = 'default', size = 'm' }: Pick<Look, 'variant' | 'size'>): string {
  return `${base} ${size === 's' ? 'h-6 px-2 text-sm' : 'h-8 px-3'} ${variants[variant]}`;
}

const base =
  'inline-flex items-center justify-center gap-1.5 rounded-md border font-medium whitespace-nowrap select-none cursor-pointer transition-colors disabled:cursor-not-allowed disabled:border-line disabled:bg-sunken disabled:text-muted';

const variants: Record<ButtonVariant, string> = {
  primary: 'border-transparent bg-accent-fill text-white hover:bg-accent-fill-hover',
  default: 'border-line-strong bg-surface text-ink hover:bg-hover',
  quiet:
    'border-transparent bg-transparent text-ink hover:bg-hover disabled:bg-transparent disabled:border-transparent',
  danger: 'border-transparent bg-bad-fill text-white hover:brightness-110',
};
