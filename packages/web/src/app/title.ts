import { useEffect } from 'react';

/** The document's title: what is shown, then the program. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} – Pinhole`;
  }, [title]);
}
