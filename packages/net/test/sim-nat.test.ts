// What NATs do with whole packets: answers, lifetimes of connections, TTL and ICMP, rows of NATs.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endpoint, ip } from '@pinhole/wire';
import { createSimulation, type NatBehaviour, type SimHost } from '../src/sim/index.ts';
import type { ConnectOutcome, TcpCloseReason, TcpConnection } from '../src/types.ts';
import { A_OUTSIDE, B_OUTSIDE, openUdp, SERVER, twoHomes } from './sim-world.ts';

const octet = (value: number) => Uint8Array.of(value);
const UNKNOWN = endpoint(A_OUTSIDE, 5000);

function failure(outcome: ConnectOutcome): string | null {
  return outcome.connected ? null : outcome.reason;
}

describe('an unsolicited packet', () => {
  for (const [unsolicited, toUdp, toSyn] of [
    ['drop', 0, 'timeout'],
    ['reset', 0, 'refused'],
    ['icmp', 1, 'refused'],
    ['host', 1, 'refused'],
  ] as const) {
    it(`meets ${unsolicited}: ${toUdp} ICMP errors to UDP, ${toSyn} to a SYN`, async () => {
      const { simulation, server } = twoHomes({ a: { unsolicited } });
      const outside = await openUdp(server, 3478, SERVER);
      outside.socket.send({ data: octet(1), to: UNKNOWN });
      const attempt = server.net.tcp.connect({ remote: UNKNOWN, timeoutMs: 10_000 });
      assert.equal(failure(await simulation.runUntil(attempt)), toSyn);
      assert.deepEqual(
        outside.errors.map(({ offender, icmpType, icmpCode }) => [offender, icmpType, icmpCode]),
        Array(toUdp).fill([ip(A_OUTSIDE), 3, 3]),
      );
    });
  }

  for (const protocol of ['udp', 'tcp'] as const) {
    it(`of ${protocol} moves the flow to its sender from its port, where a NAT is poisonable`, async () => {
      for (const poisonable of [false, true]) {
        const { simulation, a, server } = twoHomes({ a: { poisonable } });
        const local = endpoint(SERVER, 3478);
        const to = endpoint('203.0.113.11', 3478);
        let seenPort = 0;
        if (protocol === 'udp') {
          const [inside, poisoner] = [await openUdp(a, 5000), await openUdp(server, 3478, to.address)];
          inside.socket.send({ data: octet(1), to: local });
          await simulation.run();
          poisoner.socket.send({ data: octet(2), to: UNKNOWN });
          await simulation.run();
          inside.socket.send({ data: octet(3), to });
          await simulation.run();
          seenPort = poisoner.received[0]!.from.port;
        } else {
          const first = server.net.tcp.connect({ remote: UNKNOWN, local: to, timeoutMs: 1000 });
          await simulation.runUntil(first);
          await server.net.tcp.listen({ local: to }, ({ remote }) => {
            seenPort = remote.port;
          });
          const own = endpoint('0.0.0.0', 5000);
          const outcome = await simulation.runUntil(
            a.net.tcp.connect({ remote: to, local: own, timeoutMs: 9000 }),
          );
          assert.equal(failure(outcome), null);
          await simulation.runUntil(() => seenPort !== 0);
        }
        assert.equal(seenPort === 5000, !poisonable);
      }
    });
  }
});

describe('a TCP connection idle for longer than the NAT remembers', () => {
  async function idle(behaviour: Partial<NatBehaviour>, speaker: 'inside' | 'outside') {
    const { simulation, a, server } = twoHomes({ a: { tcpTimeoutMs: 10_000, ...behaviour } });
    const heard = { inside: 0, outside: 0 };
    const closed: Partial<Record<'inside' | 'outside', TcpCloseReason>> = {};
    const ends: Partial<Record<'inside' | 'outside', TcpConnection>> = {};
    const watch = (side: 'inside' | 'outside', connection: TcpConnection) => {
      ends[side] = connection;
      connection.start({
        onData: (data) => {
          heard[side] += data.length;
        },
        onClose: (reason) => {
          closed[side] = reason;
        },
      });
    };
    const remote = endpoint(SERVER, 80);
    await server.net.tcp.listen({ local: remote }, (connection) => watch('outside', connection));
    const outcome = await simulation.runUntil(a.net.tcp.connect({ remote, timeoutMs: 5000 }));
    assert.ok(outcome.connected);
    watch('inside', outcome.connection);
    // Kept as long as it is not idle for too long.
    for (let i = 0; i < 3; i++) {
      await simulation.run({ untilMs: simulation.nowMs + 9000 });
      ends.inside!.write(octet(i));
    }
    await simulation.run({ untilMs: simulation.nowMs + 11_000 });
    assert.equal(heard.outside, 3);
    ends[speaker]!.write(octet(9));
    await simulation.run({ untilMs: simulation.nowMs + 5000 });
    return { heardLater: heard.inside + heard.outside - 3, closed };
  }

  it('is cut in silence by a black hole, whoever speaks', async () => {
    for (const speaker of ['inside', 'outside'] as const) {
      assert.deepEqual(await idle({ tcpForgotten: 'black-hole' }, speaker), { heardLater: 0, closed: {} });
    }
  });

  it('is reset, whoever speaks', async () => {
    for (const speaker of ['inside', 'outside'] as const) {
      const { heardLater, closed } = await idle({ tcpForgotten: 'reset' }, speaker);
      assert.deepEqual([heardLater, closed[speaker]], [0, 'reset']);
    }
  });

  it('goes on when the inside speaks, where it is re-adopted and keeps its port', async () => {
    assert.deepEqual(await idle({ tcpForgotten: 're-adopt' }, 'inside'), { heardLater: 1, closed: {} });
    assert.deepEqual(await idle({ tcpForgotten: 're-adopt' }, 'outside'), { heardLater: 0, closed: {} });
  });
});

describe('a NAT that blocks', () => {
  const reach = async (host: SimHost, run: (program: Promise<unknown>) => Promise<unknown>, port: number) => {
    const { errors, socket } = await openUdp(host);
    socket.send({ data: octet(1), to: endpoint(SERVER, port) });
    const outcome = await run(host.net.tcp.connect({ remote: endpoint(SERVER, port), timeoutMs: 3000 }));
    assert.deepEqual(errors, []);
    return failure(outcome as ConnectOutcome) === null;
  };

  for (const [name, blocked, expected] of [
    ['nothing', [], { udp: [9119, 443], tcp: [9119, 443] }],
    ['UDP', [{ protocol: 'udp' }], { udp: [], tcp: [9119, 443] }],
    ['UDP and TCP to some ports', [to9119('udp'), to9119('tcp')], { udp: [443], tcp: [443] }],
  ] as const) {
    it(`${name} lets the rest out, without a word about what it drops`, async () => {
      const { simulation, a, server } = twoHomes({ a: { blocked } });
      const reached = { udp: [] as number[], tcp: [] as number[] };
      for (const port of [9119, 443]) {
        const { received } = await openUdp(server, port, SERVER);
        await server.net.tcp.listen({ local: endpoint(SERVER, port) }, () => undefined);
        if (await reach(a, (program) => simulation.runUntil(program), port)) reached.tcp.push(port);
        if (received.length > 0) reached.udp.push(port);
      }
      assert.deepEqual(reached, expected);
    });
  }

  function to9119(protocol: 'udp' | 'tcp') {
    return { protocol, destinationPorts: [9119, 9120] };
  }
});

/** Two sites of two NATs each, on a network with a router to the next: their outer NATs are 3 hops apart. */
function farApart(behaviour: Partial<NatBehaviour> = {}) {
  const simulation = createSimulation({ seed: 1 });
  const [west, east] = [simulation.network('west'), simulation.network('east')];
  simulation.router({
    legs: [
      { network: west, address: '198.51.100.254' },
      { network: east, address: '203.0.113.254' },
    ],
    gatewayFor: [0, 1],
  });
  const nats = [behaviour, behaviour];
  const a = simulation.site({ name: 'a', outside: west, outsideAddress: A_OUTSIDE, nats });
  const b = simulation.site({ name: 'b', outside: east, outsideAddress: '203.0.113.2', nats });
  return { simulation, a, b };
}

describe('TTL through rows of NATs', () => {
  // a – 10.0.0.1 – 10.0.1.1/198.51.100.1 – router – 203.0.113.2/10.0.1.1 – 10.0.1.2/10.0.0.1 – b
  const hops = ['10.0.0.1', '10.0.1.1', '198.51.100.254', '203.0.113.2', '203.0.113.2'];

  it('shows every hop to the program, and what was sent; what is behind the far NAT shows as that NAT', async () => {
    const { simulation, a, b } = farApart();
    const [atA, atB] = [await openUdp(a, 5000), await openUdp(b, 6000)];
    const [toA, toB] = [endpoint(A_OUTSIDE, 5000), endpoint('203.0.113.2', 6000)];
    atB.socket.send({ data: octet(0), to: toA });
    await simulation.run();
    for (let ttl = 1; ttl <= 6; ttl++) atA.socket.send({ data: octet(ttl), to: toB, ttl });
    await simulation.run();
    assert.deepEqual(
      atA.errors.map(({ quoted, offender, to, icmpType, icmpCode }) => [
        quoted[0],
        offender,
        to,
        icmpType,
        icmpCode,
      ]),
      hops.map((hop, i) => [i + 1, ip(hop), toB, 11, 0]),
    );
    assert.deepEqual(
      atB.received.map(({ data, ttl, from }) => [data[0], ttl, from]),
      [[6, 1, toA]],
    );
  });

  it('a datagram that dies on its way opens the own NATs and is not seen by the far one', async () => {
    for (const [ttl, arrives] of [
      [3, false],
      [4, true],
    ] as const) {
      const { simulation, a, b } = farApart({ poisonable: true });
      const [atA, atB] = [await openUdp(a, 5000), await openUdp(b, 6000)];
      const [toA, toB] = [endpoint(A_OUTSIDE, 5000), endpoint('203.0.113.2', 6000)];
      atA.socket.send({ data: octet(1), to: toB, ttl });
      await simulation.run();
      // To the far NAT itself it has arrived, whatever is left of its TTL: no time-exceeded, and the port is taken.
      assert.equal(atA.errors.length, arrives ? 0 : 1);
      atB.socket.send({ data: octet(2), to: toA });
      await simulation.run();
      assert.deepEqual(
        atA.received.map(({ from }) => from),
        arrives ? [] : [toB],
      );
    }
  });

  it('a port that is closed behind the far NATs is reported from it', async () => {
    const { simulation, a, b } = farApart();
    const [atA, atB] = [await openUdp(a, 5000), await openUdp(b, 6000)];
    const toB = endpoint('203.0.113.2', 6000);
    atB.socket.send({ data: octet(0), to: endpoint(A_OUTSIDE, 5000) });
    await simulation.run();
    atB.socket.close();
    atA.socket.send({ data: octet(7), to: toB });
    await simulation.run();
    const [report] = atA.errors;
    assert.deepEqual(
      [report?.offender, report?.to, report?.icmpType, report?.icmpCode, report?.quoted],
      [toB.address, toB, 3, 3, octet(7)],
    );
  });
});

describe('a network of several hops', () => {
  it('takes them from the TTL, and drops in silence what has too few', async () => {
    const simulation = createSimulation({ seed: 1 });
    const outside = simulation.network('internet', { hops: 3 });
    const a = simulation.site({ name: 'a', outside, outsideAddress: A_OUTSIDE, nats: [{}] });
    const b = simulation.site({ name: 'b', outside, outsideAddress: B_OUTSIDE, nats: [] });
    const [atA, atB] = [await openUdp(a, 5000), await openUdp(b, 6000)];
    for (const ttl of [3, 4, 5, 6]) atA.socket.send({ data: octet(ttl), to: endpoint(B_OUTSIDE, 6000), ttl });
    await simulation.run();
    assert.deepEqual(
      atB.received.map(({ data, ttl }) => [data[0], ttl]),
      [
        [5, 1],
        [6, 2],
      ],
    );
    assert.deepEqual(atA.errors, []);
  });
});

describe('a site', () => {
  it('without NATs is a host with the address itself', async () => {
    const simulation = createSimulation({ seed: 1 });
    const outside = simulation.network('internet');
    const link = { outgoing: { delayMs: 10 }, incoming: { delayMs: 5 } };
    const a = simulation.site({ name: 'a', outside, outsideAddress: A_OUTSIDE, nats: [], link });
    const b = simulation.site({ name: 'b', outside, outsideAddress: B_OUTSIDE, nats: [{}], link });
    const [atA, atB] = [await openUdp(a, 5000), await openUdp(b, 6000)];
    atB.socket.send({ data: octet(1), to: endpoint(A_OUTSIDE, 5000) });
    await simulation.run();
    assert.deepEqual(atA.received[0]?.from, endpoint(B_OUTSIDE, 6000));
    assert.ok(atA.received[0]!.receivedAtNs >= 15e6);
  });
});
