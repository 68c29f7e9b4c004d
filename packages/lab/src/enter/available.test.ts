import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { missingProgram } from './available.ts';

test('a program that is not installed is named, with the package that holds it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const program of ['ip', 'unshare', 'nsenter']) writeFileSync(join(folder, program), '');

  assert.match(missingProgram(['/nowhere', folder])!, /the program nft, .* package nftables/);
  writeFileSync(join(folder, 'nft'), '');
  assert.equal(missingProgram(['/nowhere', folder]), null);
});
