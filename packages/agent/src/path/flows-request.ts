// Asks the peer to let flows in that come from ports of their own.

import type { Endpoint } from '@pinhole/wire';
import { sameOctets } from '../session/request.ts';
import type { TracingAnswer } from '../session/session.ts';
import { askTwice } from '../timing/ask.ts';
import type { PathOptions } from './options.ts';

/** Resolves when it has, or did not answer. */
export async function askForFlows(
  { net, session, send, signal }: PathOptions,
  from: readonly Endpoint[],
): Promise<void> {
  if (from.length === 0) return;
  const { promise, resolve } = Promise.withResolvers<true>();
  const asked: Uint8Array[] = [];
  const take = ({ transactionId }: TracingAnswer) => {
    if (asked.some((each) => sameOctets(each, transactionId))) resolve(true);
  };
  session.tracingAnswers.add(take);
  await askTwice(net.clock, signal, promise, () => {
    // A question that has come already is taken for somebody's copy, and not answered.
    const transactionId = net.random.bytes(12);
    asked.push(transactionId);
    send(session.tracingMessage(transactionId, { kind: 'flows', from }));
  });
  session.tracingAnswers.delete(take);
}
