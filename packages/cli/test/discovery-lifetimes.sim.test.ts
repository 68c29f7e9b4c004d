// How long mappings live, told by the agent's trials at a real server through simulated NATs.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LifetimeTrials } from '@pinhole/agent';
import type { Lifetimes } from '@pinhole/nat';
import { createSimulation, type NatBehaviour } from '@pinhole/net/sim';
import { startTraversalServer } from '@pinhole/traversal';
import { ip } from '@pinhole/wire';
import { pino } from 'pino';
import { secret } from './discoverer.ts';

const hourMs = 3_600_000;

interface Options {
  readonly lossRate?: number;
  readonly forMs?: number;
}

/** What is known after some time behind this NAT. */
async function known(
  behaviour: Partial<NatBehaviour>,
  { lossRate = 0, forMs = hourMs }: Options = {},
): Promise<Lifetimes> {
  const simulation = createSimulation({ seed: 7 });
  const internet = simulation.network('internet');
  const home = simulation.network('home');
  const address = ip('203.0.113.10');
  const link = { outgoing: { delayMs: 10, lossRate }, incoming: { delayMs: 10, lossRate } };
  const server = simulation.host({ name: 'server', network: internet, addresses: [address], ...link });
  const leg = { inside: home, insideAddress: '10.0.0.1', outside: internet };
  simulation.nat({ ...leg, outsideAddresses: ['198.51.100.1'], behaviour });
  const agent = simulation.host({ name: 'agent', network: home, addresses: ['10.0.0.2'] });
  const log = pino({ level: 'silent' });
  const options = { net: server.net, log, secret, addresses: [address], ports: [9119, 9120] };
  await simulation.runUntil(startTraversalServer(options));
  const trials = new LifetimeTrials({ net: agent.net, server: async () => ({ address, port: 9119 }) });
  await simulation.run({ untilMs: simulation.nowMs + forMs });
  trials.close();
  return trials.known;
}

function assertAround({ alive, dead }: Lifetimes['udp'], lifetimeMs: number): void {
  assert.ok(alive !== null && dead !== null, JSON.stringify({ alive, dead }));
  assert.ok(alive.idleMs <= lifetimeMs && lifetimeMs <= dead.idleMs, `${alive.idleMs} ${dead.idleMs}`);
  assert.ok(dead.idleMs - alive.idleMs <= Math.max(2_000, lifetimeMs / 10));
}

describe('the lifetime of a UDP mapping', () => {
  for (const lifetimeMs of [7_000, 10_000, 30_000, 60_000, 120_000, 180_000]) {
    it(`of ${lifetimeMs / 1000} s is known within a tenth, replied or not`, async () => {
      const { udp, udpUnreplied } = await known({ udpTimeoutMs: lifetimeMs });
      assertAround(udp, lifetimeMs);
      assertAround(udpUnreplied, lifetimeMs);
    });
  }

  it('may be another while nothing has come back', async () => {
    const { udp, udpUnreplied } = await known({ udpTimeoutMs: 120_000, udpUnrepliedTimeoutMs: 30_000 });
    assertAround(udp, 120_000);
    assertAround(udpUnreplied, 30_000);
  });

  for (const mapping of ['address-dependent', 'address-and-port-dependent'] as const) {
    it(`is told with ${mapping} mapping as well`, async () => {
      assertAround(
        (await known({ udpTimeoutMs: 60_000, mapping, allocation: { kind: 'random' } })).udp,
        60_000,
      );
    });
  }

  it('is told where one packet in ten is lost each way', async () => {
    assertAround((await known({ udpTimeoutMs: 60_000 }, { lossRate: 0.1 })).udp, 60_000);
  });

  it('beyond five minutes is not looked for', async () => {
    const { udp, inbound } = await known({ udpTimeoutMs: 600_000 });
    assert.deepEqual([udp.alive && Math.round(udp.alive.idleMs / 1000), udp.dead], [300, null]);
    assert.equal(inbound, null);
  });

  it('below five seconds has an upper bound', async () => {
    const { udp } = await known({ udpTimeoutMs: 4_000 });
    assert.equal(udp.alive, null);
    assert.ok(udp.dead !== null && Math.round(udp.dead.idleMs / 1000) === 5);
  });

  for (const inboundRefresh of [true, false]) {
    it(`what comes in keeps it alive: ${inboundRefresh}`, async () => {
      const { inbound } = await known({ udpTimeoutMs: 30_000, inboundRefresh });
      assert.equal(inbound?.refreshes, inboundRefresh ? 'yes' : 'no');
    });
  }
});

describe('the lifetime of a TCP mapping', () => {
  for (const tcpForgotten of ['black-hole', 'reset'] as const) {
    for (const lifetimeMs of [10_000, 60_000, 200_000]) {
      it(`of ${lifetimeMs / 1000} s, and then a ${tcpForgotten}, is known within a tenth`, async () => {
        assertAround((await known({ tcpTimeoutMs: lifetimeMs, tcpForgotten })).tcp, lifetimeMs);
      });
    }
  }

  it('has no end where a NAT takes a connection up again at its next packet', async () => {
    assert.equal((await known({ tcpTimeoutMs: 10_000 })).tcp.dead, null);
  });

  it('beyond five minutes is not looked for', async () => {
    const { tcp } = await known({});
    assert.deepEqual([tcp.alive && Math.round(tcp.alive.idleMs / 1000), tcp.dead], [300, null]);
  });
});

it('an hour later it is tried again', async () => {
  const first = await known({ udpTimeoutMs: 30_000 }, { forMs: hourMs });
  const later = await known({ udpTimeoutMs: 30_000 }, { forMs: 3 * hourMs });
  assert.ok(later.udp.alive!.atMs > first.udp.alive!.atMs);
  assertAround(later.udp, 30_000);
});
