// How many pairs behind NATs the simulator punches through in a second of real time.

import { endpoint } from '@pinhole/wire';
import { twoHomes } from '../test/sim-world.ts';

const PAIRS = 3000;
const octet = Uint8Array.of(1);

async function punch(seed: number): Promise<boolean> {
  const { simulation, a, b } = twoHomes({ seed, link: { delayMs: 20 } });
  let heard = 0;
  const handler = { onDatagrams: () => heard++ };
  const open = (host: typeof a, port: number) =>
    host.net.udp.open({ local: endpoint('0.0.0.0', port) }, handler);
  const [atA, atB] = [await open(a, 5000), await open(b, 6000)];
  for (let i = 0; i < 3; i++) {
    atA.send({ data: octet, to: endpoint('198.51.100.2', 6000) });
    atB.send({ data: octet, to: endpoint('198.51.100.1', 5000) });
    await simulation.run();
  }
  return heard > 2;
}

const startMs = performance.now();
let punched = 0;
for (let seed = 0; seed < PAIRS; seed++) if (await punch(seed)) punched++;
const seconds = (performance.now() - startMs) / 1000;
console.log(`${punched} of ${PAIRS} pairs open, ${Math.round(PAIRS / seconds)} pairs/s`);
