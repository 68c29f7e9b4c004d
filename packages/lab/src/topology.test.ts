import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressFamily } from '@pinhole/wire';
import { maxHosts, maxSites, parseDescription } from './description.ts';
import { creationScript, isolatedNodes, nodeScript } from './script.ts';
import { planTopology } from './topology.ts';

test('behind a NAT the hosts are private, and the NAT’s address is the public one', () => {
  const { sites, links } = planTopology(
    parseDescription({ sites: [{ name: 'a', nat: 'eim-apdf', hosts: 2 }] }),
  );
  const [{ nats, hosts, publicAddress }] = sites as [(typeof sites)[number]];
  assert.equal(publicAddress, '198.51.100.2');
  assert.deepEqual(
    hosts.map(({ interfaces }) => interfaces[0]!.addresses[0]!.address),
    ['10.1.0.2', '10.1.0.3'],
  );
  assert.deepEqual(
    nats[0]!.interfaces.map(({ name, ports }) => [name, ports]),
    [
      ['lan', ['lan1', 'lan2']],
      ['wan', undefined],
    ],
  );
  assert.deepEqual(
    links.map(({ ends }) => ends.map(({ node, interfaceName }) => `${node}/${interfaceName}`).join(' – ')),
    [
      'core/server – server/eth0',
      'core/router-a – a-router/core',
      'a-router/site – a-nat/wan',
      'a-nat/lan1 – a-host1/eth0',
      'a-nat/lan2 – a-host2/eth0',
    ],
  );
});

test('without NAT the hosts hang on the router with public addresses, unfiltered', () => {
  const { sites } = planTopology(parseDescription({ sites: [{ name: 'a', nat: 'none', hosts: 2 }] }));
  const [{ nats, router, hosts, publicAddress }] = sites as [(typeof sites)[number]];
  assert.deepEqual(nats, []);
  assert.equal(router.ruleset, undefined);
  assert.equal(publicAddress, '198.51.100.2');
  assert.deepEqual(
    hosts.map(({ interfaces }) => interfaces[0]!.addresses[0]!.address),
    ['198.51.100.2', '198.51.100.3'],
  );
});

test('in the largest lab no address is given twice, and every name fits an interface', () => {
  const nats = ['none', 'eim-eif', 'eim-cgn'] as const;
  const topology = planTopology(
    parseDescription({
      sites: Array.from({ length: maxSites }, (_, index) => ({
        name: `aaaaaa${index}`,
        nat: nats[index % 3]!,
        hosts: maxHosts,
        link: {},
      })),
    }),
  );
  const interfaces = [topology.core, ...isolatedNodes(topology)].flatMap((node) => node.interfaces);
  const addresses = interfaces.flatMap((each) => each.addresses.map(({ address }) => address));
  assert.equal(new Set(addresses).size, addresses.length);
  assert.ok(addresses.every((address) => addressFamily(address) === 4));
  // IFNAMSIZ is 16 with the terminating zero.
  for (const { name, ports = [] } of interfaces)
    assert.ok([name, ...ports].every((each) => each.length <= 15));
});

test('a router drops sources that do not belong to its site, and nothing else does', () => {
  const topology = planTopology(parseDescription({ sites: [{ name: 'a', nat: 'eim-apdf' }] }));
  const strict = isolatedNodes(topology).flatMap((node) =>
    [...nodeScript(node).matchAll(/echo 1 > \S+conf\/(\S+)\/rp_filter/g)].map(
      (match) => `${node.name}/${match[1]}`,
    ),
  );
  assert.deepEqual(strict, ['a-router/site']);
});

test('two NATs stand in a row, with addresses between them that belong to neither side', () => {
  const { sites, links } = planTopology(parseDescription({ sites: [{ name: 'a', nat: 'eim-cgn' }] }));
  const [{ nats }] = sites as [(typeof sites)[number]];
  assert.deepEqual(
    nats.map(({ name, interfaces }) => [name, ...interfaces.map((each) => each.addresses[0]!.address)]),
    [
      ['a-nat', '10.1.0.1', '100.64.1.2'],
      ['a-carrier', '100.64.1.1', '198.51.100.2'],
    ],
  );
  const ends = links.map((link) => link.ends.map(({ node }) => node).join(' – '));
  assert.deepEqual(ends.slice(2), ['a-carrier – a-nat', 'a-router – a-carrier', 'a-nat – a-host1']);
});

test('a link with a delay is cut, and the ends in the middle are in a namespace of their own', () => {
  const description = parseDescription({ sites: [{ name: 'a', nat: 'none', link: { delayMs: 5 } }] });
  const topology = planTopology(description);
  assert.deepEqual(
    topology.middle?.interfaces.map(({ name }) => name),
    ['core-a', 'far-a'],
  );
  const script = creationScript('lab', topology);
  assert.match(script, /link add name router-a type veth peer name core-a netns lab-links\n/);
  assert.match(script, /link add name core netns lab-a-router type veth peer name far-a netns lab-links\n/);
  assert.equal(planTopology(parseDescription({ sites: [{ name: 'a', nat: 'none' }] })).middle, null);
});

test('a site has the addresses that its description gives it', () => {
  const { sites, core } = planTopology(
    parseDescription({
      sites: [
        { name: 'a', nat: 'eim-apdf', lan: '192.168.1.0/24', public: '198.18.7.48/28' },
        { name: 'b', nat: 'eim-apdf', lan: '192.168.1.0/24' },
      ],
    }),
  );
  const addresses = sites.map(({ hosts, publicAddress }) => [
    hosts[0]!.interfaces[0]!.addresses[0]!.address,
    publicAddress,
  ]);
  assert.deepEqual(addresses, [
    ['192.168.1.2', '198.18.7.50'],
    ['192.168.1.2', '198.51.100.18'],
  ]);
  assert.equal(core.routes[0]?.to, '198.18.7.48/28');
});
