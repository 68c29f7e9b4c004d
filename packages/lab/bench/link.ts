// How many packets the program that is the lab's links passes on, how exactly it holds their delay, and what it costs.
//
//   node packages/lab/src/enter-main.ts node packages/lab/bench/link.ts
//
// One stream goes from site to site, and so over two links: each of its packets counts twice.

import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createLinuxNet } from '@pinhole/net';
import { endpoint } from '@pinhole/wire';
import { buildLab } from '../src/lab.ts';

const port = 5000;
const delayMs = 10;
const streamMs = 5000;
/** How often the sender sends a few. */
const burstMs = 1;
/** What the clock ticks of /proc/<pid>/stat are. */
const ticksPerSecond = 100;

const [role, ...args] = process.argv.slice(2);
if (role === 'send') await send(args[0]!, Number(args[1]));
else if (role === 'receive') await receive(args[0]!);
else await bench();

async function bench(): Promise<void> {
  const link = { delayMs };
  const lab = await buildLab(
    {
      sites: [
        { name: 'a', nat: 'none', link },
        { name: 'b', nat: 'none', link },
      ],
    },
    { verify: false },
  );
  try {
    const [a, b] = [...lab.sites.values()].map(({ hosts }) => hosts[0]!);
    const program = import.meta.filename;
    process.stdout.write('packets/s over links   of one core   lost   late by p50    p99    max (ms)\n');
    for (const rate of [1000, 5000, 10_000, 15_000]) {
      const receiver = b!.spawn(process.execPath, [program, 'receive', b!.addresses[0]!], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      const lines = createInterface({ input: receiver.stdout! })[Symbol.asyncIterator]();
      await lines.next();
      const before = [cpuSeconds(linksPid()), performance.now()] as const;
      const { stdout } = await a!.run(process.execPath, [program, 'send', b!.addresses[0]!, String(rate)]);
      const cpu = (cpuSeconds(linksPid()) - before[0]) / (streamMs / 1000);
      receiver.stdin!.end();
      const late = (JSON.parse((await lines.next()).value!) as number[]).map((ms) => ms - 2 * delayMs);
      const sent = Number(stdout);
      const at = (share: number) => late[Math.floor(share * (late.length - 1))]!.toFixed(2).padStart(6);
      process.stdout.write(
        `${String(Math.round((2 * sent) / (streamMs / 1000))).padStart(22)} ${`${Math.round(cpu * 100)} %`.padStart(13)} ${String(sent - late.length).padStart(6)} ${at(0.5).padStart(13)} ${at(0.99)} ${at(1)}\n`,
      );
    }
  } finally {
    await lab.close();
  }
}

async function send(to: string, rate: number): Promise<void> {
  const net = createLinuxNet();
  const socket = await net.udp.open({ local: endpoint('0.0.0.0', 0) }, { onDatagrams: () => {} });
  const start = net.clock.monotonicNs();
  let sent = 0;
  await new Promise<void>((resolve) => {
    const burst = () => {
      const elapsedMs = (net.clock.monotonicNs() - start) / 1e6;
      if (elapsedMs >= streamMs) return resolve();
      for (const due = Math.floor((elapsedMs * rate) / 1000); sent < due; sent++) {
        const data = Buffer.alloc(100);
        data.writeDoubleBE(net.clock.monotonicNs());
        socket.send({ data, to: endpoint(to, port) });
      }
      net.clock.after(burstMs, burst);
    };
    burst();
  });
  process.stdout.write(String(sent));
  await new Promise<void>((resolve) => net.clock.after(500, resolve));
  await net.close();
}

/** Writes a line when it listens, and at its standard input's end the sorted delays in milliseconds. */
async function receive(local: string): Promise<void> {
  const net = createLinuxNet();
  const delays: number[] = [];
  await net.udp.open(
    { local: endpoint(local, port), bufferBytes: 8 << 20 },
    {
      onDatagrams(batch) {
        for (const { data, receivedAtNs } of batch) {
          const sentNs = new DataView(data.buffer, data.byteOffset).getFloat64(0);
          delays.push((receivedAtNs - sentNs) / 1e6);
        }
      },
    },
  );
  process.stdout.write('ready\n');
  process.stdin.on('end', () => {
    process.stdout.write(`${JSON.stringify(delays.sort((x, y) => x - y))}\n`, () => process.exit(0));
  });
  process.stdin.resume();
}

function linksPid(): string {
  const pid = readdirSync('/proc').find(
    (name) => /^\d+$/.test(name) && commandLine(name).includes('link-main.ts'),
  );
  if (pid === undefined) throw new Error('the program that is the links does not run');
  return pid;
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** User and system time of a process. */
function cpuSeconds(pid: string): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
