import { useState } from 'react';
import { Button } from './button.tsx';

/** Copies `text`; says so for readers too. */
function CopyButton({
  text,
  label = 'Copy',
  size = 'm',
}: {
  text: string;
  label?: string;
  size?: 'm' | 's';
}) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      setState('copied');
    } catch {
      // Without HTTPS browsers have no clipboard.
      setState(copyBySelection(text) ? 'copied' : 'failed');
    }
  }
  return (
    <>
      <Button size={size} icon={state === 'copied' ? 'check' : 'copy'} onClick={() => void copy()}>
        {state === 'copied' ? 'Copied' : label}
      </Button>
      <span role="status" className={state === 'failed' ? 'text-sm text-bad' : 'sr-only'}>
        {state === 'copied' && 'Copied to the clipboard'}
        {state === 'failed' && 'This browser does not let a page copy: select the text and copy it.'}
      </span>
    </>
  );
}

function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  // Within a dialog's focus trap, or the dialog takes the focus back before the copy.
  const parent = document.activeElement?.parentElement ?? document.body;
  parent.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  return done;
}

/** A line or lines for a shell or a file, with a button that copies them. */
export function CodeBlock({ label, text }: { label: string; text: string }) {
  return (
    <div className="rounded-md border border-line bg-sunken">
      <div className="flex items-center justify-between gap-2 border-b border-line px-3 py-1.5">
        <span className="text-sm text-muted">{label}</span>
        <CopyButton text={text} size="s" />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be scrollable by the keyboard */}
      <section tabIndex={0} aria-label={label} className="overflow-x-auto px-3 py-2.5">
        <pre className="font-mono text-sm whitespace-pre-wrap wrap-anywhere">{text}</pre>
      </section>
    </div>
  );
}
