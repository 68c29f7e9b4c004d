// A trace that is over, as it is reported.

import type { PathTrace, TracedHop } from '@pinhole/contract';
import { natsOn } from '@pinhole/measure';
import type { IpAddress } from '@pinhole/wire';
import { answers, reachedAt, stoppedAt, type TraceAnswer, type TraceState } from './trace.ts';
import type { Traced } from './tracer.ts';

export interface TraceFrame
  extends Pick<
    PathTrace,
    'mode' | 'protocol' | 'source' | 'target' | 'pathMtu' | 'mss' | 'startedAtMs' | 'finishedAtMs'
  > {
  /** Who said that a packet was too large for the link behind, and how large one may be. */
  readonly tooBig: ReadonlyMap<IpAddress, number>;
}

export function pathTrace({ state, told }: Traced, { tooBig, ...frame }: TraceFrame): PathTrace {
  const last = state.hops.findLastIndex((asked) => answers(asked).length > 0) + 1;
  // What was answered from behind the end was on its way when that was found.
  const length = reachedAt(state) ?? stoppedAt(state)?.ttl ?? last;
  const hops = Array.from({ length }, (_, i): TracedHop => {
    const asked = state.hops[i] ?? [];
    const said = told.get(i + 1);
    const all = answers(asked);
    const by = firstAnswer(asked)?.by ?? null;
    // The peer has one address for whoever is outside: the one that the packets go to.
    const router = by?.kind === 'expired' || by?.kind === 'unreachable' ? by : null;
    const address = by === null ? null : (router?.address ?? frame.target.address);
    return {
      ttl: i + 1,
      address,
      sent: Math.max(1, asked.length),
      roundTripsMs: all.map(({ roundTripMs }) => Math.round(roundTripMs * 1000) / 1000),
      icmp: router?.icmp ?? null,
      quotedTtl: said?.quoted?.ttl ?? null,
      mpls: (said?.mpls ?? []).map((label) => ({ ...label })),
      mtu: router === null ? null : (tooBig.get(router.address) ?? null),
      nat: null,
    };
  });
  const end = state.end ?? 'time';
  const stoppedBy = end === 'unreachable' ? hops.at(-1) : undefined;
  const quotedSources = new Map(
    [...told].flatMap(([ttl, { quoted }]) => (quoted === null ? [] : [[ttl, quoted.source] as const])),
  );
  const nats = natsOn({ ...frame, end, hops }, quotedSources);
  return {
    ...frame,
    hops: hops.map((hop, i) => ({ ...hop, nat: nats[i] ?? null })),
    end,
    endIcmp: stoppedBy?.icmp ?? null,
    ttlRewrittenAt: rewrittenAt(state),
  };
}

/** In time, not in the order of asking: with it came what else is told of the hop. */
function firstAnswer(asked: TraceState['hops'][number]): TraceAnswer | undefined {
  const arrivals = asked.flatMap(({ atMs, answer }) =>
    answer === null ? [] : [{ atMs: atMs + answer.roundTripMs, answer }],
  );
  return arrivals.toSorted((a, b) => a.atMs - b.atMs)[0]?.answer;
}

/** With more of the TTL left than was sent: something on the way has set it anew. */
function rewrittenAt(state: TraceState): number | null {
  const ttl = reachedAt(state);
  const isMore = ({ by }: TraceAnswer) => by.kind === 'peer' && ttl !== null && (by.receivedTtl ?? 0) > ttl;
  return ttl !== null && answers(state.hops[ttl - 1]).some(isMore) ? ttl : null;
}
