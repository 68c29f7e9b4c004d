// What a session does for its peer's tracing of the path (path/): it answers what reaches it, and opens the way for flows
// that come from elsewhere.

import type { SessionEffect, SessionEvent, SessionState } from './state.ts';

type Asked = Extract<Extract<SessionEvent, { kind: 'message' }>['body'], { kind: 'trace' | 'flows' }>;
type TracingMessage = Extract<SessionEvent, { kind: 'message' }> & { readonly body: Asked };

/** Ten traces of 32 hops, the last few of each three times, and what the path MTU takes: an honest peer asks for less. */
const maxAnswers = 512;
/** Each costs a mapping at what is in front of this side: ten flows, asked for again and again where answers are lost. */
const maxWaysOpened = 40;
/** After the peer's last request; it may be asking for a hop that is far away. */
const patienceMs = 5_000;
/** However often it asks: all that a round's tracing can take. */
const limitMs = 30_000;

/**
 * Nothing before there is a way: until then nobody has shown to be where it says. And each request once: what comes again
 * is somebody's copy, whose sender need not be the peer. Who has had no answer asks in another transaction.
 */
export function answerTracing(
  state: SessionState,
  { from, receivedTtl, transactionId, body }: TracingMessage,
  nowMs: number,
  effects: SessionEffect[],
): void {
  const { remote, phase } = state;
  const key = Buffer.from(transactionId).toString('latin1');
  const { answeredTraces } = state;
  if (remote === null || phase === 'gone' || answeredTraces.has(key) || answeredTraces.size >= maxAnswers)
    return;
  answeredTraces.add(key);
  if (phase === 'lingering') {
    const untilMs = Math.min(nowMs + patienceMs, state.finishedAtMs + limitMs);
    state.lingerUntilMs = Math.max(state.lingerUntilMs, untilMs);
  }
  if (body.kind === 'trace') {
    const answer = { kind: 'traced', receivedTtl, mapped: from } as const;
    effects.push({ kind: 'send', to: from, transactionId, body: answer });
    return;
  }
  // To the peer's own address only: nobody is to be made to send to others.
  for (const to of body.from) {
    if (to.address !== remote.address || state.waysOpened >= maxWaysOpened) continue;
    state.waysOpened += 1;
    effects.push({ kind: 'open-way', to });
  }
  effects.push({ kind: 'send', to: from, transactionId, body: { kind: 'flows-opened' } });
}
