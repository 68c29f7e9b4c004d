import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endpoint, ip } from '@pinhole/wire';
import { createSimulation, type Dependence } from '../src/sim/index.ts';
import { A_OUTSIDE, type HomesOptions, openUdp, SERVER, twoHomes } from './sim-world.ts';

const DEPENDENCES: readonly Dependence[] = [
  'endpoint-independent',
  'address-dependent',
  'address-and-port-dependent',
];
const octet = (value: number) => Uint8Array.of(value);

describe('hosts behind simulated NATs', () => {
  it('are seen from outside by their external endpoint, and answered', async () => {
    const { simulation, a, server } = twoHomes();
    const [inside, outside] = [await openUdp(a, 5000), await openUdp(server, 3478, SERVER)];
    inside.socket.send({ data: octet(1), to: outside.socket.local });
    await simulation.run();
    assert.deepEqual(outside.received[0]?.from, endpoint(A_OUTSIDE, 5000));
    outside.socket.send({ data: octet(2), to: outside.received[0]!.from });
    await simulation.run();
    assert.deepEqual(inside.received[0]?.from, outside.socket.local);
    assert.equal(inside.received[0]?.to, ip('10.0.0.2'));
  });

  /** Both learn their endpoint at the server, exchange them, and send to each other. */
  async function punch(options: HomesOptions): Promise<boolean> {
    const { simulation, a, b, server } = twoHomes({ link: { delayMs: 20 }, ...options });
    const [atA, atB] = [await openUdp(a, 5000), await openUdp(b, 6000)];
    const rendezvous = await openUdp(server, 3478, SERVER);
    for (const peer of [atA, atB]) peer.socket.send({ data: octet(0), to: rendezvous.socket.local });
    await simulation.run();
    const [first, second] = rendezvous.received.map((datagram) => datagram.from);
    for (let i = 0; i < 3; i++) {
      atA.socket.send({ data: octet(1), to: second! });
      atB.socket.send({ data: octet(2), to: first! });
      await simulation.run();
      // Answer where it came from, as every punching machine does.
      for (const { socket, received } of [atA, atB]) {
        for (const { from } of received) socket.send({ data: octet(3), to: from });
      }
      await simulation.run();
    }
    return atA.received.length > 0 && atB.received.length > 0;
  }

  for (const mappingA of DEPENDENCES) {
    for (const filteringA of DEPENDENCES) {
      for (const mappingB of DEPENDENCES) {
        for (const filteringB of DEPENDENCES) {
          const [a, b] = [
            { hard: mappingA !== 'endpoint-independent', filtering: filteringA },
            { hard: mappingB !== 'endpoint-independent', filtering: filteringB },
          ];
          // It is enough that one side lets in what comes to its known port: the answer goes back the same way.
          const letsIn = (own: typeof a, other: typeof a) =>
            own.filtering === 'endpoint-independent' ||
            (!own.hard && (own.filtering === 'address-dependent' || !other.hard));
          const expected = letsIn(a, b) || letsIn(b, a);
          it(`${mappingA} / ${filteringA} and ${mappingB} / ${filteringB}: ${expected ? 'open' : 'shut'}`, async () => {
            const random = { kind: 'random' } as const;
            const open = await punch({
              a: { mapping: mappingA, filtering: filteringA, allocation: random },
              b: { mapping: mappingB, filtering: filteringB, allocation: random },
            });
            assert.equal(open, expected);
          });
        }
      }
    }
  }

  for (const hairpinning of [true, false]) {
    it(`meet by their external endpoints within one home only with hairpinning: ${hairpinning}`, async () => {
      const behaviour = { hairpinning, filtering: 'endpoint-independent' } as const;
      const { simulation, a, neighbourOfA, server } = twoHomes({ a: behaviour });
      const outside = await openUdp(server, 3478, SERVER);
      const [first, second] = [await openUdp(a, 5000), await openUdp(neighbourOfA, 6000)];
      first.socket.send({ data: octet(0), to: outside.socket.local });
      await simulation.run();
      second.socket.send({ data: octet(1), to: endpoint(A_OUTSIDE, 5000) });
      await simulation.run();
      // REQ-9: the source is the external endpoint.
      const expected = hairpinning ? [endpoint(A_OUTSIDE, 6000)] : [];
      assert.deepEqual(
        first.received.map(({ from }) => from),
        expected,
      );
    });
  }

  it('work behind two NATs in a row', async () => {
    const simulation = createSimulation({ seed: 1 });
    const [internet, provider, home] = ['internet', 'provider', 'home'].map((name) =>
      simulation.network(name),
    );
    simulation.nat({
      inside: provider!,
      insideAddress: '100.64.0.1',
      outside: internet!,
      outsideAddresses: ['198.51.100.7', '198.51.100.8'],
    });
    simulation.nat({
      inside: home!,
      insideAddress: '192.168.1.1',
      outside: provider!,
      outsideAddresses: ['100.64.0.5'],
    });
    const host = simulation.host({ name: 'host', network: home!, addresses: ['192.168.1.2'] });
    const server = simulation.host({ name: 'server', network: internet!, addresses: [SERVER] });
    const [inside, outside] = [await openUdp(host, 5000), await openUdp(server, 3478)];
    inside.socket.send({ data: octet(1), to: endpoint(SERVER, 3478) });
    await simulation.run();
    assert.equal(outside.received[0]?.from.address, ip('198.51.100.7'));
    assert.equal(outside.received[0]?.ttl, 62);
    outside.socket.send({ data: octet(2), to: outside.received[0]!.from });
    await simulation.run();
    assert.equal(inside.received.length, 1);
  });

  it('get ICMP for what nothing admits, where the NAT answers so', async () => {
    for (const [unsolicited, expected] of [
      ['icmp', 1],
      ['reset', 0],
      ['drop', 0],
    ] as const) {
      const { simulation, server } = twoHomes({ a: { unsolicited } });
      const outside = await openUdp(server, 3478, SERVER);
      outside.socket.send({ data: octet(1), to: endpoint(A_OUTSIDE, 5000) });
      await simulation.run();
      assert.equal(outside.errors.length, expected, unsolicited);
    }
  });

  it('lose the mapping when it is idle too long', async () => {
    const { simulation, a, server } = twoHomes({ a: { udpTimeoutMs: 30_000 } });
    const [inside, outside] = [await openUdp(a, 5000), await openUdp(server, 3478, SERVER)];
    inside.socket.send({ data: octet(1), to: outside.socket.local });
    await simulation.run({ untilMs: 29_000 });
    outside.socket.send({ data: octet(2), to: outside.received[0]!.from });
    await simulation.run({ untilMs: 31_000 });
    outside.socket.send({ data: octet(3), to: outside.received[0]!.from });
    await simulation.run();
    assert.deepEqual(
      inside.received.map(({ data }) => data[0]),
      [2],
    );
  });
});

describe('a simulated path', () => {
  it('shows its routers to probes of growing TTL, through the NAT, in both directions', async () => {
    const simulation = createSimulation({ seed: 1 });
    const [home, access, core, far] = ['home', 'access', 'core', 'far'].map((name) =>
      simulation.network(name),
    );
    simulation.nat({
      inside: home!,
      insideAddress: '10.0.0.1',
      outside: access!,
      outsideAddresses: [A_OUTSIDE],
    });
    simulation.router({
      legs: [
        { network: access!, address: '198.51.100.254' },
        { network: core!, address: '192.0.2.1', outgoing: { delayMs: 5 }, incoming: { delayMs: 5 } },
      ],
    });
    simulation.router({
      legs: [
        { network: far!, address: '203.0.113.254' },
        { network: core!, address: '192.0.2.2' },
      ],
    });
    const host = simulation.host({ name: 'host', network: home!, addresses: ['10.0.0.2'] });
    const server = simulation.host({ name: 'server', network: far!, addresses: [SERVER] });
    const [inside, outside] = [await openUdp(host, 5000), await openUdp(server, 3478, SERVER)];

    const hops = async (from: typeof inside, to: ReturnType<typeof endpoint>) => {
      for (let ttl = 1; ttl <= 5; ttl++) from.socket.send({ data: octet(ttl), to, ttl });
      await simulation.run();
      return from.errors.map(({ offender, quoted, icmpType, to: sentTo }) => {
        assert.equal(icmpType, 11);
        assert.deepEqual(sentTo, to);
        return [quoted[0], offender];
      });
    };
    assert.deepEqual(await hops(inside, outside.socket.local), [
      [1, '10.0.0.1'],
      [2, '198.51.100.254'],
      [3, '192.0.2.2'],
    ]);
    assert.deepEqual(
      outside.received.map(({ data, ttl }) => [data[0], ttl]),
      [
        [4, 1],
        [5, 2],
      ],
    );
    assert.deepEqual(await hops(outside, outside.received[0]!.from), [
      [1, '203.0.113.254'],
      [2, '192.0.2.1'],
      [3, A_OUTSIDE],
    ]);
  });

  it('carries what was handed over, whatever becomes of the buffer', async () => {
    const { simulation, a, server } = twoHomes({ link: { delayMs: 20 } });
    const [inside, outside] = [await openUdp(a), await openUdp(server, 3478, SERVER)];
    const data = octet(1);
    for (const value of [1, 1, 2, 3]) {
      data[0] = value;
      inside.socket.send({ data, to: outside.socket.local });
    }
    data[0] = 4;
    await simulation.run();
    assert.deepEqual(
      outside.received.map((datagram) => datagram.data[0]),
      [1, 1, 2, 3],
    );
  });

  it('carries the delay, loss and duplicates of its links', async () => {
    const simulation = createSimulation({ seed: 4 });
    const network = simulation.network('lan');
    const from = simulation.host({
      name: 'from',
      network,
      addresses: ['192.0.2.1'],
      outgoing: { delayMs: 10, lossRate: 0.1, duplicateRate: 0.02 },
    });
    const to = simulation.host({ name: 'to', network, addresses: ['192.0.2.2'], incoming: { delayMs: 7 } });
    const [sender, receiver] = [await openUdp(from), await openUdp(to, 9, '192.0.2.2')];
    for (let i = 0; i < 2000; i++)
      sender.socket.send({ data: Uint8Array.of(i >> 8, i), to: receiver.socket.local });
    await simulation.run();
    const distinct = new Set(receiver.received.map(({ data }) => data.join())).size;
    assert.ok(distinct > 1740 && distinct < 1860, `${distinct}`);
    assert.ok(receiver.received.length - distinct > 15, `${receiver.received.length}`);
    assert.ok(receiver.received.every(({ receivedAtNs }) => receivedAtNs >= 17e6 && receivedAtNs < 17.1e6));
  });

  it('is the same run for the same seed, and another for another', async () => {
    const run = async (seed: number) => {
      const { simulation, a, server } = twoHomes({ seed, link: { jitterMs: 5, lossRate: 0.3 } });
      const [inside, outside] = [await openUdp(a), await openUdp(server, 3478, SERVER)];
      for (let i = 0; i < 30; i++) inside.socket.send({ data: octet(i), to: outside.socket.local });
      await simulation.run();
      return outside.received.map(({ data, receivedAtNs }) => [data[0], receivedAtNs]);
    };
    assert.deepEqual(await run(1), await run(1));
    assert.notDeepEqual(await run(1), await run(2));
  });
});

describe('running a simulation', () => {
  it('stops at the time asked for', async () => {
    const { simulation, a } = twoHomes();
    const seen: number[] = [];
    for (const delayMs of [10, 20, 30]) a.net.clock.after(delayMs, () => seen.push(delayMs));
    await simulation.run({ untilMs: 25 });
    assert.deepEqual([seen, simulation.nowMs], [[10, 20], 25]);
    await simulation.run();
    assert.deepEqual([seen, simulation.nowMs], [[10, 20, 30], 30]);
  });

  it('says when what it waits for cannot come, or comes too late', async () => {
    const { simulation, a } = twoHomes();
    await assert.rejects(simulation.runUntil(new Promise(() => undefined)), { code: 'nothing-left' });
    const late = new Promise<void>((resolve) => a.net.clock.after(1000, resolve));
    await assert.rejects(simulation.runUntil(late, 100), { code: 'limit-reached' });
    await simulation.runUntil(late);
    await assert.rejects(simulation.runUntil(Promise.reject(new Error('its own'))), { message: 'its own' });
    let count = 0;
    a.net.clock.after(5, () => count++);
    await simulation.runUntil(() => count === 1);
  });
});
