// The path of a session's own TCP connection, traced inside it.
//
// First every TTL at once, a little apart: routers answer, and tell how far away they are. The peer does not show in this,
// for whatever dies is sent again. So when all has arrived, and the stream is quiet, the TTLs behind the last router are
// tried one by one: the first that needs no second transmission has reached the peer.

import { maxHops, maxProbesPerHop, type PathTrace } from '@pinhole/contract';
import type { Clock } from '@pinhole/net';
import { pause } from '../timing/pause.ts';
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
/** Where the peer traces, too, what dies of its own is there again after 200 ms. */
const askAgainMs = 250;

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
    if (!(await reaches(clock, signal, prober, state, ttl))) continue;
    state.end = 'reached';
    // A segment that was lost, and not expired, makes the peer seem one hop further: so the hop before is asked once more.
    const before = state.hops[ttl - 2];
    if (ttl - 1 > last && before !== undefined && before.length < maxProbesPerHop)
      if (await becomesWhole(clock, prober)) await reaches(clock, signal, prober, state, ttl - 1);
    return;
  }
}

/** Whether the peer is that far away; asked again where its round trip is not certain, and the shortest is taken then. */
async function reaches(
  clock: Clock,
  signal: AbortSignal,
  prober: StreamProber,
  { hops }: Traced['state'],
  ttl: number,
): Promise<boolean> {
  const asked = hops[ttl - 1] ?? [];
  hops[ttl - 1] = asked;
  const atMs = clock.monotonicNs() / 1e6;
  const attempt = asked.length;
  let arrived = await prober.arrives({ ttl, attempt }, answerTimeoutMs);
  let shortestMs = arrived.reached ? arrived.roundTripMs : Number.POSITIVE_INFINITY;
  for (let more = 1; arrived.reached && !arrived.isCertain && more < maxProbesPerHop; more++) {
    await pause(clock, askAgainMs, signal);
    if (signal.aborted || !(await becomesWhole(clock, prober))) break;
    arrived = await prober.arrives({ ttl, attempt: attempt + more }, answerTimeoutMs);
    if (arrived.reached)
      shortestMs = arrived.isCertain ? arrived.roundTripMs : Math.min(shortestMs, arrived.roundTripMs);
  }
  const isReached = shortestMs < Number.POSITIVE_INFINITY;
  const by = { kind: 'peer', receivedTtl: null } as const;
  asked.push({ atMs, answer: isReached ? { ttl, attempt, roundTripMs: shortestMs, by } : null });
  return isReached;
}

async function becomesWhole(clock: Clock, prober: StreamProber): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < wholeWithinMs; waitedMs += lookMs) {
    if (prober.isWhole) return true;
    await pause(clock, lookMs);
  }
  return prober.isWhole;
}
