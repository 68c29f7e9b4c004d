// The path of a session's own TCP connection, traced inside it.
//
// First every TTL at once, a little apart: routers answer, and tell how far away they are. The peer does not show in this,
// for whatever dies is sent again. So when all has arrived, and the stream is quiet, the TTLs behind the last router are
// tried one by one: the first that needs no second transmission has reached the peer.

import { maxHops, maxProbesPerHop, type PathTrace } from '@pinhole/contract';
import type { Clock } from '@pinhole/net';
import type { PathOptions } from './options.ts';
import { pathTrace } from './result.ts';
import { type Stream, StreamProber } from './stream-prober.ts';
import { answers, traceLimitMs } from './trace.ts';
import { runTrace, type Traced } from './tracer.ts';

/** TCP's least retransmission timeout on Linux is 200 ms, and doubles; a stream that is not whole by then is broken. */
const wholeWithinMs = 3_000;
const lookMs = 20;
/** More silent hops in a row than this, and a trace ends. */
const silentHops = 6;
const answerTimeoutMs = 1_500;

/** Null where ICMP cannot be read. Never rejects. */
export async function traceInStream(
  { net, session, signal }: PathOptions,
  stream: Stream,
): Promise<PathTrace | null> {
  const { clock } = net;
  const prober = await StreamProber.open(net, session, stream);
  if (prober === null) return null;
  const startedAtMs = Math.floor(clock.wallMs());
  // Each is asked once: what dies holds up what comes behind it.
  const plan = {
    target: stream.remote.address,
    answersPerHop: 1,
    attemptsPerHop: 1,
    limitMs: traceLimitMs,
    oneAtATime: false,
  };
  const traced = await runTrace(clock, signal, plan, prober);
  if (traced.state.end === 'silent' || traced.state.end === 'far')
    await findPeer(clock, signal, prober, traced);
  prober.close();
  const info = stream.info();
  return pathTrace(traced, {
    mode: 'in-session',
    protocol: 'tcp',
    source: stream.local,
    target: stream.remote,
    pathMtu: info?.pathMtu ?? null,
    mss: info?.mss ?? null,
    tooBig: new Map(),
    startedAtMs,
    finishedAtMs: Math.floor(clock.wallMs()),
  });
}

async function findPeer(
  clock: Clock,
  signal: AbortSignal,
  prober: StreamProber,
  { state }: Traced,
): Promise<void> {
  const last = state.hops.findLastIndex((asked) => answers(asked).length > 0) + 1;
  for (let ttl = last + 1; ttl <= Math.min(maxHops, last + silentHops); ttl++) {
    if (signal.aborted || !(await becomesWhole(clock, prober))) return;
    const asked = state.hops[ttl - 1] ?? [];
    const atMs = clock.monotonicNs() / 1e6;
    const probe = { ttl, attempt: asked.length };
    const roundTripMs = await prober.arrives(probe, answerTimeoutMs);
    const by = { kind: 'peer', receivedTtl: null } as const;
    asked.push({ atMs, answer: roundTripMs === null ? null : { ...probe, roundTripMs, by } });
    state.hops[ttl - 1] = asked;
    if (roundTripMs === null) continue;
    state.end = 'reached';
    // A segment that was lost, and not expired, makes the peer seem one hop further: so the hop before is asked once more.
    if (ttl - 1 > last) await askAgain(clock, prober, state, ttl - 1);
    return;
  }
}

async function askAgain(
  clock: Clock,
  prober: StreamProber,
  state: Traced['state'],
  ttl: number,
): Promise<void> {
  const asked = state.hops[ttl - 1];
  if (asked === undefined || asked.length >= maxProbesPerHop || !(await becomesWhole(clock, prober))) return;
  const atMs = clock.monotonicNs() / 1e6;
  const probe = { ttl, attempt: asked.length };
  const roundTripMs = await prober.arrives(probe, answerTimeoutMs);
  const by = { kind: 'peer', receivedTtl: null } as const;
  asked.push({ atMs, answer: roundTripMs === null ? null : { ...probe, roundTripMs, by } });
}

async function becomesWhole(clock: Clock, prober: StreamProber): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < wholeWithinMs; waitedMs += lookMs) {
    if (prober.isWhole) return true;
    await new Promise<void>((resolve) => clock.after(lookMs, resolve));
  }
  return prober.isWhole;
}
