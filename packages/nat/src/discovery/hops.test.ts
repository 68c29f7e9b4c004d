import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ip } from '@pinhole/wire';
import { layersOf } from './hops.ts';

/** This host's address, and those of the hops; null for one that says nothing. */
function layers([own, ...hops]: readonly (string | null)[]) {
  const answered = hops.flatMap((address, i) =>
    address === null ? [] : [{ hop: i + 1, address: ip(address) }],
  );
  return layersOf(own == null ? undefined : ip(own), answered).map(({ hop, kind }) => `${hop} ${kind}`);
}

describe('where private networks end', () => {
  for (const [name, path, expected] of [
    ['a home', ['192.168.1.2', '192.168.1.1', '8.8.8.1', '8.8.8.2'], ['1 private']],
    ['a company', ['10.1.2.3', '10.1.2.1', '172.16.0.1', '10.0.0.1', '8.8.8.1'], ['3 private']],
    [
      'a home behind a provider that shares addresses',
      ['192.168.1.2', '192.168.1.1', '100.64.0.1', '100.64.9.9', '8.8.8.1'],
      ['1 private', '3 carrier-grade'],
    ],
    [
      'such a provider with private addresses on its routers',
      ['192.168.1.2', '192.168.1.1', '100.64.0.1', '10.255.0.1', '8.8.8.1'],
      ['1 private', '3 carrier-grade'],
    ],
    ['a telephone on its provider', ['100.64.3.4', '100.64.0.1', '8.8.8.1'], ['1 carrier-grade']],
    ['a router that answers with its outer address', ['192.168.1.2', '8.8.8.1', '8.8.8.2'], ['1 private']],
    ['no private network', ['8.8.4.4', '8.8.8.1', '10.0.0.1', '8.8.8.2'], []],
    [
      'private addresses behind public ones',
      ['192.168.1.2', '192.168.1.1', '8.8.8.1', '10.0.0.1', '8.8.8.2'],
      ['1 private'],
    ],
    ['a hop that says nothing at the end of it', ['192.168.1.2', '192.168.1.1', null, '8.8.8.1'], []],
    ['a first hop that says nothing', ['192.168.1.2', null, '8.8.8.1'], []],
    ['a host of unknown address', [null, '192.168.1.1', '8.8.8.1'], ['1 private']],
    ['IPv6', ['fd00::2', 'fd00::1', '2001:4860::1'], ['1 private']],
  ] as const) {
    it(name, () => assert.deepEqual(layers(path), expected));
  }
});
