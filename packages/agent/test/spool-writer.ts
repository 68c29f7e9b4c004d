// A process that holds a spool, for tests that kill it or fill its disk. Arguments: folder, and 'full' for the latter.

import { statfsSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Spool } from '../src/state/spool.ts';
import { result } from './samples.ts';

const folder = process.argv[2]!;
const file = join(folder, 'spool.sqlite');
const spool = new Spool(file);

function addUntilKilled(): never {
  for (let round = (spool.oldest(1_000_000).at(-1)?.result.roundId ?? 0) + 1; ; round++) {
    spool.add([result(round), result(round, { direction: 'from-target' })]);
    writeFileSync(1, `${round}\n`);
  }
}

function fillDisk(): void {
  const evidence = 'x'.repeat(500);
  let added = 0;
  let error = '';
  const filling = join(folder, 'filling');
  const add = () => {
    spool.add([result(added, { evidence }), result(added, { direction: 'from-target', evidence })]);
    added += 2;
  };
  for (let i = 0; i < 10; i++) add();
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(filling, Buffer.alloc(bavail * bsize));
  for (let tries = 0; tries < 10_000 && error === ''; tries++) {
    try {
      add();
    } catch (failure) {
      error = String(failure);
    }
  }
  const kept = spool.oldest(1_000_000).length;
  const { size } = spool;
  unlinkSync(filling);
  spool.remove(spool.oldest(added / 2));
  spool.add([result(1)]);
  spool.close();
  const again = new Spool(file);
  const keptAfter = again.oldest(1_000_000).length;
  again.close();
  const database = new DatabaseSync(file);
  const integrity = database.prepare('PRAGMA integrity_check').get()?.integrity_check;
  console.log(JSON.stringify({ added, kept, size, error, integrity, keptAfter }));
}

if (process.argv[3] === 'full') fillDisk();
else addUntilKilled();
