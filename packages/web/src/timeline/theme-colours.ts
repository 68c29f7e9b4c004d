// The page's colours as a canvas takes them: it knows no custom properties and no light-dark().

import { useSyncExternalStore } from 'react';

/** Of each theme; to find one out takes the browser longer than to draw with it. */
const known = new Map<string, string>();

/** `--color-ink` as an `rgb(…)` of the theme that is shown now. */
export function colourOf(name: string): string {
  const key = `${themeName()} ${name}`;
  const colour = known.get(key) ?? askedColour(name);
  known.set(key, colour);
  return colour;
}

function askedColour(name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

/** The same colour, let through by so much. */
export function fadedColour(name: string, alpha: number): string {
  return colourOf(name).replace(/^rgba?\((\d+), (\d+), (\d+).*$/, `rgba($1, $2, $3, ${alpha})`);
}

/** Another value whenever the theme has changed. */
export function useThemeName(): string {
  return useSyncExternalStore((changed) => {
    const observer = new MutationObserver(changed);
    observer.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    const system = matchMedia('(prefers-color-scheme: dark)');
    system.addEventListener('change', changed);
    return () => {
      observer.disconnect();
      system.removeEventListener('change', changed);
    };
  }, themeName);
}

function themeName(): string {
  return `${document.documentElement.dataset.theme ?? ''} ${matchMedia('(prefers-color-scheme: dark)').matches}`;
}
