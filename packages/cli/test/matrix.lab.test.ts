// Each kind of NAT at least once over each protocol, with real agents, and each way in which a pair can come together
// or fail to. The whole matrix is `pinhole lab matrix`.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cellsOf, isAsExpected, type NatKind, natKindNames, resultLine, runMatrix } from '@pinhole/lab';

const pairs = [
  // punched
  ['eim-apdf-poisonable', 'eim-apdf-poisonable'],
  ['eim-apdf-rst', 'eim-apdf-icmp'],
  ['none', 'eim-apdf-sequential'],
  ['eim-apdf-no-simultaneous-open', 'eim-cgn'],
  ['eim-apdf-udp10', 'eim-apdf-udp10-outbound'],
  ['eim-apdf-tcp10-re-adopt', 'eim-adf'],
  ['eim-apdf-tcp10-black-hole', 'eim-eif'],
  ['apdm-eif', 'eim-apdf-tcp10-reset'],
  // direct
  ['eim-apdf-hairpin', 'none'],
  // predicted: one side is sequential, and both are
  ['eim-apdf-range', 'apdm-apdf-sequential'],
  ['apdm-apdf-sequential', 'apdm-apdf-sequential2'],
  // searched: random ports of one side, few ports of both, and of two symmetric sides one that filters by address only
  ['eim-apdf', 'apdm-apdf'],
  ['eim-apdf-rst', 'apdm-apdf'],
  ['apdm-apdf-block', 'apdm-apdf-block'],
  ['adm-adf', 'apdm-apdf'],
  // failed: ports that are too many to be searched, no contact with the server, over UDP or at all
  ['adm-apdf', 'apdm-cgn'],
  ['udp-blocked', 'eim-apdf-poisonable-silent'],
  ['eim-apdf', 'traversal-blocked'],
] as const satisfies readonly (readonly [NatKind, NatKind])[];

test('every kind of NAT is there', () => {
  assert.deepEqual([...new Set(pairs.flat())].sort(), natKindNames.toSorted());
});

test('each pair connects by the method that it should, or fails with the error that it should', async () => {
  const results = await runMatrix({ cells: cellsOf(pairs, ['udp', 'tcp']) });
  assert.deepEqual(results.filter((result) => !isAsExpected(result)).map(resultLine), []);
});
