// Another's view of the lab's NATs, by our server: coturn's turnutils_natdiscovery and our own discovery, side by side in
// each site, name each kind alike.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { natKinds, natLayers } from '@pinhole/lab';
import type { DiscoveryReport } from '@pinhole/nat';
import { discoverIn, startServer } from './discovery-lab.ts';
import { System } from './system.ts';

const names = {
  'endpoint-independent': 'Endpoint Independent',
  'address-dependent': 'Address Dependent',
  'address-and-port-dependent': 'Address and Port Dependent',
} as const;

/** With a provider's NAT outside, or nothing that lets UDP through to the server, it has no word for what it sees. */
const kinds = Object.keys(natKinds).filter(
  (kind) => !/cgn|blocked|tcp10|^none$/.test(kind),
) as (keyof typeof natKinds)[];

describe("turnutils_natdiscovery, behind each of the lab's NATs", async () => {
  const sites = Object.fromEntries(kinds.map((kind, i) => [`s${i}`, kind]));
  const outputs = new Map<string, string>();
  const reports = new Map<string, DiscoveryReport>();
  await System.use(sites, async (system) => {
    await startServer(system);
    const ask = async (kind: string, i: number) => {
      const args = ['-m', '-f', '-p', '9119', String(system.lab.server.addresses[0])];
      outputs.set(kind, (await system.host(`s${i}`).run('turnutils_natdiscovery', args)).stdout);
      reports.set(kind, (await discoverIn(system, `s${i}`)).report);
    };
    await Promise.all(kinds.map(ask));
  });
  for (const kind of kinds) {
    it(`names ${kind}, and so do we`, () => {
      const [behaviour] = natLayers(kind);
      assert.ok(behaviour !== undefined);
      const { mapping, filtering } = behaviour;
      const output = outputs.get(kind) ?? '';
      assert.match(output, new RegExp(`NAT with ${names[mapping]} Mapping!`));
      assert.match(output, new RegExp(`NAT with ${names[filtering]} Filtering!`));
      const { udp } = reports.get(kind)!;
      assert.deepEqual([udp.mapping.value, udp.filtering.value], [mapping, filtering], JSON.stringify(udp));
    });
  }
});
