// How many Binding requests a second the server answers, beside a plain responder on node:dgram that does nothing but
// read the header and write the mapped address. A second process asks, so two processors are needed. Takes half a
// minute, and ends by itself.

import { fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { createNet, type Net } from '@pinhole/net';
import { type Endpoint, encodeStun, endpoint, ip, type StunAttribute } from '@pinhole/wire';
import { pino } from 'pino';
import { startTraversalServer } from '../src/index.ts';

const rounds = 3;
const warmUpMs = 700;
const measuredMs = 2_500;
/** Requests that the asking process sends at a time, and how often before it looks at the answers. */
const [batch, batchesPerTurn] = [64, 16];
const bufferBytes = 4 << 20;

/** Something that answers on an endpoint and counts. */
interface Responder {
  readonly at: Endpoint;
  answered(): number;
  close(): void;
}

interface Subject {
  readonly name: string;
  readonly start: (net: Net) => Promise<Responder>;
  readonly attributes: StunAttribute[];
}

const subjects: readonly Subject[] = [
  { name: 'server, plain requests', start: startServer, attributes: [] },
  {
    name: 'server, requests with SOFTWARE',
    start: startServer,
    attributes: [{ type: 'software', text: 'bench' }],
  },
  { name: 'node:dgram, plain requests', start: startDgram, attributes: [] },
];

const asked = process.argv[2];
if (asked === undefined) await compare();
else await ask(endpoint('127.0.0.1', Number(asked)), JSON.parse(process.argv[3] ?? '[]'));

async function compare(): Promise<void> {
  const { net, kind } = createNet();
  const results = new Map<string, { perSecond: number; perCpuSecond: number }[]>();
  // In turns, so that what else the machine does meets all of them.
  for (let round = 0; round < rounds; round++) {
    for (const subject of subjects) {
      results.set(subject.name, [...(results.get(subject.name) ?? []), await measure(net, subject)]);
    }
  }
  await net.close();
  console.log(`${kind} sockets; medians of ${rounds} rounds`);
  const reference = median(results.get(subjects.at(-1)!.name)!.map(({ perSecond }) => perSecond));
  for (const [name, each] of results) {
    const perSecond = median(each.map((result) => result.perSecond));
    const perCpuSecond = median(each.map((result) => result.perCpuSecond));
    const ratio = (perSecond / reference).toFixed(1);
    console.log(
      `${name}: ${Math.round(perSecond)}/s, ${Math.round(perCpuSecond)} a processor second, x ${ratio}`,
    );
  }
}

async function measure(net: Net, { start, attributes }: Subject) {
  const responder = await start(net);
  const asker = fork(import.meta.filename, [String(responder.at.port), JSON.stringify(attributes)]);
  await wait(net, warmUpMs);
  const [from, fromCpu, fromNs] = [responder.answered(), process.cpuUsage(), net.clock.monotonicNs()];
  await wait(net, measuredMs);
  const seconds = (net.clock.monotonicNs() - fromNs) / 1e9;
  const { user, system } = process.cpuUsage(fromCpu);
  const answered = responder.answered() - from;
  const ended = new Promise((resolve) => asker.once('exit', resolve));
  asker.kill();
  await ended;
  responder.close();
  return { perSecond: answered / seconds, perCpuSecond: answered / ((user + system) / 1e6) };
}

async function startServer(net: Net): Promise<Responder> {
  const server = await startTraversalServer({
    net,
    log: pino({ level: 'silent' }),
    secret: new Uint8Array(32),
    addresses: [ip('127.0.0.1')],
    ports: [19_119, 19_120],
    budget: { perSecond: 1e9, burst: 1e9, maxSources: 1000 },
  });
  return {
    at: server.endpoints[0]!,
    answered: () => server.counters.get('binding-answered'),
    close: () => server.close(),
  };
}

async function startDgram(): Promise<Responder> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: bufferBytes, sendBufferSize: bufferBytes });
  let answered = 0;
  socket.on('message', (data, { address, port }) => {
    if (data.length < 20 || data.readUInt16BE(0) !== 1 || data.readUInt32BE(4) !== 0x2112a442) return;
    const answer = Buffer.alloc(32);
    answer.writeUInt16BE(0x0101, 0);
    answer.writeUInt16BE(12, 2);
    data.copy(answer, 4, 4, 20);
    answer.set([0x00, 0x20, 0, 8, 0, 1], 20);
    answer.writeUInt16BE(port ^ 0x2112, 26);
    const octets = address.split('.').map(Number);
    for (let i = 0; i < 4; i++) answer[28 + i] = octets[i]! ^ data[4 + i]!;
    socket.send(answer, port, address, () => answered++);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    at: endpoint('127.0.0.1', socket.address().port),
    answered: () => answered,
    close: () => socket.close(),
  };
}

/** Asks as fast as it can, for longer than it is measured at most. */
async function ask(to: Endpoint, attributes: StunAttribute[]): Promise<void> {
  const { net } = createNet();
  const local = endpoint('127.0.0.1', 0);
  const socket = await net.udp.open({ local, bufferBytes }, { onDatagrams: () => undefined });
  const transactionId = new Uint8Array(12);
  const data = encodeStun({ class: 'request', method: 1, transactionId, attributes });
  const requests = Array.from({ length: batch }, () => ({ data, to }));
  const endNs = net.clock.monotonicNs() + (warmUpMs + measuredMs) * 10 * 1e6;
  const send = () => {
    for (let i = 0; i < batchesPerTurn; i++) socket.sendBatch(requests);
    if (net.clock.monotonicNs() < endNs && process.connected) setImmediate(send);
    else process.exit();
  };
  send();
}

function wait(net: Net, delayMs: number): Promise<void> {
  return new Promise((resolve) => net.clock.after(delayMs, resolve));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
