import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endpoint } from '@pinhole/wire';
import { createSimulation, type LinkOptions } from '../src/sim/index.ts';
import type { ConnectOutcome, TcpCloseReason, TcpConnection } from '../src/types.ts';
import { A_OUTSIDE, B_OUTSIDE, type Homes, type HomesOptions, SERVER, twoHomes } from './sim-world.ts';

const PORT = 49_153;

/** Both connect from and to the same port, `skewMs` apart, through NATs that keep the port. */
async function openSimultaneously(options: HomesOptions, skewMs: number) {
  const homes: Homes = twoHomes({ link: { delayMs: 10 }, ...options });
  const { simulation, a, b } = homes;
  const startedMs = simulation.nowMs;
  const connect = (from: Homes['a'], to: string, delayMs: number) =>
    new Promise<ConnectOutcome & { afterMs: number }>((resolve) =>
      from.net.clock.after(delayMs, async () => {
        const local = endpoint('0.0.0.0', PORT);
        const outcome = await from.net.tcp.connect({
          remote: endpoint(to, PORT),
          local,
          reusePort: true,
          timeoutMs: 20_000,
        });
        resolve({ ...outcome, afterMs: simulation.nowMs - startedMs });
      }),
    );
  const both = Promise.all([connect(a, B_OUTSIDE, 1), connect(b, A_OUTSIDE, 1 + skewMs)]);
  const outcomes = await simulation.runUntil(both, 60_000);
  return { ...homes, outcomes };
}

function record(connection: TcpConnection) {
  const seen = { octets: [] as number[], bytes: 0, closed: [] as TcpCloseReason[] };
  connection.start({
    onData: (data) => {
      seen.bytes += data.length;
      for (const octet of data) seen.octets.push(octet);
    },
    onClose: (reason) => seen.closed.push(reason),
  });
  return seen;
}

describe('TCP simultaneous open through two NATs', () => {
  // The path between the two is 20 ms long: an SYN that leaves within them finds no pinhole yet, but makes one.
  for (const unsolicited of ['drop', 'reset', 'icmp'] as const) {
    for (const skewMs of [0, 10]) {
      it(`works with NATs that ${unsolicited}, ${skewMs} ms apart`, async () => {
        const behaviour = { unsolicited };
        const { outcomes, simulation } = await openSimultaneously({ a: behaviour, b: behaviour }, skewMs);
        const [first, second] = outcomes;
        assert.ok(first.connected && second.connected, JSON.stringify(outcomes));
        assert.ok(first.afterMs < 100 && second.afterMs < 100);
        const [atA, atB] = [record(first.connection), record(second.connection)];
        first.connection.write(Uint8Array.of(1, 2));
        second.connection.write(Uint8Array.of(3));
        first.connection.end();
        await simulation.run();
        assert.deepEqual([atA.octets, atB.octets], [[3], [1, 2]]);
        assert.deepEqual([atA.closed, atB.closed], [['ended'], ['ended-by-peer']]);
      });
    }
  }

  it('fails for SYNs further apart than the path is long, where NATs answer', async () => {
    for (const unsolicited of ['reset', 'icmp'] as const) {
      const behaviour = { unsolicited };
      const { outcomes } = await openSimultaneously({ a: behaviour, b: behaviour }, 30);
      assert.equal(!outcomes[0].connected && outcomes[0].reason, 'refused', unsolicited);
      assert.equal(outcomes[1].connected, false, unsolicited);
    }
  });

  it('works at any distance where NATs drop, once a SYN is repeated', async () => {
    const { outcomes } = await openSimultaneously({}, 400);
    assert.ok(outcomes[0].connected && outcomes[1].connected);
    assert.ok(outcomes[0].afterMs < 1100);
  });

  it('works where one NAT answers and the host behind it sends first', async () => {
    const resetting = { unsolicited: 'reset' } as const;
    const first = await openSimultaneously({ a: resetting }, 100);
    assert.ok(first.outcomes[0].connected && first.outcomes[1].connected);
    const second = await openSimultaneously({ b: resetting }, 100);
    assert.equal(!second.outcomes[0].connected && second.outcomes[0].reason, 'refused');
  });

  it('takes no harm from a listener on the same port', async () => {
    const homes = twoHomes({ link: { delayMs: 10 } });
    let accepted = 0;
    for (const { net } of [homes.a, homes.b]) {
      await net.tcp.listen({ local: endpoint('0.0.0.0', PORT), reusePort: true }, () => accepted++);
    }
    const connect = (from: Homes['a'], to: string) =>
      from.net.tcp.connect({
        remote: endpoint(to, PORT),
        local: endpoint('0.0.0.0', PORT),
        reusePort: true,
        timeoutMs: 10_000,
      });
    const both = Promise.all([connect(homes.a, B_OUTSIDE), connect(homes.b, A_OUTSIDE)]);
    const outcomes = await homes.simulation.runUntil(both);
    assert.deepEqual([outcomes.every((outcome) => outcome.connected), accepted], [true, 0]);
  });

  it('works with one NAT that lets no SYN in, and not with two', async () => {
    const strict = { simultaneousOpen: false };
    const one = await openSimultaneously({ a: strict }, 0);
    assert.ok(one.outcomes[0].connected && one.outcomes[1].connected);
    const two = await openSimultaneously({ a: strict, b: strict }, 0);
    assert.ok(!two.outcomes[0].connected && !two.outcomes[1].connected);
  });

  it('fails against a NAT that maps anew for each peer', async () => {
    const symmetric = { mapping: 'address-and-port-dependent', allocation: { kind: 'random' } } as const;
    const { outcomes } = await openSimultaneously({ b: symmetric }, 0);
    assert.deepEqual(
      outcomes.map((outcome) => !outcome.connected && outcome.reason),
      ['timeout', 'timeout'],
    );
  });
});

describe('simulated TCP', () => {
  it('connects from a port where an earlier attempt is still half open at the peer (RFC 9293 §3.10.7.3)', async () => {
    const { simulation, a, server } = twoHomes({ link: { delayMs: 10 } });
    await server.net.tcp.listen({ local: endpoint(SERVER, 80) }, record);
    const connect = (timeoutMs: number) =>
      simulation.runUntil(
        a.net.tcp.connect({
          remote: endpoint(SERVER, 80),
          local: endpoint('0.0.0.0', PORT),
          timeoutMs,
        }),
      );
    // Less than a round trip.
    assert.equal((await connect(15)).connected, false);
    assert.equal((await connect(3000)).connected, true);
  });

  it('repeats a SYN after 1, 3 and 7 seconds (RFC 6298)', async () => {
    const simulation = createSimulation({ seed: 1 });
    const network = simulation.network('lan');
    const atMs: number[] = [];
    const silence = network.attach(
      { receive: () => atMs.push(Math.round(simulation.nowMs)), routes: [] },
      [],
    );
    network.setGateway(silence);
    const host = simulation.host({ name: 'host', network, addresses: ['192.0.2.1'] });
    const attempt = host.net.tcp.connect({ remote: endpoint(SERVER, 80), timeoutMs: 14_900 });
    const outcome = await simulation.runUntil(attempt);
    assert.equal(!outcome.connected && outcome.reason, 'timeout');
    assert.deepEqual(atMs, [0, 1000, 3000, 7000]);
  });

  const impairments: Record<string, LinkOptions> = {
    loss: { delayMs: 10, lossRate: 0.05 },
    reordering: { delayMs: 10, reorderRate: 0.1, reorderDelayMs: 3 },
    duplicates: { delayMs: 10, duplicateRate: 0.2 },
    'everything at once': {
      delayMs: 10,
      jitterMs: 8,
      lossRate: 0.03,
      reorderRate: 0.05,
      duplicateRate: 0.05,
    },
  };
  for (const [name, link] of Object.entries(impairments)) {
    it(`is whole and in order over a link with ${name}`, async () => {
      const { simulation, a, server } = twoHomes({ seed: 11, link });
      const payload = a.net.random.bytes(200_000);
      const seen: ReturnType<typeof record>[] = [];
      const local = endpoint(SERVER, 80);
      await server.net.tcp.listen({ local }, (connection) => seen.push(record(connection)));
      const outcome = await simulation.runUntil(a.net.tcp.connect({ remote: local, timeoutMs: 30_000 }));
      assert.ok(outcome.connected);
      const own = record(outcome.connection);
      outcome.connection.write(payload);
      outcome.connection.end();
      await simulation.runUntil(() => own.closed.length === 1 && seen[0]?.closed.length === 1);
      assert.deepEqual(Uint8Array.from(seen[0]!.octets), payload);
      assert.deepEqual([own.closed, seen[0]!.closed], [['ended'], ['ended-by-peer']]);
    });
  }

  it('holds a NAT mapping open by keep-alives, and finds out when the path is gone', async () => {
    const { simulation, a, server } = twoHomes({ a: { tcpTimeoutMs: 60_000 } });
    const local = endpoint(SERVER, 80);
    const accepted: TcpConnection[] = [];
    await server.net.tcp.listen({ local }, (connection) => accepted.push(connection));
    const connect = (keepAliveMs?: number) =>
      simulation.runUntil(
        a.net.tcp.connect({
          remote: local,
          timeoutMs: 5000,
          ...(keepAliveMs === undefined ? {} : { keepAliveMs }),
        }),
      );
    const [kept, idle] = [await connect(30_000), await connect()];
    assert.ok(kept.connected && idle.connected);
    const [keptSeen, idleSeen] = [record(kept.connection), record(idle.connection)];
    await simulation.run({ untilMs: 200_000 });
    for (const connection of accepted) connection.write(Uint8Array.of(1));
    await simulation.run({ untilMs: 210_000 });
    assert.deepEqual([keptSeen.bytes, idleSeen.bytes], [1, 0]);
  });

  it('keeps the 4-tuple for a minute on the side that ended first', async () => {
    const { simulation, a, server } = twoHomes();
    const remote = endpoint(SERVER, 80);
    await server.net.tcp.listen({ local: remote }, (connection) => record(connection));
    const local = endpoint('10.0.0.2', PORT);
    const connect = () => simulation.runUntil(a.net.tcp.connect({ remote, local, timeoutMs: 5000 }));
    const first = await connect();
    assert.ok(first.connected);
    const seen = record(first.connection);
    first.connection.end();
    await simulation.runUntil(() => seen.closed.length === 1);
    const early = await connect();
    assert.equal(!early.connected && early.reason, 'address-in-use');
    await simulation.run({ untilMs: simulation.nowMs + 61_000 });
    assert.equal((await connect()).connected, true);
  });
});
