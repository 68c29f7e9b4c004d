// What the simulator costs: least and median real time of worlds, datagrams, sockets and SYNs between two homes behind NATs.

import { type IpAddress, ip } from '@pinhole/wire';
import type { SimHost } from '../src/sim/index.ts';
import { A_OUTSIDE, B_OUTSIDE, type Homes, twoHomes } from '../test/sim-world.ts';

const octet = Uint8Array.of(1);
const link = { delayMs: 20 };
/** Parsing an address takes longer than a datagram does. */
const [ANY, OUTSIDE_A, OUTSIDE_B] = [ip('0.0.0.0'), ip(A_OUTSIDE), ip(B_OUTSIDE)];
const deaf = { onDatagrams: () => undefined };

/** Prints the least and the median real time of `rounds` runs, one `count`-th of it each. */
async function measure(what: string, rounds: number, count: number, run: (seed: number) => Promise<number>) {
  const timesMs: number[] = [];
  for (let seed = 0; seed < rounds; seed++) timesMs.push(await run(seed));
  timesMs.sort((a, b) => a - b);
  const shown = [timesMs[0]!, timesMs[rounds >> 1]!].map((ms) =>
    ((1000 * ms) / count).toFixed(2).padStart(8),
  );
  console.log(`${what.padEnd(58)} ${shown.join('')} µs`);
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await run();
  return performance.now() - startMs;
}

const open = ({ net }: SimHost, port: number, handler: { onDatagrams(): void } = deaf) =>
  net.udp.open({ local: { address: ANY, port } }, handler);

async function closed({ a, b, neighbourOfA, server }: Homes): Promise<void> {
  for (const { net } of [a, b, neighbourOfA, server]) await net.close();
}

await measure('a world of two homes and a server, made and closed', 3000, 1, (seed) =>
  timed(() => closed(twoHomes({ seed, link }))),
);

await measure('a pair punched, with its world', 3000, 1, (seed) =>
  timed(async () => {
    const homes = twoHomes({ seed, link });
    let heard = 0;
    const handler = { onDatagrams: () => heard++ };
    const [atA, atB] = [await open(homes.a, 5000, handler), await open(homes.b, 6000, handler)];
    for (let i = 0; i < 3; i++) {
      atA.send({ data: octet, to: { address: OUTSIDE_B, port: 6000 } });
      atB.send({ data: octet, to: { address: OUTSIDE_A, port: 5000 } });
      await homes.simulation.run();
    }
    if (heard < 3) throw new Error('not punched');
    await closed(homes);
  }),
);

for (const spacingMs of [0, 1]) {
  await measure(`a datagram through two NATs, ${spacingMs} ms apart`, 100, 1000, async (seed) => {
    const homes = twoHomes({ seed, link });
    let heard = 0;
    const [atA, atB] = [await open(homes.a, 5000), await open(homes.b, 6000, { onDatagrams: () => heard++ })];
    const [toA, toB] = [
      { address: OUTSIDE_A, port: 5000 },
      { address: OUTSIDE_B, port: 6000 },
    ];
    atB.send({ data: octet, to: toA });
    await homes.simulation.run();
    const tookMs = await timed(async () => {
      for (let i = 0; i < 1000; i++) {
        if (spacingMs === 0) atA.send({ data: octet, to: toB });
        else homes.a.net.clock.after((i + 1) * spacingMs, () => atA.send({ data: octet, to: toB }));
      }
      await homes.simulation.run();
    });
    if (heard !== 1000) throw new Error(`${heard} datagrams arrived`);
    return tookMs;
  });
}

await measure('a datagram to another port each, dropped by the 2nd NAT', 100, 1000, async (seed) => {
  const { simulation, a } = twoHomes({ seed, link });
  const socket = await open(a, 5000);
  return timed(async () => {
    for (let i = 0; i < 1000; i++) socket.send({ data: octet, to: { address: OUTSIDE_B, port: 10_000 + i } });
    await simulation.run();
  });
});

await measure('a UDP socket opened, of 1,000', 100, 1000, async (seed) => {
  const { a } = twoHomes({ seed });
  return timed(async () => {
    for (let i = 0; i < 1000; i++) await open(a, 0);
  });
});

await measure('a TCP connect dropped by the 2nd NAT, of 1,024 with one', 30, 1024, async (seed) => {
  const { simulation, a, b } = twoHomes({ seed, link });
  const WINNER = 500;
  const controller = new AbortController();
  return timed(async () => {
    const attempt = (from: SimHost, to: IpAddress, local: number, remote: number) =>
      from.net.tcp.connect({
        remote: { address: to, port: remote },
        local: { address: ANY, port: local },
        reusePort: true,
        timeoutMs: 10_000,
        signal: controller.signal,
      });
    const peer = attempt(b, OUTSIDE_A, 6000, 20_000 + WINNER);
    const attempts = Array.from({ length: 1024 }, (_, i) => attempt(a, OUTSIDE_B, 20_000 + i, 6000));
    let opened = 0;
    for (const each of attempts) void each.then(({ connected }) => connected && opened++);
    await simulation.runUntil(() => opened > 0);
    controller.abort();
    const outcomes = await simulation.runUntil(Promise.all(attempts));
    if (outcomes.filter(({ connected }) => connected).length !== 1 || !(await peer).connected) {
      throw new Error('not one connection');
    }
    await simulation.run();
  });
});

await measure('a TCP connect refused by silence, five SYNs', 30, 1024, async (seed) => {
  const { simulation, a } = twoHomes({ seed, link });
  return timed(async () => {
    const attempts = Array.from({ length: 1024 }, (_, i) =>
      a.net.tcp.connect({ remote: { address: OUTSIDE_B, port: 10_000 + i }, timeoutMs: 20_000 }),
    );
    await simulation.runUntil(Promise.all(attempts));
  });
});
