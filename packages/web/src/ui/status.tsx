import type { ReactNode } from 'react';
import { classNames } from './class-names.ts';
import { Icon, type IconName } from './icon.tsx';

export type Tone = 'good' | 'warn' | 'bad' | 'neutral' | 'accent';

const inks: Record<Tone, string> = {
  good: 'text-good',
  warn: 'text-warn',
  bad: 'text-bad',
  neutral: 'text-muted',
  accent: 'text-accent',
};

const fills: Record<Tone, string> = {
  good: 'bg-good-soft text-good',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
  neutral: 'bg-sunken text-muted',
  accent: 'bg-accent-soft text-accent',
};

const icons: Record<Tone, IconName> = {
  good: 'good',
  warn: 'warning',
  bad: 'warning',
  neutral: 'unknown',
  accent: 'info',
};

interface StatusProps {
  tone: Tone;
  icon?: IconName;
  className?: string;
  /** A word or two: colour and icon never say it alone. */
  children: ReactNode;
}

/** Icon and word in a line of text or a table. */
export function Status({ tone, icon = icons[tone], className, children }: StatusProps) {
  return (
    <span className={classNames('inline-flex items-start gap-1.5', inks[tone], className)}>
      <Icon name={icon} className="mt-0.5" />
      <span>{children}</span>
    </span>
  );
}

/** The same, set off by a fill; without an icon unless one is given. */
export function Badge({ tone, icon, className, children }: StatusProps) {
  return (
    <span
      className={classNames(
        'inline-flex items-center gap-1 rounded-sm px-1.5 py-0.5 text-xs font-medium whitespace-nowrap',
        fills[tone],
        className,
      )}
    >
      {icon !== undefined && <Icon name={icon} className="size-3.5!" />}
      {children}
    </span>
  );
}

/** A paragraph that must be seen: what is wrong or worth knowing, and what to do. */
export function Notice({
  tone,
  icon = icons[tone],
  title,
  children,
}: {
  tone: Tone;
  icon?: IconName;
  title: ReactNode;
  children?: ReactNode;
}) {
  return (
    <div className={classNames('flex gap-2.5 rounded-md px-3 py-2.5', fills[tone])}>
      <Icon name={icon} className="mt-0.5" />
      <div className="min-w-0 flex-1">
        <div className="font-medium">{title}</div>
        {children !== undefined && <div className="mt-0.5 text-ink">{children}</div>}
      </div>
    </div>
  );
}
