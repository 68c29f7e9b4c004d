import { type ReactNode, useEffect, useRef } from 'react';

/** The head of a screen: its title, what it is for, what can be done. */
export function PageHeader({
  title,
  description,
  actions,
}: {
  title: string;
  description?: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <header className="mb-4 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        <h1 className="text-xl font-semibold">{title}</h1>
        {description !== undefined && <p className="max-w-prose text-muted">{description}</p>}
      </div>
      {actions !== undefined && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </header>
  );
}

/** A white sheet on the canvas. */
export function Panel({ children, className = '' }: { children: ReactNode; className?: string }) {
  return <div className={`rounded-lg border border-line bg-surface ${className}`}>{children}</div>;
}

/** Opens on a click or Enter: evidence, and what is rarely needed. */
export function Disclosure({
  summary,
  children,
  className = '',
  open = false,
}: {
  summary: ReactNode;
  children: ReactNode;
  className?: string;
  /** Opens it when this becomes true; the reader may close it all the same. */
  open?: boolean;
}) {
  const element = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    if (open && element.current !== null) element.current.open = true;
  }, [open]);
  return (
    <details ref={element} className={`group/disclosure ${className}`}>
      <summary className="inline-flex cursor-pointer items-center gap-1 rounded-sm text-accent select-none marker:content-none">
        <span className="transition-transform group-open/disclosure:rotate-90" aria-hidden="true">
          <svg
            className="size-3"
            viewBox="0 0 16 16"
            fill="none"
            stroke="currentColor"
            strokeWidth="2"
            aria-hidden="true"
          >
            <path d="m6 4 4 4-4 4" />
          </svg>
        </span>
        {summary}
      </summary>
      <div className="mt-2">{children}</div>
    </details>
  );
}

/** Facts by name. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className="grid grid-cols-1 gap-x-6 sm:grid-cols-[11rem_1fr]">{children}</dl>;
}

export function Fact({ name, children }: { name: ReactNode; children: ReactNode }) {
  return (
    <>
      <dt className="pt-1.5 text-muted sm:pb-1.5">{name}</dt>
      <dd className="min-w-0 pb-1.5 break-words sm:pt-1.5">{children}</dd>
    </>
  );
}
