import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PathTrace } from '@pinhole/contract';
import type { Net } from '@pinhole/net';
import { endpoint, ip } from '@pinhole/wire';
import {
  assertMeasured,
  bothStart,
  outside,
  type Running,
  reach,
  type Side,
  testPort,
  twoAgents,
} from '../port/scene.ts';
import { TcpPort } from '../port/tcp.ts';
import { traceInStream } from './stream-path.ts';
import type { Stream } from './stream-prober.ts';

/** A measured session over TCP, two ways of 20 ms apart, each end behind a NAT with a router behind that. */
async function measured(seed: number) {
  const world = await twoAgents({ source: {}, target: {} }, seed);
  const { simulation, source, target } = world;
  const { atSource, atTarget } = bothStart(world);
  reach(source, atSource, { candidates: [endpoint(outside.target, testPort)] });
  reach(target, atTarget, { candidates: [endpoint(outside.source, testPort)] });
  assertMeasured(await simulation.runUntil(atSource.outcome));
  const trace = async (
    side: Side,
    { session }: Running,
    change: (net: Net, octets: () => number) => Net = (net) => net,
  ): Promise<PathTrace> => {
    const { port } = side;
    const { remote } = session;
    assert.ok(port instanceof TcpPort && remote !== null);
    const found = port.stream(session);
    assert.ok(found !== null);
    let octets = 0;
    const stream: Stream = {
      ...found,
      send: (data, ttl, onStamped) => {
        octets = data.length;
        found.send(data, ttl, onStamped);
      },
    };
    session.setTracing(true);
    const options = {
      net: change(side.host.net, () => octets),
      session,
      plan: { mode: 'in-session', traces: 1 } as const,
      target: remote,
      ownAddress: ip('10.0.0.9'),
      send: () => undefined,
      server: null,
      openerTtl: null,
      signal: new AbortController().signal,
    };
    const traced = await traceInStream(options, stream).finally(() => session.setTracing(false));
    assert.ok(traced !== null);
    return traced;
  };
  return {
    simulation,
    there: (change?: Parameters<typeof trace>[2]) => trace(source, atSource, change),
    back: () => trace(target, atTarget),
  };
}

/** Inside of the own NAT, the own router, the peer's, its NAT from outside, and the peer by the same address. */
const ways = {
  there: [
    '10.0.0.1',
    outside.source.replace(/1$/, '254'),
    outside.target.replace(/1$/, '254'),
    outside.target,
    outside.target,
  ],
  back: [
    '10.0.0.1',
    outside.target.replace(/1$/, '254'),
    outside.source.replace(/1$/, '254'),
    outside.source,
    outside.source,
  ],
};

function assertTraced({ end, hops }: PathTrace, way: readonly string[]): void {
  assert.equal(end, 'reached');
  assert.deepEqual(
    hops.map(({ address }) => address),
    way,
  );
  const [toPeerMs] = hops.at(-1)!.roundTripsMs;
  assert.ok(toPeerMs !== undefined && Math.abs(toPeerMs - 40) < 1, `${toPeerMs} ms to the peer`);
}

describe('the path inside a TCP connection', () => {
  it('leads to the peer itself', async () => {
    const { simulation, there } = await measured(1);
    assertTraced(await simulation.runUntil(there()), ways.there);
  });

  it('has the peer’s own round trip also where both ends trace at once', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { simulation, there, back } = await measured(seed);
      const first = there();
      await simulation.run({ untilMs: simulation.nowMs + 20 * (seed - 1) });
      const [toTarget, toSource] = await simulation.runUntil(Promise.all([first, back()]));
      assertTraced(toTarget, ways.there);
      assertTraced(toSource, ways.back);
    }
  });

  it('takes no error for a probe’s that came before it left: acknowledgements die, too', async () => {
    const { simulation, there } = await measured(1);
    const withAcknowledgements = (net: Net, octets: () => number): Net => ({
      ...net,
      icmp: {
        available: () => true,
        open: ({ onError }) =>
          net.icmp.open({
            onError: (report) => {
              onError(report);
              const { quoted } = report.error;
              assert.equal(quoted.protocol, 'tcp');
              const tcpSequence = quoted.tcpSequence + octets();
              onError({ ...report, error: { ...report.error, quoted: { ...quoted, tcpSequence } } });
            },
          }),
      },
    });
    assertTraced(await simulation.runUntil(there(withAcknowledgements)), ways.there);
  });
});
