import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commonBehaviour as common } from './behaviour.ts';
import { natKindNames, natKinds } from './kinds.ts';
import { asOne, contradiction, sequence } from './layers.ts';

test('of two NATs in a row, packets meet the stricter mapping and filtering', () => {
  const one = asOne([natKinds['apdm-eif'][0], natKinds['eim-adf'][0]])!;
  assert.deepEqual([one.mapping, one.filtering], ['address-and-port-dependent', 'address-dependent']);
});

test('the outer NAT’s ports are seen, or the inner one’s that it preserves', () => {
  const [preserving, range] = [common, natKinds['eim-apdf-range'][0]];
  assert.deepEqual(asOne([range, preserving])!.allocation, range.allocation);
  assert.deepEqual(asOne([preserving, range])!.allocation, range.allocation);
});

test('a packet that the outer NAT turns round is a stranger’s to the inner one', () => {
  const [open, hairpin] = [natKinds['eim-eif'][0], natKinds['eim-apdf-hairpin'][0]];
  assert.equal(asOne([open, hairpin])!.hairpin, true);
  assert.equal(asOne([hairpin, hairpin])!.hairpin, false);
});

test('an inner NAT is poisoned only by what the outer one lets in', () => {
  const [poisonable, open] = [natKinds['eim-apdf-poisonable'][0], natKinds['eim-eif'][0]];
  assert.equal(asOne([poisonable, common])!.poisonable, false);
  assert.equal(asOne([poisonable, open])!.poisonable, true);
  assert.equal(asOne([common, poisonable])!.poisonable, true);
});

test('the shorter lifetime counts, and what either blocks is blocked', () => {
  const long = { ...common, udpLifetimeMs: 20_000, blocked: ['traversal-udp' as const] };
  const short = {
    ...common,
    udpLifetimeMs: 5000,
    tcpIdle: { afterMs: 3000, outcome: 'reset' as const },
    blocked: ['traversal-tcp' as const],
  };
  const one = asOne([long, short])!;
  assert.deepEqual([one.udpLifetimeMs, one.tcpIdle], [5000, short.tcpIdle]);
  assert.deepEqual(one.blocked, ['traversal-udp', 'traversal-tcp']);
  assert.equal(asOne([]), null);
});

test('no kind contradicts itself', () => {
  for (const name of natKindNames)
    for (const layer of natKinds[name]) assert.equal(contradiction(layer), null);
});

test('a sequence ends with its range', () => {
  assert.deepEqual(sequence({ first: 10, last: 15, step: 2 }), [10, 12, 14]);
  assert.deepEqual(sequence({ first: 10, last: 14, step: 2 }), [10, 12, 14]);
});
