import assert from 'node:assert/strict';
import { it } from 'node:test';
import { rememberedChecks } from '@pinhole/contract';
import { distribution, remember } from './labels.ts';

const one = { udp: 'mapping endpoint-independent', tcp: 'not reachable' };
const other = { udp: 'mapping address-dependent', tcp: 'not reachable' };

it('counts what the last checks took the NAT for, the commonest first', () => {
  assert.deepEqual(distribution([other, one, one]), {
    udp: [
      { label: one.udp, checks: 2 },
      { label: other.udp, checks: 1 },
    ],
    tcp: [{ label: 'not reachable', checks: 3 }],
  });
  assert.deepEqual(distribution([]), { udp: [], tcp: [] });
});

it('forgets what is more than an hour of checks ago', () => {
  let labels = remember([], other);
  for (let check = 1; check < rememberedChecks; check++) labels = remember(labels, one);
  assert.deepEqual(distribution(labels).udp.at(-1), { label: other.udp, checks: 1 });
  labels = remember(labels, one);
  assert.deepEqual(distribution(labels).udp, [{ label: one.udp, checks: rememberedChecks }]);
});
