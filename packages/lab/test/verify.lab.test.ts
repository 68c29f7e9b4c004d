import assert from 'node:assert/strict';
import { test } from 'node:test';
import { natLayers } from '../src/description.ts';
import { buildLab } from '../src/lab.ts';
import { commonBehaviour as common, type NatBehaviour } from '../src/nat/behaviour.ts';
import { type NatKind, natKindNames, natKinds } from '../src/nat/kinds.ts';
import { asOne } from '../src/nat/layers.ts';
import { natRuleset, natSettings } from '../src/nat/rules.ts';
import { verifyLab } from '../src/verify/verify.ts';

/** As described, but for lifetimes that are shorter to wait for. */
function hastened(behaviour: NatBehaviour): NatBehaviour {
  const { udpLifetimeMs, tcpIdle } = behaviour;
  return {
    ...behaviour,
    udpLifetimeMs: udpLifetimeMs && 2000,
    tcpIdle: tcpIdle && { ...tcpIdle, afterMs: 2000 },
  };
}

test('every kind is measured as itself', async (t) => {
  const sites = natKindNames.map((kind, index) => {
    const layers = natKinds[kind].map(hastened);
    const nat = layers.length === 1 ? layers[0]! : kind;
    return { kind, site: { name: `s${index}`, nat } };
  });
  const lab = await buildLab({ sites: sites.map(({ site }) => site) } as never, { verify: false });
  t.after(() => lab.close());
  const measured = await verifyLab(lab);
  for (const { kind, site } of sites) {
    const layers = natLayers(lab.sites.get(site.name)!.description.nat);
    const behaviour = asOne(layers);
    const { udp, tcp, hairpin, unsolicited, poisoned, simultaneousOpen, hops, traversal, ...lifetimes } =
      measured.get(site.name)!;
    const asked = {
      mapping: behaviour?.mapping ?? 'none',
      filtering: behaviour?.filtering ?? 'endpoint-independent',
    };
    for (const found of [udp, tcp]) {
      if (found === null) assert.equal(kind, 'udp-blocked');
      else assert.deepEqual([kind, found.mapping, found.filtering], [kind, asked.mapping, asked.filtering]);
    }
    assert.deepEqual([kind, hops], [kind, layers.length + 2]);
    if (behaviour === null || udp === null) continue;
    assert.deepEqual([kind, udp.allocation.law], [kind, behaviour.allocation.law]);
    assert.deepEqual([kind, hairpin, unsolicited], [kind, behaviour.hairpin, behaviour.unsolicited]);
    const poisonable = asked.mapping === 'endpoint-independent' ? behaviour.poisonable : null;
    assert.deepEqual([kind, poisoned, simultaneousOpen], [kind, poisonable, behaviour.simultaneousOpen]);
    assert.deepEqual([kind, traversal.udp.length], [kind, kind === 'traversal-blocked' ? 0 : 2]);
    assert.deepEqual(
      [kind, lifetimes.udpLifetime?.refresh],
      [kind, behaviour.udpLifetimeMs ? behaviour.udpRefresh : undefined],
    );
    const outcomes = { 'black-hole': 'silence', reset: 'reset', 're-adopt': 'answered' };
    const outcome = behaviour.tcpIdle ? outcomes[behaviour.tcpIdle.outcome] : undefined;
    assert.deepEqual([kind, lifetimes.tcpIdle?.outcome], [kind, outcome]);
  }
});

const udp2: NatBehaviour = { ...common, udpLifetimeMs: 2000 };
const tcp2 = (outcome: 'black-hole' | 'reset' | 're-adopt'): NatBehaviour => ({
  ...common,
  tcpIdle: { afterMs: 2000, outcome },
});
type Single = NatBehaviour | Exclude<NatKind, 'none'>;

const mistaken: [asked: Single, built: Single, fault: RegExp][] = [
  ['eim-apdf', 'eim-eif', /UDP filtering is endpoint-independent, not address-and-port-dependent/],
  ['eim-eif', 'eim-adf', /TCP filtering is address-dependent, not endpoint-independent/],
  ['eim-adf', 'eim-apdf', /UDP filtering is address-and-port-dependent, not address-dependent/],
  ['eim-apdf', 'apdm-apdf', /TCP mapping is address-and-port-dependent, not endpoint-independent/],
  ['apdm-apdf', 'adm-apdf', /UDP mapping is address-dependent, not address-and-port-dependent/],
  ['eim-apdf', 'eim-apdf-rst', /the answer to unsolicited packets is rst, not drop/],
  ['eim-apdf-rst', 'eim-apdf-icmp', /the answer to unsolicited packets is icmp, not rst/],
  ['eim-apdf', 'eim-apdf-range', /UDP external port is \d+, not \d+, the port inside/],
  ['apdm-apdf', 'apdm-apdf-block', /TCP external ports are within \d+ to \d+, not spread over 1024 to 65535/],
  ['apdm-apdf-block', 'apdm-apdf', /UDP external port is \d+, not one of 2048 to 2559/],
  ['apdm-apdf-sequential', 'apdm-apdf-sequential2', /UDP external ports are 2 apart, not 1 apart/],
  ['eim-apdf-hairpin', 'eim-apdf', /hairpinning is false, not true/],
  ['eim-apdf', 'eim-apdf-poisonable', /is host, not drop; poisoning is true, not false/],
  ['eim-apdf-poisonable-silent', 'eim-apdf', /poisoning is false, not true/],
  ['eim-apdf', 'eim-apdf-no-simultaneous-open', /simultaneous open is false, not true/],
  ['eim-apdf-no-simultaneous-open', 'eim-apdf', /simultaneous open is true, not false/],
  ['eim-apdf', 'udp-blocked', /UDP is blocked, not passing/],
  ['traversal-blocked', 'eim-apdf', /reached over TCP is 9119 and 9120, not nothing/],
  [udp2, { ...udp2, udpLifetimeMs: 30_000 }, /a UDP mapping does not live for 2000 ms/],
  [udp2, { ...udp2, udpRefresh: 'outbound' }, /what refreshes a UDP mapping is outbound, not both/],
  [tcp2('black-hole'), tcp2('reset'), /what an idle TCP connection meets is reset, not silence/],
  [tcp2('reset'), tcp2('re-adopt'), /what an idle TCP connection meets is answered, not reset/],
];

test('a NAT that is built as another kind than asked for is caught, whichever way round', async (t) => {
  const sites = mistaken.map(([nat], index) => ({ name: `s${index}`, nat }));
  const lab = await buildLab({ sites } as never, { verify: false });
  t.after(() => lab.close());
  for (const [index, [, built]] of mistaken.entries()) {
    const { nat, publicAddress } = lab.sites.get(`s${index}`)!;
    const [behaviour] = typeof built === 'string' ? natKinds[built] : [built];
    const input = natRuleset(behaviour, publicAddress);
    assert.equal((await nat!.run('nft', ['-f', '-'], { input })).code, 0);
    const settings = Object.entries(natSettings(behaviour));
    const lines = settings.map(([path, value]) => `echo ${value} > /proc/sys/${path}`);
    assert.equal((await nat!.run('sh', ['-e', '-c', lines.join('\n')])).code, 0);
  }
  const error = await verifyLab(lab, [1500]).then(
    () => assert.fail('verified'),
    (rejection: Error & { code: string }) => rejection,
  );
  assert.equal(error.code, 'nat-not-as-described', error.message);
  const complaints = error.message.split('\n');
  assert.equal(complaints.length, mistaken.length, error.message);
  for (const [index, [, , fault]] of mistaken.entries()) {
    assert.ok(complaints[index]!.startsWith(`Site s${index} is not `));
    assert.match(complaints[index]!, fault);
  }
});
