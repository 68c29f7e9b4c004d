import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DscpId, dscpIds, dscpLabel } from './dscp.ts';

const labels: [DscpId, string][] = [
  ['0', 'Best Effort (DSCP 0)'],
  ['8', 'CS1 (DSCP 8)'],
  ['56', 'CS7 (DSCP 56)'],
  ['10', 'AF11 (DSCP 10)'],
  ['22', 'AF23 (DSCP 22)'],
  ['38', 'AF43 (DSCP 38)'],
  ['44', 'Voice Admit (DSCP 44)'],
  ['46', 'EF (DSCP 46)'],
];

for (const [id, label] of labels)
  test(`DSCP ${id} is called ${label}`, () => assert.equal(dscpLabel(id), label));

test('every value has a name of its own', () => {
  assert.equal(new Set(dscpIds.map(dscpLabel)).size, dscpIds.length);
});
