import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LabDescription, maxSites, parseDescription } from '../description.ts';
import { creationScript, isolatedNodes, nodeScript } from '../script.ts';
import { planTopology } from '../topology.ts';

type Path = LabDescription['sites'][number]['path'];

function plan(path: Path, more: object = {}) {
  const topology = planTopology(parseDescription({ sites: [{ name: 'a', nat: 'none', path, ...more }] }));
  const script = (name: string) =>
    nodeScript([topology.core, ...isolatedNodes(topology)].find((node) => node.name === name)!);
  const links = topology.links.map(({ ends }) =>
    ends.map(({ node, interfaceName }) => `${node}/${interfaceName}`).join(' – '),
  );
  return { topology, links, script };
}

test('one list of routers is for both directions', () => {
  const { links, script } = plan([{}, {}]);
  assert.deepEqual(links.slice(1, 4), [
    'a-path1/site1 – a-router/path1',
    'a-path2/site1 – a-path1/core1',
    'core/path1-a – a-path2/core1',
  ]);
  assert.match(script('a-router'), /^route add default via 198\.19\.128\.1$/m);
  assert.match(
    script('a-path1'),
    /^route add default via 198\.19\.128\.3\nroute add 198\.51\.100\.0\/28 via 198\.19\.128\.0$/m,
  );
  assert.match(script('core'), /^route add 198\.51\.100\.0\/28 via 198\.19\.128\.4$/m);
});

test('with a list for each direction, the site’s router sends on one and the core on the other', () => {
  const { links, script } = plan({ up: [{}], down: [{}, {}] });
  // The first router on the way down is the one next to the core.
  assert.deepEqual(links.slice(1, 6), [
    'a-up1/site1 – a-router/up1',
    'core/up1-a – a-up1/core1',
    'a-down2/site1 – a-router/down1',
    'a-down1/site1 – a-down2/core1',
    'core/down1-a – a-down1/core1',
  ]);
  assert.match(script('a-router'), /^route add default via 198\.19\.128\.1$/m);
  assert.match(script('core'), /^route add 198\.51\.100\.0\/28 via 198\.19\.128\.8$/m);
});

test('a direction without routers has the plain link', () => {
  const { links, script } = plan({ up: [{}] });
  assert.deepEqual(links.slice(1, 4), [
    'a-up1/site1 – a-router/up1',
    'core/up1-a – a-up1/core1',
    'core/router-a – a-router/core',
  ]);
  assert.match(script('core'), /^route add 198\.51\.100\.0\/28 via 203\.0\.113\.2$/m);
});

test('routers side by side are each linked to each of the next, and flows spread over them by seeds of their own', () => {
  const { links, script } = plan([{ routers: 2 }, { routers: 2 }]);
  assert.equal(links.length, 1 + (2 + 4 + 2) + 1);
  assert.match(
    script('a-router'),
    /^route add default nexthop via 198\.19\.128\.1 nexthop via 198\.19\.128\.3$/m,
  );
  assert.match(script('a-path1-2'), /^route add default nexthop via \S+ nexthop via \S+$/m);
  const seeds = ['a-router', 'a-path1-1', 'a-path1-2', 'core'].map((name) => {
    assert.match(script(name), /echo 3 > \S+fib_multipath_hash_policy/);
    return /echo (\d+) > \S+fib_multipath_hash_seed/.exec(script(name))?.[1];
  });
  assert.equal(new Set(seeds).size, 4);
  assert.doesNotMatch(plan([{}]).script('core'), /multipath/);
});

test('an MTU is that of the links behind a router, as packets pass it, at both of their ends', () => {
  const ends = (path: Path) => {
    const { script } = plan(path);
    return ['a-router', 'a-up1', 'a-down1', 'core', 'a-path1'].flatMap((name) => {
      try {
        return [...script(name).matchAll(/^link set dev (\S+) mtu (\d+)$/gm)].map(
          (match) => `${name}/${match[1]} ${match[2]}`,
        );
      } catch {
        return [];
      }
    });
  };
  assert.deepEqual(ends([{ mtu: 1400 }]), ['core/path1-a 1400', 'a-path1/core1 1400']);
  assert.deepEqual(ends({ up: [{ mtu: 1300 }] }), ['a-up1/core1 1300', 'core/up1-a 1300']);
  assert.deepEqual(ends({ down: [{ mtu: 1200 }] }), ['a-router/down1 1200', 'a-down1/site1 1200']);
});

test('the link with the delay is the one next to the core, on every way there', () => {
  const { topology } = plan({ up: [{ routers: 2 }], down: [{}] }, { link: { delayMs: 5 } });
  assert.deepEqual(
    topology.links.flatMap(({ cut }) => (cut === undefined ? [] : [[cut.name, ...cut.interfaceNames]])),
    [
      ['a', 'cup1-a', 'fup1-a'],
      ['a', 'cup2-a', 'fup2-a'],
      ['a', 'cdown1-a', 'fdown1-a'],
    ],
  );
});

test('what a router does with packets is nftables’ to do, on the packets of its direction', () => {
  const { script } = plan({
    up: [{ stops: 'admin-prohibited' }],
    down: [{ silent: true }, { setsTtl: 64 }, { mpls: [16] }],
  });
  assert.match(
    script('a-up1'),
    /ip daddr 192\.0\.2\.0\/24 accept\n +iifname "site\*" oifname "core\*" meta l4proto \{ tcp, udp \} reject with icmp admin-prohibited/,
  );
  assert.match(script('a-down1'), /hook output .*\n +icmp type time-exceeded drop/);
  assert.match(script('a-down2'), /iifname "core\*" oifname "site\*" ip ttl set 64/);
  assert.match(script('a-down3'), /hook prerouting .*\n +ip ttl < 2 drop/);
  assert.doesNotMatch(plan([{}]).script('a-path1'), /nft/);
});

test('a loop sends back to the router before it what is not the server’s', () => {
  const up = plan({ up: [{}, { loop: true }] }).script('a-up2');
  assert.match(up, /^rule add pref 100 iif site1 to 192\.0\.2\.0\/24 lookup main$/m);
  assert.match(up, /^rule add pref 101 iif site1 ipproto udp lookup 100$/m);
  assert.match(up, /^route add default via 198\.19\.128\.2 table 100$/m);
  const down = plan({ down: [{}, { loop: true }] }).script('a-down2');
  assert.match(down, /^rule add pref 101 iif core1 ipproto tcp lookup 100$/m);
  assert.match(down, /^route add default via 198\.19\.128\.3 table 100$/m);
});

test('with as many sites and links as there may be, no address is given twice and every name fits', () => {
  const path = { up: Array(4).fill({ routers: 5 }), down: [{ routers: 8 }, { routers: 8 }] };
  const topology = planTopology(
    parseDescription({
      sites: Array.from({ length: maxSites }, (_, index) => ({
        name: `aaaaaa${index}`,
        nat: 'none',
        path,
        link: {},
      })),
    }),
  );
  const interfaces = [topology.core, ...isolatedNodes(topology)].flatMap((node) => node.interfaces);
  const addresses = interfaces.flatMap((each) => each.addresses.map(({ address }) => address));
  assert.equal(new Set(addresses).size, addresses.length);
  // IFNAMSIZ is 16 with the terminating zero.
  assert.ok(interfaces.every(({ name }) => name.length <= 15));
  assert.equal(
    new Set(topology.middle!.interfaces.map(({ name }) => name)).size,
    topology.middle!.interfaces.length,
  );
  assert.match(creationScript('lab', topology), /netns add lab-aaaaaa63-down2-8\n/);
});
