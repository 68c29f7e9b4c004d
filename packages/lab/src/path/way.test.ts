import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maxHops } from '@pinhole/contract';
import { type LabDescription, parseDescription } from '../description.ts';
import { planTopology } from '../topology.ts';
import { planWay } from './way.ts';

type Site = Omit<LabDescription['sites'][number], 'name'>;

function way(a: Site, b: Site, from = 'a', to = 'b') {
  const description = parseDescription({
    sites: [
      { name: 'a', ...a },
      { name: 'b', ...b },
    ],
  });
  return planWay(planTopology(description), from, to);
}

/** Each hop as who answers under which address. */
function told({ hops }: ReturnType<typeof way>): string[] {
  return hops.map((faces) => faces.map(({ place, address }) => `${place} ${address}`).join(', '));
}

const plain: Site = { nat: 'none' };

test('NATs answer as their inside on the way out, and as the site’s public address on the way in', () => {
  const reached = way({ nat: 'eim-apdf' }, { nat: 'eim-cgn' });
  assert.deepEqual(told(reached), [
    'a-nat 10.1.0.1',
    'a-router 198.51.100.1',
    'core 203.0.113.1',
    'b-router 203.0.113.6',
    'b-carrier 198.51.100.18',
    'b-nat 198.51.100.18',
    'b-host1 198.51.100.18',
  ]);
  assert.deepEqual(
    reached.hops.map(([face]) => face!.nat),
    [true, false, false, false, true, true, false],
  );
  assert.deepEqual(
    [reached.end, reached.pathMtu, reached.endIcmp, reached.ttlRewrittenAt],
    ['reached', 1500, null, null],
  );
});

test('each direction has its own hops, each router the address on the side where packets come in', () => {
  const path = { up: [{}], down: [{}, {}] };
  assert.deepEqual(told(way({ ...plain, path }, plain)), [
    'a-router 198.51.100.1',
    'a-up1 198.19.128.1',
    'core 198.19.128.3',
    'b-router 203.0.113.6',
    'b-host1 198.51.100.18',
  ]);
  assert.deepEqual(told(way({ ...plain, path }, plain, 'b', 'a')), [
    'b-router 198.51.100.17',
    'core 203.0.113.5',
    'a-down1 198.19.128.8',
    'a-down2 198.19.128.6',
    'a-router 198.19.128.4',
    'a-host1 198.51.100.2',
  ]);
});

test('of routers side by side, each face is told with the router before it', () => {
  const [, first, second, core] = way({ ...plain, path: [{ routers: 2 }, { routers: 2 }] }, plain).hops;
  assert.deepEqual(
    first!.map(({ place, from }) => [place, from]),
    [
      ['a-path1-1', 'a-router'],
      ['a-path1-2', 'a-router'],
    ],
  );
  assert.deepEqual(
    second!.map(({ place, from }) => [place, from]),
    [
      ['a-path2-1', 'a-path1-1'],
      ['a-path2-2', 'a-path1-1'],
      ['a-path2-1', 'a-path1-2'],
      ['a-path2-2', 'a-path1-2'],
    ],
  );
  assert.equal(new Set([...first!, ...second!, ...core!].map(({ address }) => address)).size, 8);
});

test('silent routers have no address, labels end with the bottom of the stack, and the least MTU is the path’s', () => {
  const { hops, pathMtu } = way(
    { ...plain, path: [{ silent: true }, { mpls: [100, 200] }, { mtu: 1400 }] },
    { ...plain, path: { down: [{ mtu: 1300 }] } },
  );
  assert.equal(hops[1]![0]!.address, null);
  assert.deepEqual(hops[2]![0]!.mpls, [
    { label: 100, trafficClass: 0, bottom: false, ttl: 1 },
    { label: 200, trafficClass: 0, bottom: true, ttl: 1 },
  ]);
  assert.deepEqual(
    hops.map(([face]) => face!.mtu),
    [1500, 1500, 1500, 1400, 1500, 1300, 1500, 1500],
  );
  assert.equal(pathMtu, 1300);
});

test('a way ends where packets are stopped, with what is said of it; not for the server', () => {
  const path = (stops: 'silently' | 'host-unreachable') => ({ up: [{}, { stops }, {}] });
  const silent = way({ ...plain, path: path('silently') }, plain);
  assert.deepEqual([silent.end, silent.endIcmp, silent.hops.length], ['silent', null, 3]);
  const refused = way({ ...plain, path: path('host-unreachable') }, plain);
  assert.deepEqual([refused.end, refused.endIcmp], ['unreachable', { type: 3, code: 1 }]);
  const toServer = way({ ...plain, path: path('silently') }, plain, 'a', 'server');
  assert.deepEqual([toServer.end, toServer.hops.length], ['reached', 6]);
  assert.deepEqual(told(way({ ...plain, path: path('silently') }, plain, 'server', 'a')), [
    'core 192.0.2.1',
    'a-router 203.0.113.2',
    'a-host1 198.51.100.2',
  ]);
});

test('a loop goes to and fro, each router by the side that faces the other', () => {
  const { hops, end } = way({ ...plain, path: { up: [{}, { loop: true }] } }, plain);
  assert.equal(end, 'loop');
  assert.equal(hops.length, maxHops);
  assert.deepEqual(
    hops.slice(1, 7).map(([face]) => face!.address),
    ['198.19.128.1', '198.19.128.3', '198.19.128.2', '198.19.128.3', '198.19.128.2', '198.19.128.3'],
  );
});

test('behind a router that sets the TTL anew there is only the peer', () => {
  const rewritten = way({ ...plain, path: [{}, { setsTtl: 64 }, {}] }, { nat: 'eim-apdf' });
  assert.deepEqual(told(rewritten), [
    'a-router 198.51.100.1',
    'a-path1 198.19.128.1',
    'a-path2 198.19.128.3',
    'b-host1 198.51.100.18',
  ]);
  assert.equal(rewritten.ttlRewrittenAt, 4);
});

test('a NAT may set the TTL anew as well, in both directions', () => {
  const nat = { setsTtl: 64 };
  assert.deepEqual(told(way({ nat }, plain)), ['a-nat 10.1.0.1', 'b-host1 198.51.100.18']);
  const inwards = way({ nat }, plain, 'b', 'a');
  assert.deepEqual(told(inwards).slice(3), ['a-nat 198.51.100.2', 'a-host1 198.51.100.2']);
  assert.equal(inwards.ttlRewrittenAt, 5);
  // The provider's, behind which the site's own is hidden.
  assert.deepEqual(told(way({ nat: ['eim-apdf', nat] }, plain, 'b', 'a')).slice(3), [
    'a-carrier 198.51.100.2',
    'a-host1 198.51.100.2',
  ]);
});

test('a way from or to nowhere names what there is', () => {
  assert.throws(() => way(plain, plain, 'a', 'c'), { code: 'unknown-site', message: /no site c .* a, b\./ });
});
