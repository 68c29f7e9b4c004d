// TCP on descriptors of our own against Node's: `node bench/tcp.ts`. Two processes of one kind send 160 octets back and
// forth, on one connection and on 200 at once, and open connections; then the other kind does. Of each figure the best of
// all rounds stands: what else the machine does only makes it worse. Two processors are needed.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type Endpoint, endpoint } from '@pinhole/wire';
import { createNet, type Net, type NetKind } from '../src/index.ts';

const ROUNDS = 5;
const SECONDS = 1.5;
/** A STAMP probe of a session, with its frame. */
const MESSAGE_OCTETS = 160;
const MANY = 200;
const OPENED = 4000;
const OPENING_AT_ONCE = 64;

interface Figures {
  /** Messages a second, and a second of the processor. */
  readonly one: number;
  readonly oneBusy: number;
  readonly many: number;
  readonly manyBusy: number;
  readonly opened: number;
  readonly octetsEach: number;
}

const names: Readonly<Record<keyof Figures, string>> = {
  one: 'one connection: messages/s',
  oneBusy: '  messages in a second of the processor',
  many: '200 connections: messages/s',
  manyBusy: '  messages in a second of the processor',
  opened: 'connections opened/s',
  octetsEach: 'memory of each, octets',
};

const [role, kindGiven, port] = process.argv.slice(2);
if (role === 'server') await serve(kindGiven as NetKind);
else if (role === 'client') await ask(kindGiven as NetKind, endpoint('127.0.0.1', Number(port)));
else await compare();

async function compare(): Promise<void> {
  const rounds: Record<NetKind, Figures[]> = { linux: [], node: [] };
  // In turn, so that what else the machine does meets both alike.
  for (let round = 0; round < ROUNDS; round++) {
    for (const kind of ['linux', 'node'] as const) rounds[kind].push(await measure(kind));
  }
  const best = { linux: bestOf(rounds.linux), node: bestOf(rounds.node) };
  const row = (name: string, columns: readonly string[]) =>
    console.log(name.padEnd(42) + columns.map((column) => column.padStart(10)).join(''));
  row('', ['linux', 'node', 'ratio']);
  for (const [figure, name] of Object.entries(names) as [keyof Figures, string][]) {
    const [linux, node] = [best.linux[figure], best.node[figure]];
    row(name, [String(linux), String(node), (linux / node).toFixed(2)]);
  }
}

async function measure(kind: NetKind): Promise<Figures> {
  const server = start('server', kind, '');
  const [listening] = await once(server, 'message');
  const client = start('client', kind, String(listening));
  const [rates] = await once(client, 'message');
  server.send('memory');
  const [octetsEach] = await once(server, 'message');
  for (const child of [client, server]) child.kill();
  await Promise.all([once(client, 'exit'), once(server, 'exit')]);
  return { ...rates, octetsEach };
}

function start(...parameters: string[]): ChildProcess {
  return fork(import.meta.filename, parameters, { execArgv: ['--expose-gc'] });
}

async function serve(kind: NetKind): Promise<void> {
  const { net } = createNet(kind);
  let open = 0;
  let before = 0;
  const listener = await net.tcp.listen({ local: endpoint('127.0.0.1', 0) }, (connection) => {
    if (open++ === MANY + 1) before = memory();
    connection.start({ onData: (data) => void connection.write(data), onClose: () => undefined });
  });
  process.on('message', () => process.send?.(Math.round((memory() - before) / (open - MANY - 2))));
  process.send?.(listener.local.port);
}

function memory(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss();
}

async function ask(kind: NetKind, remote: Endpoint): Promise<void> {
  const { net } = createNet(kind);
  const one = await rate(net, remote, 1);
  const many = await rate(net, remote, MANY);
  const opened = await open(net, remote);
  process.send?.({ one: one.rate, oneBusy: one.busy, many: many.rate, manyBusy: many.busy, opened });
}

/** Messages that came back, of so many connections with one message each under way. */
async function rate(net: Net, remote: Endpoint, connections: number) {
  const message = new Uint8Array(MESSAGE_OCTETS);
  let received = 0;
  let isOver = false;
  for (let i = 0; i < connections; i++) {
    const outcome = await net.tcp.connect({ remote, timeoutMs: 10_000 });
    if (!outcome.connected) throw new Error(outcome.detail);
    const { connection } = outcome;
    let awaited = MESSAGE_OCTETS;
    connection.start({
      onData(data) {
        awaited -= data.length;
        if (awaited > 0 || isOver) return;
        awaited = MESSAGE_OCTETS;
        received++;
        connection.write(message);
      },
      onClose: () => undefined,
    });
    connection.write(message);
  }
  await pause(net, 300);
  const [fromNs, from, fromCpu] = [net.clock.monotonicNs(), received, process.cpuUsage()];
  await pause(net, SECONDS * 1000);
  const count = received - from;
  const { user, system } = process.cpuUsage(fromCpu);
  const rate = Math.round(count / ((net.clock.monotonicNs() - fromNs) / 1e9));
  isOver = true;
  await pause(net, 100);
  return { rate, busy: Math.round(count / ((user + system) / 1e6)) };
}

async function open(net: Net, remote: Endpoint): Promise<number> {
  const fromNs = net.clock.monotonicNs();
  let left = OPENED;
  const next = async () => {
    while (left-- > 0) {
      const outcome = await net.tcp.connect({ remote, timeoutMs: 10_000 });
      if (!outcome.connected) throw new Error(outcome.detail);
    }
  };
  await Promise.all(Array.from({ length: OPENING_AT_ONCE }, next));
  return Math.round(OPENED / ((net.clock.monotonicNs() - fromNs) / 1e9));
}

function bestOf(rounds: readonly Figures[]): Figures {
  const all = (figure: keyof Figures) => rounds.map((round) => round[figure]);
  return {
    one: Math.max(...all('one')),
    oneBusy: Math.max(...all('oneBusy')),
    many: Math.max(...all('many')),
    manyBusy: Math.max(...all('manyBusy')),
    opened: Math.max(...all('opened')),
    octetsEach: Math.min(...all('octetsEach')),
  };
}

function pause(net: Net, delayMs: number): Promise<void> {
  return new Promise((resolve) => net.clock.after(delayMs, resolve));
}
