import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Pairing, pairingOf, unknownProfile } from '@pinhole/nat';
import type { NatBehaviour } from '@pinhole/net/sim';
import {
  type Endpoint,
  endpoint,
  ip,
  type NatProfile,
  type PortSearch,
  type SessionRole,
} from '@pinhole/wire';
import { askMapped } from '../discovery/mapped.ts';
import {
  assertMeasured,
  bothStart,
  outside,
  reach,
  type Side,
  stun,
  testPort,
  twoAgents,
  type World,
} from './scene.ts';

const roles = ['source', 'target'] as const;

const random: Partial<NatBehaviour> = {
  mapping: 'address-and-port-dependent',
  allocation: { kind: 'random' },
};
const counting = (firstPort: number, step = 1): Partial<NatBehaviour> => ({
  mapping: 'address-and-port-dependent',
  allocation: { kind: 'sequential', firstPort, step },
});
const block = (size: number): Partial<NatBehaviour> => ({
  mapping: 'address-and-port-dependent',
  allocation: { kind: 'block-random', firstPort: 2048, size, overload: true },
});

const easy: NatProfile = {
  ...unknownProfile,
  mapping: 'endpoint-independent',
  filtering: 'address-and-port-dependent',
  allocation: { kind: 'preserving' },
  poisonable: 'no',
};
const symmetric = (allocation: NatProfile['allocation']): NatProfile => ({
  ...easy,
  mapping: 'address-and-port-dependent',
  allocation,
});
const anyPort = symmetric({ kind: 'range', firstPort: 1024, size: 64_512 });

/** The public port of a fresh port of the side's. */
async function sample({ simulation }: World, { host }: Side): Promise<number> {
  const local = { address: ip('0.0.0.0'), port: 0 };
  const question = { transport: 'udp', local, server: stun, timeoutMs: 1000 } as const;
  const asked = await simulation.runUntil(askMapped(host.net, question));
  assert.ok(asked !== null);
  asked.close();
  return asked.mapped.port;
}

/** As the NAT traversal server has it, from what the two have told. */
function planned(source: NatProfile, target: NatProfile): Pairing {
  return pairingOf({ profile: source, port: testPort }, { profile: target, port: testPort }, 'udp');
}

/** `disturb` comes between what the sides have told and the moment. */
async function searched(
  world: World,
  pairing: Pairing,
  disturb: () => Promise<void> = async () => undefined,
) {
  const { simulation, source, target } = world;
  const { atSource, atTarget } = bothStart(world);
  await disturb();
  const beganMs = simulation.nowMs;
  const way = (peer: SessionRole, { openerTtl, search }: Pairing['source']) => ({
    candidates: [endpoint(outside[peer], testPort)],
    openerTtl,
    search,
  });
  reach(source, atSource, way('target', pairing.source), 10 + pairing.source.delayMs);
  reach(target, atTarget, way('source', pairing.target), 10 + pairing.target.delayMs);
  const outcomes = await simulation.runUntil(Promise.all([atSource.outcome, atTarget.outcome]));
  const tookMs = simulation.nowMs - beganMs;
  return { outcomes, atSource, atTarget, tookMs };
}

/** Both are through, and nothing of it is left but the test ports. */
async function assertThrough(
  world: World,
  { atSource, atTarget, outcomes, tookMs }: Awaited<ReturnType<typeof searched>>,
) {
  for (const outcome of outcomes) assertMeasured(outcome);
  assert.ok(tookMs < 5_000, `${tookMs} ms`);
  assert.equal(atSource.exhausted, 0);
  await world.simulation.runUntil(Promise.all([atSource.gone, atTarget.gone]));
  for (const role of roles) assert.equal(world.udp[role].open.size, 1);
}

/** So many more mappings at the side's NAT, as others behind it have them. */
async function disturbed({ simulation }: World, { host }: Side, mappings: number): Promise<void> {
  const to: Endpoint = endpoint('203.0.113.77', 53);
  const program = async () => {
    for (let i = 0; i < mappings; i++) {
      const local = { address: ip('0.0.0.0'), port: 0 };
      const socket = await host.net.udp.open({ local }, { onDatagrams: () => undefined });
      socket.send({ data: new Uint8Array(1), to });
      socket.close();
    }
  };
  await simulation.runUntil(program());
}

describe('a search over UDP', () => {
  for (const seed of [1, 2, 3]) {
    for (const hard of roles) {
      it(`from many ports of the ${hard} to its NAT's any port: the other tries 1,024 (${seed})`, async () => {
        const isSource = hard === 'source';
        const world = await twoAgents(
          { source: isSource ? random : {}, target: isSource ? {} : random },
          seed,
          'udp',
        );
        const pairing = isSource ? planned(anyPort, easy) : planned(easy, anyPort);
        assert.deepEqual([pairing[hard].search?.sockets, pairing.method], [252, 'searched']);
        await assertThrough(world, await searched(world, pairing));
      });
    }
  }

  it('from one port that is predicted, where one NAT counts, and counts for others too', async () => {
    const world = await twoAgents({ source: {}, target: counting(20_000, 2) }, 1, 'udp');
    const lastPort = await sample(world, world.target);
    const pairing = planned(easy, symmetric({ kind: 'sequential', step: 2, lastPort }));
    assert.equal(pairing.method, 'predicted');
    await assertThrough(world, await searched(world, pairing, () => disturbed(world, world.target, 31)));
  });

  for (const [disturbances, title] of [
    [{ source: 0, target: 0 }, 'in step'],
    [{ source: 15, target: 0 }, 'with 15 ports given to others at the source'],
    [{ source: 0, target: 15 }, 'with 15 ports given to others at the target'],
    [{ source: 7, target: 11 }, 'with some given to others at both'],
  ] as const) {
    it(`between two NATs that count, ${title}`, async () => {
      const world = await twoAgents({ source: counting(20_000), target: counting(30_000, 3) }, 1, 'udp');
      const ofSource = await sample(world, world.source);
      const ofTarget = await sample(world, world.target);
      const pairing = planned(
        symmetric({ kind: 'sequential', step: 1, lastPort: ofSource }),
        symmetric({ kind: 'sequential', step: 3, lastPort: ofTarget }),
      );
      assert.deepEqual([pairing.source.search?.sockets, pairing.target.search?.sockets], [16, 1]);
      const disturb = async () => {
        for (const role of roles) await disturbed(world, world[role], disturbances[role]);
      };
      await assertThrough(world, await searched(world, pairing, disturb));
    });
  }

  it('between two NATs that draw from 512 ports each, more often than not', async () => {
    const ports = symmetric({ kind: 'range', firstPort: 2048, size: 512 });
    let met = 0;
    for (let seed = 1; seed <= 6; seed++) {
      const world = await twoAgents({ source: block(512), target: block(512) }, seed, 'udp');
      const pairing = planned(ports, ports);
      assert.equal(pairing.method, 'searched');
      const { outcomes } = await searched(world, pairing);
      if (outcomes.every(({ kind }) => kind === 'measured')) met += 1;
    }
    assert.ok(met >= 4, `${met} of 6`);
  });
});

describe('what a search over UDP does to others', () => {
  const tries: PortSearch = {
    sockets: 4,
    tries: 256,
    ports: { first: 10_000, step: 1, count: 256 },
    order: 'in-turn',
    accept: false,
  };

  async function inVain(search: PortSearch) {
    const world = await twoAgents({ source: {}, target: {} }, 1, 'udp');
    const { simulation, source, udp } = world;
    const { atSource } = bothStart(world);
    const beganMs = simulation.nowMs;
    reach(source, atSource, { candidates: [endpoint(outside.target, testPort)], search });
    return { ...world, atSource, beganMs, sent: udp.source.sent };
  }

  it('64 datagrams leave each 5 ms, three times all of them where they are tried in turn', async () => {
    const { simulation, atSource, sent, beganMs } = await inVain(tries);
    await simulation.runUntil(atSource.gone);
    assert.equal(sent.length, 3 * 1024);
    const inOnePass = sent.filter(({ atMs }) => atMs < beganMs + 240);
    assert.equal(inOnePass.length, 1024);
    const times = [...new Set(inOnePass.map(({ atMs }) => atMs))];
    assert.equal(times.length, 16);
    for (const [i, atMs] of times.entries()) {
      assert.equal(inOnePass.filter((each) => each.atMs === atMs).length, 64);
      if (i > 0) assert.ok(atMs - times[i - 1]! > 4.99);
    }
    assert.deepEqual(new Set(sent.map(({ to }) => to.address)), new Set([outside.target]));
  });

  it('five times others where they are drawn', async () => {
    const drawn: PortSearch = {
      ...tries,
      tries: 100,
      ports: { ...tries.ports, count: 10_000 },
      order: 'drawn',
    };
    const { simulation, atSource, sent } = await inVain(drawn);
    await simulation.runUntil(atSource.gone);
    assert.equal(sent.length, 5 * 400);
    assert.ok(new Set(sent.map(({ to }) => to.port)).size > 1_500);
  });

  it('is exhausted once, 0.8 s after the last pass, says so, and gives its ports back when the session is over', async () => {
    const { simulation, atSource, beganMs, source, udp } = await inVain(tries);
    await simulation.runUntil(() => atSource.exhausted > 0);
    const tookMs = simulation.nowMs - beganMs;
    assert.ok(tookMs >= 1_400 && tookMs < 1_500, `${tookMs} ms`);
    assert.equal(
      source.port.evidence(atSource.session),
      `UDP to ${outside.target}: 3072 checks sent to ports that may be the peer's, none answered`,
    );
    assert.equal(udp.source.open.size, 1 + 4);
    await simulation.runUntil(atSource.gone);
    assert.equal(atSource.exhausted, 1);
    assert.equal(udp.source.open.size, 1);
  });

  it('makes way for the next one of the session, ports and all', async () => {
    const { simulation, atSource, source, udp } = await inVain(tries);
    const other = endpoint('198.51.100.77', testPort);
    const atMs = 100;
    await simulation.run({ untilMs: simulation.nowMs + atMs });
    reach(source, atSource, { candidates: [other], search: { ...tries, sockets: 2 } });
    const before = udp.source.sent.length;
    await simulation.runUntil(() => atSource.exhausted > 0);
    assert.equal(udp.source.open.size, 1 + 2);
    const after = udp.source.sent.slice(before);
    assert.deepEqual(new Set(after.map(({ to }) => to.address)), new Set([other.address]));
    assert.equal(after.length, 3 * 512);
  });

  it('ends when its session is over before it has opened its ports, and leaves none', async () => {
    const { source, atSource, simulation, udp } = await inVain({ ...tries, sockets: 16 });
    source.port.release(atSource.session);
    await simulation.run({ untilMs: simulation.nowMs + 3_000 });
    assert.equal(udp.source.open.size, 1);
    assert.equal(udp.source.sent.length, 0);
    assert.equal(atSource.exhausted, 0);
  });

  it('ends with the port, and leaves none', async () => {
    const { source, simulation, udp } = await inVain({ ...tries, sockets: 16 });
    await simulation.run({ untilMs: simulation.nowMs + 7 });
    source.port.close();
    const before = udp.source.sent.length;
    await simulation.run({ untilMs: simulation.nowMs + 3_000 });
    assert.equal(udp.source.open.size, 0);
    assert.equal(udp.source.sent.length, before);
  });
});
