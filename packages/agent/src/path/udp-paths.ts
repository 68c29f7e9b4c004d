// The paths of a session over UDP: in its own flow, or in flows of their own.

import type { PathTrace } from '@pinhole/contract';
import type { TracingAnswer } from '../session/session.ts';
import type { Flow } from './flow.ts';
import { hopQuestions, inTurn, type PathOptions } from './options.ts';
import { pathTrace } from './result.ts';
import { traceLimitMs } from './trace.ts';
import { runTrace } from './tracer.ts';
import { freshFlows, letIn } from './udp-flows.ts';
import { UdpProber } from './udp-prober.ts';

/**
 * `ownFlow` opens the session's own 5-tuple. Never rejects; empty where no flow could be had. Once the signal is aborted
 * what there is is given back at once.
 */
export async function traceOverUdp(options: PathOptions, ownFlow: () => Flow): Promise<PathTrace[]> {
  const { net, session, plan, signal } = options;
  const isOwn = plan.mode === 'in-session';
  const probers = new Set<UdpProber>();
  const take = (answer: TracingAnswer) => {
    for (const prober of probers) if (prober.takeAnswer(answer)) return;
  };
  const fresh = isOwn ? [] : await freshFlows(options);
  const flows: readonly Flow[] = isOwn ? [ownFlow()] : fresh;
  session.tracingAnswers.add(take);
  for (const flow of flows) {
    flow.onIcmp = (report) => {
      for (const prober of probers) prober.takeIcmp(report);
    };
  }
  try {
    await letIn(options, fresh);
    let isMtuAsked = false;
    const found = await inTurn(net.clock, signal, isOwn ? plan.traces : flows.length, (i) => {
      const flow = flows[isOwn ? 0 : i]!;
      const prober = new UdpProber(net, session, flow);
      probers.add(prober);
      return traceFlow(options, flow, prober, () => {
        const isFirst = !isMtuAsked;
        isMtuAsked = true;
        return isFirst ? prober.findMtu(signal) : null;
      });
    });
    // All in one flow go the same way.
    const pathMtu = found.find((trace) => trace.pathMtu !== null)?.pathMtu ?? null;
    return isOwn ? found.map((trace) => ({ ...trace, pathMtu })) : found;
  } finally {
    for (const flow of flows) flow.close();
    session.tracingAnswers.delete(take);
  }
}

/** `findMtu` is asked where the peer has been reached. */
async function traceFlow(
  { net: { clock }, plan, signal, ownAddress }: PathOptions,
  flow: Flow,
  prober: UdpProber,
  findMtu: () => Promise<number | null> | null,
): Promise<PathTrace> {
  const { target, localPort } = flow;
  const startedAtMs = Math.floor(clock.wallMs());
  const traced = await runTrace(
    clock,
    signal,
    { target: target.address, ...hopQuestions(plan), limitMs: traceLimitMs, oneAtATime: false },
    prober,
  );
  const finishedAtMs = Math.floor(clock.wallMs());
  const pathMtu = traced.state.end === 'reached' ? await findMtu() : null;
  return pathTrace(traced, {
    mode: plan.mode,
    protocol: 'udp',
    source: { address: prober.ownAddress ?? ownAddress, port: localPort },
    target,
    pathMtu,
    mss: null,
    tooBig: prober.tooBig,
    startedAtMs,
    finishedAtMs,
  });
}
