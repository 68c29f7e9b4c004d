// Another's view of the lab's NATs, by our server: coturn's turnutils_natdiscovery, in each site, names each kind.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { natKinds, natLayers } from '@pinhole/lab';
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
  await System.use(sites, async (system) => {
    await system.startCollector();
    const ask = async (kind: string, i: number) => {
      const args = ['-m', '-f', '-p', '9119', String(system.lab.server.addresses[0])];
      outputs.set(kind, (await system.host(`s${i}`).run('turnutils_natdiscovery', args)).stdout);
    };
    await Promise.all(kinds.map(ask));
  });
  for (const kind of kinds) {
    it(`names ${kind}`, () => {
      const [behaviour] = natLayers(kind);
      assert.ok(behaviour !== undefined);
      const { mapping, filtering } = behaviour;
      const output = outputs.get(kind) ?? '';
      assert.match(output, new RegExp(`NAT with ${names[mapping]} Mapping!`));
      assert.match(output, new RegExp(`NAT with ${names[filtering]} Filtering!`));
    });
  }
});
