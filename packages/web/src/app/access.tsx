// What a person with reading access sees in place of what would change something.

import { useQuery } from '@tanstack/react-query';
import { sessionQuery } from '../api/session.ts';
import { Notice } from '../ui/status.tsx';

export function useMayWrite(): boolean {
  return useQuery({ ...sessionQuery, notifyOnChangeProps: ['data'] }).data?.access === 'write';
}

/** `what`: "change agents", "make tests". */
export function ReadOnlyNotice({ what }: { what: string }) {
  return (
    <Notice tone="neutral" icon="info" title={`You may look, but not ${what}`}>
      Your access is limited to reading. Somebody with writing access can change that under Settings, People.
    </Notice>
  );
}
