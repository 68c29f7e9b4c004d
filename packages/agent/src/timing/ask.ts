// A question that is asked twice, for one of its packets may be lost.

import type { Clock } from '@pinhole/net';
import { pause } from './pause.ts';

/** RFC 8489 §6.2.1 has 500 ms, for servers that are far away and busy. */
const askAgainMs = 300;
/** Whoever asks has a trace to begin. */
const answerTimeoutMs = 1_000;

/** What `answer` resolves with; null where that is not within a second, or `signal` is aborted. */
export async function askTwice<Answer>(
  clock: Clock,
  signal: AbortSignal,
  answer: Promise<Answer>,
  ask: () => void,
): Promise<Answer | null> {
  const ending = new AbortController();
  const end = () => ending.abort();
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  else ask();
  const again = pause(clock, askAgainMs, ending.signal).then(() => {
    if (!ending.signal.aborted) ask();
  });
  const late = pause(clock, answerTimeoutMs, ending.signal).then(() => null);
  const found = await Promise.race([answer, late]);
  signal.removeEventListener('abort', end);
  end();
  await again;
  return found;
}
