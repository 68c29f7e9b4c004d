import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maxSites, natLabel, natLayers, parseDescription, parseSite } from './description.ts';
import { commonBehaviour } from './nat/behaviour.ts';
import { natKinds } from './nat/kinds.ts';

function faultOf(value: unknown): string {
  try {
    parseDescription(value);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

test('a site has one host unless it says otherwise', () => {
  assert.deepEqual(parseDescription({ sites: [{ name: 'a', nat: 'none' }] }), {
    sites: [{ name: 'a', nat: 'none', hosts: 1 }],
  });
});

test('a NAT given by its behaviour is the commonest one, but for what is said', () => {
  const nat = { filtering: 'endpoint-independent', hairpin: true } as const;
  const [{ nat: complete }] = parseDescription({ sites: [{ name: 'a', nat }] }).sites as [
    ReturnType<typeof parseDescription>['sites'][number],
  ];
  assert.deepEqual(natLayers(complete), natKinds['eim-eif']);
  assert.equal(natLabel(complete), 'endpoint-independent mapping, endpoint-independent filtering');
});

test('two NATs are given from the hosts outwards', () => {
  const sites = [{ name: 'a', nat: ['apdm-apdf', { unsolicited: 'rst' }] }];
  const nat = parseDescription({ sites }).sites[0]!.nat;
  assert.deepEqual(natLayers(nat), [natKinds['apdm-apdf'][0], { ...commonBehaviour, unsolicited: 'rst' }]);
});

test('what is complete is a description too', () => {
  const complete = parseDescription({
    sites: [
      {
        name: 'a',
        nat: { mapping: 'endpoint-independent' },
        link: { up: { delayMs: 3 } },
        path: { up: [{ routers: 2 }] },
      },
      { name: 'b', nat: 'none', path: [{ mpls: [16] }] },
    ],
    link: { lossPercent: 1 },
  });
  assert.deepEqual(parseDescription(JSON.parse(JSON.stringify(complete))), complete);
});

const site = { name: 'a', nat: 'eim-apdf' };

const wrong: [string, unknown, RegExp][] = [
  ['no sites', { sites: [] }, /sites: a lab has at least one site/],
  ['too many sites', { sites: Array(maxSites + 1).fill(site) }, /at most 64 sites/],
  ['an unknown kind', { sites: [{ ...site, nat: 'cone' }] }, /sites\.0\.nat: a NAT is one of none, eim-eif/],
  [
    'a name too long for an interface',
    { sites: [{ ...site, name: 'abcdefghi' }] },
    /sites\.0\.name: a site name/,
  ],
  ['a name that a shell would read', { sites: [{ ...site, name: 'a;b' }] }, /sites\.0\.name: a site name/],
  ['the same name twice', { sites: [site, site] }, /sites\.1\.name: two sites are named a/],
  ['a name of the lab’s own', { sites: [{ ...site, name: 'server' }] }, /the name server is taken/],
  ['no hosts', { sites: [{ ...site, hosts: 0 }] }, /sites\.0\.hosts: a site has at least one host/],
  ['a misspelt member', { sites: [{ ...site, host: 2 }] }, /sites\.0.*host/],
  ['a name that is a place', { sites: [{ ...site, name: 'links' }] }, /the name links is taken/],
  [
    'a behaviour misspelt',
    { sites: [{ name: 'a', nat: { mapping: 'cone' } }] },
    /sites\.0\.nat\.mapping: .*endpoint-independent/,
  ],
  ['a member of no behaviour', { sites: [{ name: 'a', nat: { maping: 'x' } }] }, /sites\.0\.nat: .*maping/],
  [
    'preserved ports that depend on the destination',
    { sites: [{ name: 'a', nat: { mapping: 'address-dependent' } }] },
    /sites\.0\.nat: a NAT that preserves ports maps endpoint-independently/,
  ],
  [
    'a lifetime that nobody would wait for',
    { sites: [{ name: 'a', nat: { udpLifetimeMs: 60_000 } }] },
    /udpLifetimeMs: .* at most 30000 ms/,
  ],
  [
    'a connection taken up again at a port of its own',
    {
      sites: [
        {
          name: 'a',
          nat: {
            allocation: { law: 'range', first: 2000, last: 3000 },
            tcpIdle: { afterMs: 2000, outcome: 're-adopt' },
          },
        },
      ],
    },
    /sites\.0\.nat: .*only where its port is preserved/,
  ],
  ['three NATs', { sites: [{ name: 'a', nat: ['eim-apdf', 'eim-cgn'] }] }, /each of two NATs is one/],
  ['a jitter beyond the delay', { sites: [site], link: { jitterMs: 2 } }, /link: a jitter is at most/],
  ['half a link misspelt', { sites: [site], link: { up: { delay: 2 } } }, /link\.up: .*delay/],
  ['a LAN of somebody', { sites: [{ ...site, lan: '192.0.2.0/24' }] }, /sites\.0\.lan: .*private space/],
  ['a LAN of another size', { sites: [{ ...site, lan: '10.0.0.0/8' }] }, /sites\.0\.lan: a LAN is a \/24/],
  [
    'an address of somebody',
    { sites: [{ ...site, public: '8.8.8.0/28' }] },
    /sites\.0\.public: .*198\.51\.100/,
  ],
  [
    'a public prefix that another site has by default',
    { sites: [site, { ...site, name: 'b', public: '198.51.100.0/28' }] },
    /sites\.1\.public: two sites have 198\.51\.100\.0\/28/,
  ],
  [
    'a public prefix that routers have',
    { sites: [{ ...site, public: '198.19.200.0/28' }] },
    /sites\.0\.public: 198\.19\.128\.0\/17 is for the routers/,
  ],
  ['a path without routers', { sites: [{ ...site, path: [] }] }, /sites\.0\.path: a path has at least one/],
  ['a path with no direction', { sites: [{ ...site, path: {} }] }, /sites\.0\.path: a path has at least one/],
  ['a path misspelt', { sites: [{ ...site, path: { upwards: [{}] } }] }, /sites\.0\.path: .*upwards/],
  ['a router misspelt', { sites: [{ ...site, path: [{ mute: true }] }] }, /sites\.0\.path\.0: .*mute/],
  [
    'too many side by side',
    { sites: [{ ...site, path: [{ routers: 9 }] }] },
    /path\.0\.routers: .* at most 8/,
  ],
  [
    'more links than addresses',
    { sites: [{ ...site, path: Array(5).fill({ routers: 8 }) }] },
    /sites\.0\.path: the path has 272 links, of 256 at most/,
  ],
  [
    'a narrow link',
    { sites: [{ ...site, path: { up: [{ mtu: 500 }] } }] },
    /path\.up\.0\.mtu: .* at least 576/,
  ],
  ['a reserved label', { sites: [{ ...site, path: [{ mpls: [3] }] }] }, /path\.0\.mpls\.0: .*reserved/],
  [
    'labels of a silent router',
    { sites: [{ ...site, path: [{ mpls: [16], silent: true }] }] },
    /path\.0: a silent router tells no labels/,
  ],
  [
    'a silent router that speaks',
    { sites: [{ ...site, path: [{ stops: 'host-unreachable', silent: true }] }] },
    /path\.0: a silent router stops packets silently/,
  ],
  ['a stop of no kind', { sites: [{ ...site, path: [{ stops: 'no' }] }] }, /path\.0\.stops: .*silently/],
  [
    'a loop both ways',
    { sites: [{ ...site, path: [{}, { loop: true }] }] },
    /path\.1\.loop: .*one direction/,
  ],
  [
    'a loop without a router before it',
    { sites: [{ ...site, path: { down: [{ loop: true }] } }] },
    /path\.down\.0\.loop: a loop is between a single router and a single one before it/,
  ],
  ['no description', null, /description is wrong/],
];

for (const [what, value, message] of wrong) {
  test(`${what}: the fault is named with its place`, () => assert.match(faultOf(value), message));
}

test('a site on the command line is name=kind', () => {
  assert.deepEqual(parseSite('a=eim-eif'), { name: 'a', nat: 'eim-eif' });
  for (const text of ['a', 'a=', '=none', 'a=b=c']) assert.throws(() => parseSite(text), /name=kind/);
});
