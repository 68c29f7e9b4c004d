import assert from 'node:assert/strict';
import { it } from 'node:test';
import { evidenceSchema } from '@pinhole/contract';
import { bounded } from './bounded.ts';

it('cuts evidence wherever it stands, and nothing else', () => {
  const long = { sent: 's'.repeat(5000), received: 'r'.repeat(5000) };
  const fact = { value: { kind: 'preserving' }, evidence: Array.from({ length: 50 }, () => long) };
  const cut = bounded({ udp: { mapped: null, fact, advice: 'a'.repeat(400) } });
  assert.equal(cut.udp.fact.evidence.length, 8);
  for (const each of cut.udp.fact.evidence) evidenceSchema.parse(each);
  assert.deepEqual(cut.udp.fact.value, fact.value);
  assert.equal(cut.udp.mapped, null);
  assert.equal(cut.udp.advice.length, 400);
  // All facts with as much as they may have, beside the 1 MiB of a check-in.
  assert.ok(32 * JSON.stringify(cut.udp.fact).length < 300_000);
});
