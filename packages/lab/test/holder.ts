// A program that builds a lab, starts something in it, says so, and stays: what the tests kill.

import { readFileSync } from 'node:fs';
import { initFile } from '../src/enter/unshare.ts';
import { buildLab } from '../src/lab.ts';

const lab = await buildLab(
  {
    sites: [
      { name: 'a', nat: 'eim-apdf' },
      { name: 'b', nat: 'eim-eif' },
    ],
  },
  { verify: false },
);
for (const place of lab.places) place.spawn('sleep', ['1000000'], { stdio: 'ignore' });
process.stdout.write(`${JSON.stringify({ initPid: Number(readFileSync(initFile, 'utf8')) })}\n`);
setInterval(() => {}, 1000);
