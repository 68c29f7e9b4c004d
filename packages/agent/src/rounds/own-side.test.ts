import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { unknownProfile } from '@pinhole/nat';
import type { NatBehaviour } from '@pinhole/net/sim';
import { type Endpoint, endpoint, type NatProfile, type OwnSide, type Transport } from '@pinhole/wire';
import { newSessionId, outside, stun, testPort, twoAgents, type World } from '../port/scene.ts';
import { ownSide } from './own-side.ts';

const firstPort = 20_000;
const counting: Partial<NatBehaviour> = {
  mapping: 'address-and-port-dependent',
  allocation: { kind: 'sequential', firstPort, step: 2 },
};
const known: NatProfile = { ...unknownProfile, mapping: 'endpoint-independent' };
const counted = (lastPort: number): NatProfile => ({
  ...known,
  mapping: 'address-and-port-dependent',
  allocation: { kind: 'sequential', step: 2, lastPort },
});

function told(
  { source, simulation }: World,
  transport: Transport,
  profile: NatProfile | null,
  isFresh: boolean,
  server: Endpoint | null = stun,
): Promise<OwnSide> {
  const { host, port } = source;
  const options = { net: host.net, port: () => port, profile: () => profile, server: () => server };
  return simulation.runUntil(ownSide(options, transport, newSessionId(), isFresh));
}

for (const transport of ['udp', 'tcp'] as const) {
  const behind = (source: Partial<NatBehaviour>) => twoAgents({ source, target: {} }, 1, transport);

  describe(`what a side tells of itself over ${transport}`, () => {
    it('without a fresh port is what it knows, where its NAT does not count: nobody is asked', async () => {
      const world = await behind({});
      assert.deepEqual(await told(world, transport, known, false), { profile: known, mapped: null });
      assert.equal(world.simulation.nowMs, 0);
    });

    it('is the port that the NAT gives now, where it counts', async () => {
      const world = await behind(counting);
      const ports = [];
      for (let i = 0; i < 3; i++) {
        const { profile, mapped } = await told(world, transport, counted(1), false);
        assert.equal(mapped, null);
        assert.ok(profile?.allocation.kind === 'sequential');
        assert.equal(profile.allocation.step, 2);
        ports.push(profile.allocation.lastPort);
      }
      assert.deepEqual(ports, [firstPort, firstPort + 2, firstPort + 4]);
    });

    it('with a fresh port is that too, and the sample comes after it', async () => {
      const world = await behind(counting);
      const { profile, mapped } = await told(world, transport, counted(1), true);
      assert.deepEqual(mapped, endpoint(outside.source, firstPort));
      assert.deepEqual(profile, counted(firstPort + 2));
    });

    it('with a fresh port is only that beside, where the NAT does not count or is not known', async () => {
      for (const profile of [known, null]) {
        const world = await behind({});
        const own = await told(world, transport, profile, true);
        assert.equal(own.profile, profile);
        assert.equal(own.mapped?.address, outside.source);
        assert.notEqual(own.mapped?.port, testPort);
      }
    });

    it('is what it knew, where the server does not answer within the time', async () => {
      const world = await behind(counting);
      const nobody = endpoint('203.0.113.99', 9119);
      assert.deepEqual(await told(world, transport, counted(7), false, nobody), {
        profile: counted(7),
        mapped: null,
      });
      assert.ok(world.simulation.nowMs <= 1_000, `${world.simulation.nowMs} ms`);
    });

    it('is what it knew, while it is registered nowhere', async () => {
      const world = await behind(counting);
      assert.deepEqual(await told(world, transport, counted(7), true, null), {
        profile: counted(7),
        mapped: null,
      });
      assert.equal(world.simulation.nowMs, 0);
    });

    it('costs no socket but the fresh port', async () => {
      const world = await behind(counting);
      await told(world, transport, counted(1), true);
      assert.equal(world.udp.source.open.size, transport === 'udp' ? 2 : 0);
    });
  });
}
