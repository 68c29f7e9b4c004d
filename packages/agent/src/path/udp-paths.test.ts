import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PathTrace } from '@pinhole/contract';
import type { NatBehaviour } from '@pinhole/net/sim';
import { type Endpoint, endpoint, ip } from '@pinhole/wire';
import {
  assertMeasured,
  bothStart,
  outside,
  type Running,
  reach,
  type Side,
  stun,
  testPort,
  twoAgents,
} from '../port/scene.ts';
import { UdpPort } from '../port/udp.ts';
import { traceOverUdp } from './udp-paths.ts';

type Behaviours = { source: Partial<NatBehaviour>; target: Partial<NatBehaviour> };

interface TraceChange {
  readonly signal?: AbortSignal;
  /** Of the packets in the session's own flow. */
  readonly isLost?: (data: Uint8Array) => boolean;
}

/** A measured session between two agents, each behind a NAT with a router behind that. */
async function measured(behaviour: Behaviours) {
  const world = await twoAgents(behaviour, 1, 'udp');
  const { simulation, source, target } = world;
  const { atSource, atTarget } = bothStart(world);
  reach(source, atSource, { candidates: [endpoint(outside.target, testPort)] });
  reach(target, atTarget, { candidates: [endpoint(outside.source, testPort)] });
  assertMeasured(await simulation.runUntil(atSource.outcome));
  const trace = (
    side: Side,
    { session }: Running,
    plan: { mode: PathTrace['mode']; traces: number },
    { signal = new AbortController().signal, isLost = () => false }: TraceChange = {},
  ) => {
    const { port } = side;
    const { remote } = session;
    assert.ok(port instanceof UdpPort && remote !== null);
    session.setTracing(true);
    const options = {
      net: side.host.net,
      session,
      plan,
      target: remote,
      ownAddress: ip('10.0.0.9'),
      send: (data: Uint8Array) => void port.send({ session, data, to: remote }),
      server: stun,
      openerTtl: 2,
      signal,
    };
    const found = traceOverUdp(options, () => {
      const flow = port.flow(session, remote);
      const send = flow.send.bind(flow);
      return Object.assign(flow, {
        send: ((data, ttl, onStamped) =>
          isLost(data)
            ? { sent: true, atNs: port.clock.monotonicNs() }
            : send(data, ttl, onStamped)) satisfies typeof send,
      });
    });
    return found.finally(() => session.setTracing(false));
  };
  return { ...world, atSource, atTarget, trace };
}

/** The way from one to the other: the own NAT's inside, the own router, and then the NAT in front of the peer. */
const wayTo = (role: 'source' | 'target') => {
  const own = role === 'target' ? outside.source : outside.target;
  return [
    '10.0.0.1',
    own.replace(/1$/, '254'),
    outside[role].replace(/1$/, '254'),
    outside[role],
    outside[role],
  ];
};
const addresses = ({ hops }: PathTrace) => hops.map(({ address }) => address);

describe('the path of a session', () => {
  it('is traced to the peer in its own flow, both ways at once, without an end of the session', async () => {
    const { simulation, source, target, atSource, atTarget, trace } = await measured({
      source: {},
      target: {},
    });
    const plan = { mode: 'in-session', traces: 1 } as const;
    const [there, back] = await simulation.runUntil(
      Promise.all([trace(source, atSource, plan), trace(target, atTarget, plan)]),
    );
    for (const [traces, role] of [
      [there, 'target'],
      [back, 'source'],
    ] as const) {
      const [found] = traces;
      assert.equal(traces.length, 1);
      assert.ok(found !== undefined);
      assert.equal(found.end, 'reached');
      assert.deepEqual(addresses(found), wayTo(role));
      assert.deepEqual(
        [found.source, found.target],
        [endpoint('10.0.0.2', testPort), endpoint(outside[role], testPort)],
      );
      assert.equal(found.pathMtu, 1500);
      assert.equal(found.ttlRewrittenAt, null);
      assert.ok(found.finishedAtMs - found.startedAtMs <= 3_000);
      // Three answers of each, for it is the only trace.
      assert.ok(found.hops.every(({ roundTripsMs }) => roundTripsMs.length === 3));
      assert.deepEqual(found.hops.at(-1)?.icmp, null);
    }
    await simulation.runUntil(Promise.all([atSource.gone, atTarget.gone]));
  });

  it('is traced in flows of their own, which the peer has let in', async () => {
    const { simulation, source, atSource, trace } = await measured({ source: {}, target: {} });
    const found = await simulation.runUntil(trace(source, atSource, { mode: 'classic', traces: 3 }));
    assert.deepEqual(
      found.map((each) => [each.end, addresses(each)]),
      Array.from({ length: 3 }, () => ['reached', wayTo('target')]),
    );
    const ports = new Set(found.map((each) => each.source.port));
    assert.equal(ports.size, 3);
    assert.equal(ports.has(testPort), false);
    // Each hop once in each.
    assert.ok(found.every(({ hops }) => hops.every(({ sent }) => sent === 1)));
  });

  it('has its MTU from the first trace that reaches the peer, whichever it is', async () => {
    const { simulation, source, atSource, trace } = await measured({ source: {}, target: {} });
    const plan = { mode: 'in-session', traces: 3 } as const;
    // The first octets of a transaction id are a trace's own.
    let first: string | null = null;
    const isLost = (data: Uint8Array) => {
      const nonce = Buffer.from(data.subarray(8, 16)).toString('hex');
      first ??= nonce;
      return nonce === first;
    };
    const found = await simulation.runUntil(trace(source, atSource, plan, { isLost }));
    assert.deepEqual(
      found.map(({ end, pathMtu }) => [end, pathMtu]),
      [
        ['silent', 1500],
        ['reached', 1500],
        ['reached', 1500],
      ],
    );
  });

  it('has its MTU though two large packets are lost, one after the other', async () => {
    const { simulation, source, atSource, trace } = await measured({ source: {}, target: {} });
    let large = 0;
    const isLost = (data: Uint8Array) => data.length > 1000 && ++large <= 2;
    const plan = { mode: 'in-session', traces: 1 } as const;
    const [found] = await simulation.runUntil(trace(source, atSource, plan, { isLost }));
    assert.equal(found?.pathMtu, 1500);
  });

  it('begins at the address that it is known to leave from, where nobody has answered', async () => {
    const { simulation, source, atSource, trace } = await measured({ source: {}, target: {} });
    const plan = { mode: 'in-session', traces: 1 } as const;
    const [found] = await simulation.runUntil(trace(source, atSource, plan, { isLost: () => true }));
    assert.deepEqual(found?.source, endpoint('10.0.0.9', testPort));
    assert.equal(atSource.session.ownAddress, '10.0.0.2');
  });

  for (const [when, afterMs] of [
    ['while the peer is asked to let them in', 5],
    ['in the middle', 700],
  ] as const) {
    it(`gives all its ports back at once when it is stopped ${when}`, async () => {
      const { simulation, source, atSource, trace, udp } = await measured({ source: {}, target: {} });
      const ending = new AbortController();
      const over = trace(source, atSource, { mode: 'classic', traces: 10 }, { signal: ending.signal });
      await simulation.run({ untilMs: simulation.nowMs + afterMs });
      assert.equal(udp.source.open.size, 11);
      ending.abort();
      await over;
      assert.equal(udp.source.open.size, 1);
    });
  }

  it('ends in front of a NAT that lets in nobody else', async () => {
    const symmetric: Partial<NatBehaviour> = {
      mapping: 'address-and-port-dependent',
      allocation: { kind: 'random' },
    };
    const { simulation, target, atTarget, trace } = await measured({
      source: symmetric,
      target: { filtering: 'endpoint-independent' },
    });
    const found = await simulation.runUntil(trace(target, atTarget, { mode: 'classic', traces: 1 }));
    assert.equal(found[0]?.end, 'silent');
    assert.deepEqual(addresses(found[0]!), wayTo('source').slice(0, 3));
  });

  it('leads to the peer only: what it is asked to open elsewhere it does not', async () => {
    const { simulation, source, atSource, udp } = await measured({ source: {}, target: {} });
    const { port } = source;
    const { session } = atSource;
    assert.ok(port instanceof UdpPort && session.remote !== null);
    const elsewhere: Endpoint[] = [stun, endpoint(outside.source, 40_000)];
    const before = udp.target.sent.length;
    port.send({
      session,
      data: session.tracingMessage(new Uint8Array(12), { kind: 'flows', from: elsewhere }),
      to: session.remote,
    });
    await simulation.run({ untilMs: simulation.nowMs + 100 });
    const to = udp.target.sent.slice(before).map((each) => each.to);
    assert.equal(
      to.some(({ address }) => address === stun.address),
      false,
    );
    assert.equal(
      to.some((each) => each.port === 40_000),
      true,
    );
  });
});
