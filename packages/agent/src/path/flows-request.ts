// Asks the peer to let flows in that come from ports of their own.

import type { Endpoint } from '@pinhole/wire';
import type { TracingAnswer } from '../session/session.ts';
import type { PathOptions } from './options.ts';

const answerTimeoutMs = 1_000;
const askAgainMs = 300;

/** Resolves when it has, or did not answer. */
export async function askForFlows(
  { net, session, send }: PathOptions,
  from: readonly Endpoint[],
): Promise<void> {
  if (from.length === 0) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const transactionId = net.random.bytes(12);
  const take = (answer: TracingAnswer) => {
    if (Buffer.compare(answer.transactionId, transactionId) === 0) resolve();
  };
  session.tracingAnswers.add(take);
  const ask = () => send(session.tracingMessage(transactionId, { kind: 'flows', from }));
  ask();
  const timers = [net.clock.after(askAgainMs, ask), net.clock.after(answerTimeoutMs, resolve)];
  await promise;
  for (const timer of timers) timer.cancel();
  session.tracingAnswers.delete(take);
}
