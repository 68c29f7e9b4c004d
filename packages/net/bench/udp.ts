// How many datagrams a second one process takes in and answers: `node bench/udp.ts [linux|node]`. A second process
// sends them, so two processors are needed.

import { fork } from 'node:child_process';
import type { Endpoint } from '@pinhole/wire';
import { endpoint } from '@pinhole/wire';
import { createNet, type Datagram, type NetKind } from '../src/index.ts';

const SECONDS = 5;
/** A STUN binding request without attributes, and its response. */
const REQUEST_OCTETS = 20;
const RESPONSE_OCTETS = 32;
const BUFFER_BYTES = 4 << 20;

const preference = (process.argv[2] ?? 'linux') as NetKind;

if (process.argv[3] === undefined) await respond();
else await flood(endpoint('127.0.0.1', Number(process.argv[3])));

async function respond(): Promise<void> {
  const { net, kind } = createNet(preference);
  const response = new Uint8Array(RESPONSE_OCTETS);
  let answered = 0;
  let batches = 0;
  const onDatagrams = (batch: readonly Datagram[]) => {
    const outcomes = socket.sendBatch(batch.map(({ from }) => ({ data: response, to: from })));
    answered += outcomes.filter((outcome) => outcome.sent).length;
    batches++;
  };
  const local = endpoint('127.0.0.1', 0);
  const socket = await net.udp.open({ local, bufferBytes: BUFFER_BYTES }, { onDatagrams });
  const sender = fork(import.meta.filename, ['linux', String(socket.local.port)]);
  await new Promise<void>((resolve) => net.clock.after(1500, resolve));
  const [from, fromCpu, fromNs] = [answered, process.cpuUsage(), net.clock.monotonicNs()];
  await new Promise<void>((resolve) => net.clock.after(SECONDS * 1000, resolve));
  const seconds = (net.clock.monotonicNs() - fromNs) / 1e9;
  const { user, system } = process.cpuUsage(fromCpu);
  const perSecond = Math.round((answered - from) / seconds);
  const busy = Math.round((user + system) / seconds / 1e4);
  console.log(
    `${kind}: ${perSecond} answers/s, ${busy} % of a processor, ${(answered / batches).toFixed(1)} a batch`,
  );
  sender.kill();
  await net.close();
}

async function flood(to: Endpoint): Promise<void> {
  const { net } = createNet('linux');
  const local = endpoint('127.0.0.1', 0);
  const socket = await net.udp.open({ local, bufferBytes: BUFFER_BYTES }, { onDatagrams: () => undefined });
  const requests = Array.from({ length: 64 }, () => ({ data: new Uint8Array(REQUEST_OCTETS), to }));
  const send = () => {
    for (let i = 0; i < 16; i++) socket.sendBatch(requests);
    setImmediate(send);
  };
  send();
}
