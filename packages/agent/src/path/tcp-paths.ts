// The paths of a session over TCP by SYNs, each trace from a port of its own; which takes no privilege. A NAT in front of the
// peer is where they end: what could be opened for one SYN lets no other in (conntrack looks at sequence numbers).

import type { PathTrace } from '@pinhole/contract';
import type { TcpListener } from '@pinhole/net';
import { ip } from '@pinhole/wire';
import { hopQuestions, inTurn, type PathOptions } from './options.ts';
import { pathTrace } from './result.ts';
import { SynProber } from './syn-prober.ts';
import { runTrace } from './tracer.ts';

/** A round trip for each hop, one after the other: 20 hops of 0.3 s, and some that are silent. */
const synLimitMs = 8_000;
const anyAddress = ip('0.0.0.0');

/** Never rejects; empty where no port could be had. Once the signal is aborted all ports are given back at once. */
export async function traceBySyns(options: PathOptions): Promise<PathTrace[]> {
  const { net, plan, signal } = options;
  const opened = await Promise.all(Array.from({ length: plan.traces }, () => reservePort(options)));
  const listeners = opened.filter((each) => each !== null);
  try {
    return await inTurn(net.clock, signal, listeners.length, (i) =>
      traceFrom(options, listeners[i]!.local.port),
    );
  } finally {
    for (const listener of listeners) listener.close();
  }
}

/** Whoever comes there has the flow of a trace for the session's, and is not wanted. */
function reservePort({ net }: PathOptions): Promise<TcpListener | null> {
  const options = { local: { address: anyAddress, port: 0 }, reusePort: true };
  return net.tcp.listen(options, (connection) => connection.reset()).catch(() => null);
}

async function traceFrom(
  { net, plan, target, ownAddress, signal }: PathOptions,
  port: number,
): Promise<PathTrace> {
  const { clock } = net;
  const prober = new SynProber(net, target, port);
  const startedAtMs = Math.floor(clock.wallMs());
  const asked = { target: target.address, ...hopQuestions(plan), limitMs: synLimitMs, oneAtATime: true };
  const traced = await runTrace(clock, signal, asked, prober);
  prober.close();
  return pathTrace(traced, {
    mode: 'classic',
    protocol: 'tcp',
    source: { address: prober.ownAddress ?? ownAddress, port },
    target,
    pathMtu: null,
    mss: prober.mss,
    tooBig: new Map(),
    startedAtMs,
    finishedAtMs: Math.floor(clock.wallMs()),
  });
}
