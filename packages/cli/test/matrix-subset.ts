// Each kind of NAT at least once over each protocol, with real agents: as the target of the commonest kind. The whole matrix is
// `pinhole lab matrix`.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cellsFrom, isAsExpected, natKindNames, resultLine, runMatrix } from '@pinhole/lab';

/** Most of these only wait for an error that is due after 9 s. */
const atOnce = 12;

test('from the commonest kind of NAT to each: connected, or the error that it must come to', async () => {
  const results = await runMatrix({ cells: cellsFrom('eim-apdf', natKindNames, ['udp', 'tcp']), atOnce });
  assert.deepEqual(results.filter((result) => !isAsExpected(result)).map(resultLine), []);
});
