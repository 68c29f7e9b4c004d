// The driver of one trace: a machine that says which probe leaves when, and what sends them.

import type { Clock } from '@pinhole/net';
import type { Endpoint, MplsLabel } from '@pinhole/wire';
import { drive } from '../timing/drive.ts';
import {
  startTrace,
  stepTrace,
  type TraceAnswer,
  type TraceEvent,
  type TracePlan,
  type TraceProbe,
  type TraceState,
} from './trace.ts';

/** What an ICMP error says beside who it is from. */
export interface Told {
  readonly mpls: readonly MplsLabel[];
  /** Of the packet quoted: where it came from, and what was left of its TTL; null where the system does not show that. */
  readonly quoted: { readonly source: Endpoint; readonly ttl: number } | null;
}

/** What came back for a probe. */
export type Heard = Pick<TraceAnswer, 'by' | 'roundTripMs'> & { readonly told: Told | null };

export interface Prober {
  /** Sends it; `onHeard` may be called at any time, or never, but not before this returns. */
  send(probe: TraceProbe, onHeard: (heard: Heard) => void): void;
}

export interface Traced {
  readonly state: TraceState;
  /** By TTL, of the first error that a hop sent. */
  readonly told: ReadonlyMap<number, Told>;
}

/** Takes 3 s at most. Never rejects. */
export async function runTrace(
  clock: Clock,
  signal: AbortSignal,
  plan: TracePlan,
  prober: Prober,
): Promise<Traced> {
  const nowMs = () => clock.monotonicNs() / 1e6;
  const state = startTrace(plan, nowMs());
  const toldBy = new Map<number, Told>();
  await drive<TraceEvent>(clock, signal, (feed) => (event) => {
    const { probes, wakeAtMs } = stepTrace(state, event, nowMs());
    for (const probe of probes) {
      prober.send(probe, ({ by, roundTripMs, told }) => {
        if (told !== null && !toldBy.has(probe.ttl)) toldBy.set(probe.ttl, told);
        feed({ kind: 'answer', answer: { ...probe, by, roundTripMs } });
      });
    }
    return wakeAtMs;
  });
  return { state, told: toldBy };
}
