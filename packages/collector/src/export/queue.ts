// Which results wait for which streams.

import type { RoundResult } from '@pinhole/contract';
import type { Store } from '../store/schema.ts';
import { enqueue, listStreams, type StreamSettings } from '../store/streams.ts';

/** In the transaction that keeps the results, so that none is missed, whatever happens then. */
export async function enqueueResults(db: Store, fresh: readonly RoundResult[]): Promise<void> {
  if (fresh.length === 0) return;
  for (const { streamId, settings } of await listStreams(db))
    if (settings.enabled)
      await enqueue(
        db,
        streamId,
        fresh.filter(({ testId }) => isInStream(settings, testId)),
      );
}

/** Without a choice of tests, all are in it. */
export function isInStream({ testMatch, testTypes }: StreamSettings, testId: string): boolean {
  if (testTypes !== null && !testTypes.includes('agent-to-agent')) return false;
  return testMatch.length === 0 || testMatch.some(({ id, domain }) => id === testId && domain === 'cea');
}
