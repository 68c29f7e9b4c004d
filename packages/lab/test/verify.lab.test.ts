import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildLab } from '../src/lab.ts';
import { behaviourOf, type NatKind, natKindNames } from '../src/nat/behaviour.ts';
import { natRuleset } from '../src/nat/rules.ts';
import { verifyLab } from '../src/verify/verify.ts';

test('every kind is measured as itself', async (t) => {
  const sites = natKindNames.map((nat, index) => ({ name: `s${index}`, nat }));
  const lab = await buildLab({ sites }, { verify: false });
  t.after(() => lab.close());
  const measured = await verifyLab(lab);
  for (const { name, nat } of sites) {
    const behaviour = behaviourOf(nat);
    const { udp, tcp, hairpin, unsolicited, evidence } = measured.get(name)!;
    const expected = {
      mapping: behaviour?.mapping ?? 'none',
      filtering: behaviour?.filtering ?? 'endpoint-independent',
    };
    assert.deepEqual([nat, udp, tcp], [nat, expected, expected]);
    assert.equal(evidence.length, 6);
    if (behaviour === null) continue;
    assert.deepEqual([nat, hairpin, unsolicited], [nat, behaviour.hairpin, behaviour.unsolicited]);
  }
});

const mistaken: [asked: Exclude<NatKind, 'none'>, built: Exclude<NatKind, 'none'>, fault: RegExp][] = [
  ['eim-apdf', 'eim-eif', /UDP filtering is endpoint-independent, not address-and-port-dependent/],
  ['eim-eif', 'eim-adf', /TCP filtering is address-dependent, not endpoint-independent/],
  ['eim-adf', 'eim-apdf', /UDP filtering is address-and-port-dependent, not address-dependent/],
  ['eim-apdf', 'apdm-apdf', /TCP mapping is address-and-port-dependent, not endpoint-independent/],
  ['eim-apdf', 'eim-apdf-rst', /the answer to unsolicited packets is rst, not drop/],
  ['eim-apdf-rst', 'eim-apdf-icmp', /the answer to unsolicited packets is icmp, not rst/],
  ['eim-apdf', 'eim-apdf-range', /UDP external port is \d+, not \d+, the port inside/],
];

test('a NAT that is built as another kind than asked for is caught, whichever way round', async (t) => {
  const sites = mistaken.map(([nat], index) => ({ name: `s${index}`, nat }));
  const lab = await buildLab({ sites }, { verify: false });
  t.after(() => lab.close());
  for (const [index, [, built]] of mistaken.entries()) {
    const { nat, publicAddress } = lab.sites.get(`s${index}`)!;
    const input = natRuleset(behaviourOf(built)!, publicAddress);
    assert.equal((await nat!.run('nft', ['-f', '-'], { input })).code, 0);
  }
  const error = await verifyLab(lab).then(
    () => assert.fail('verified'),
    (rejection: Error & { code: string }) => rejection,
  );
  assert.equal(error.code, 'nat-not-as-described');
  const complaints = error.message.split('\n');
  assert.equal(complaints.length, mistaken.length);
  for (const [index, [asked, , fault]] of mistaken.entries()) {
    assert.ok(complaints[index]!.startsWith(`Site s${index} is not ${asked}: `));
    assert.match(complaints[index]!, fault);
  }
});

test('a router that forgets to filter on its own stack is caught', async () => {
  const lab = await buildLab({ sites: [{ name: 'a', nat: 'eim-apdf' }] }, { verify: false });
  try {
    await lab.sites.get('a')!.nat!.run('nft', ['flush', 'chain', 'ip', 'nat', 'input']);
    await assert.rejects(verifyLab(lab), /the answer to unsolicited packets is icmp, not drop/);
  } finally {
    await lab.close();
  }
});

test('a lab is handed out verified unless told otherwise', async () => {
  const lab = await buildLab({ sites: [{ name: 'a', nat: 'eim-adf' }] });
  await lab.close();
  assert.deepEqual([...lab.sites.keys()], ['a']);
});
