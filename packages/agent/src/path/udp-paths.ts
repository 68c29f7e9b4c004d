// The paths of a session over UDP: in its own flow, or in flows of their own.

import type { PathTrace } from '@pinhole/contract';
import { ip } from '@pinhole/wire';
import type { TracingAnswer } from '../session/session.ts';
import type { Flow } from './flow.ts';
import { hopQuestions, inTurn, type PathOptions } from './options.ts';
import { pathTrace } from './result.ts';
import { traceLimitMs } from './trace.ts';
import { runTrace } from './tracer.ts';
import { openFlows } from './udp-flows.ts';
import { UdpProber } from './udp-prober.ts';

const unspecified = ip('0.0.0.0');

/** `ownFlow` opens the session's own 5-tuple. Never rejects; empty where no flow could be had. */
export async function traceOverUdp(options: PathOptions, ownFlow: () => Flow): Promise<PathTrace[]> {
  const { net, session, plan } = options;
  const probers = new Set<UdpProber>();
  const take = (answer: TracingAnswer) => {
    for (const prober of probers) if (prober.takeAnswer(answer)) return;
  };
  session.tracingAnswers.add(take);
  const isOwn = plan.mode === 'in-session';
  const flows = isOwn ? [ownFlow()] : await openFlows(options);
  for (const flow of flows) {
    flow.onIcmp = (report) => {
      for (const prober of probers) prober.takeIcmp(report);
    };
  }
  const found = await inTurn(net.clock, isOwn ? plan.traces : flows.length, (i) => {
    const flow = flows[isOwn ? 0 : i]!;
    const prober = new UdpProber(net, session, flow);
    probers.add(prober);
    return traceFlow(options, flow, prober, i === 0);
  });
  for (const flow of flows) flow.close();
  session.tracingAnswers.delete(take);
  // All in one flow go the same way.
  const pathMtu = isOwn ? (found[0]?.pathMtu ?? null) : null;
  return isOwn ? found.map((trace) => ({ ...trace, pathMtu })) : found;
}

async function traceFlow(
  { net, plan, signal }: PathOptions,
  flow: Flow,
  prober: UdpProber,
  isFirst: boolean,
): Promise<PathTrace> {
  const { clock, host } = net;
  const { target, localPort } = flow;
  const startedAtMs = Math.floor(clock.wallMs());
  const traced = await runTrace(
    clock,
    signal,
    { target: target.address, ...hopQuestions(plan), limitMs: traceLimitMs, oneAtATime: false },
    prober,
  );
  const finishedAtMs = Math.floor(clock.wallMs());
  const pathMtu = isFirst && traced.state.end === 'reached' ? await prober.findMtu(signal) : null;
  const address = prober.ownAddress ?? host.interfaces()[0]?.ipAddresses[0] ?? unspecified;
  return pathTrace(traced, {
    mode: plan.mode,
    protocol: 'udp',
    source: { address, port: localPort },
    target,
    pathMtu,
    mss: null,
    tooBig: prober.tooBig,
    startedAtMs,
    finishedAtMs,
  });
}
