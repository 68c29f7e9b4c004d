// The measuring program behind the NAT: host-main.ts A1 A2 PUBLIC-ADDRESS WAIT-MS. Writes an Observation as JSON.

import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { BoundSocket, createServer, Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { type Endpoint, endpoint } from '@pinhole/wire';
import {
  type Attempt,
  type EndpointName,
  endpointNames,
  type Observation,
  type Request,
  serverEndpoints,
  unmappedPort,
} from './observation.ts';

const [firstAddress, secondAddress, publicAddress, wait] = process.argv.slice(2);
const endpoints = serverEndpoints([firstAddress!, secondAddress!]);
/** How long silence must last to be taken for silence. */
const waitMs = Number(wait);
/** How often a question is asked again. */
const retryMs = 250;
/** How much later than the fence a packet may still be that was sent before it. */
const graceMs = 100;

const control = await openControl();
const unsolicitedTo = endpoint(publicAddress!, unmappedPort);
const [udp, tcpSeen, fromOtherPort, fromOtherAddress, unsolicitedTcp, unsolicitedUdp] = await Promise.all([
  observeUdp(),
  observeTcpMapping(),
  control.ask<Attempt>({ ask: 'connect', to: control.seen, fromAddress: 'A1', waitMs }),
  control.ask<Attempt>({ ask: 'connect', to: control.seen, fromAddress: 'A2', waitMs }),
  control.ask<Attempt>({ ask: 'connect', to: unsolicitedTo, fromAddress: 'A2', waitMs }),
  control.ask<Attempt>({ ask: 'provoke', to: unsolicitedTo, waitMs }),
]);
const observation: Observation = {
  udp,
  tcp: { ...tcpSeen, fromOtherPort, fromOtherAddress },
  unsolicited: { tcp: unsolicitedTcp, udp: unsolicitedUdp },
};
process.stdout.write(JSON.stringify(observation), () => process.exit(0));

/** A connection to A1:P1 from a port that also listens: requests go over it, connections come back to the port. */
async function openControl() {
  const bound = new BoundSocket({ host: '0.0.0.0', port: 0, reusePort: true });
  const { port } = bound.address();
  createServer((connection) => connection.on('error', () => {})).listen(bound);
  const { lines, socket, seen, local } = await connectFrom(port, 0);
  const waiting: ((answer: unknown) => void)[] = [];
  lines.on('line', (line) => waiting.shift()?.(JSON.parse(line)));
  return {
    seen,
    localAddress: local.address,
    ask<Answer>(request: Request): Promise<Answer> {
      socket.write(`${JSON.stringify(request)}\n`);
      return new Promise((resolve) => waiting.push((answer) => resolve(answer as Answer)));
    },
  };
}

async function connectFrom(localPort: number, endpointIndex: number) {
  const { address: host, port } = endpoints[endpointIndex]!;
  const bound = new BoundSocket({ host: '0.0.0.0', port: localPort, reusePort: true });
  const socket = new Socket({ handle: bound });
  socket.connect({ host, port });
  const lines = createInterface({ input: socket });
  const [line] = (await once(lines, 'line')) as [string];
  return {
    socket,
    lines,
    seen: JSON.parse(line) as Endpoint,
    local: endpoint(socket.localAddress!, socket.localPort!),
  };
}

async function observeTcpMapping() {
  const first = await connectFrom(0, 0);
  const others = await Promise.all([1, 2, 3].map((index) => connectFrom(first.local.port, index)));
  return { local: first.local, seen: [first, ...others].map(({ seen }) => seen) };
}

async function observeUdp(): Promise<Observation['udp']> {
  const [mapped, filtered, inner] = await Promise.all([openUdp(), openUdp(), openUdp()]);
  const seen = await Promise.all(endpointNames.map((_, index) => askSeen(mapped, index)));
  const [filteredSeen, innerSeen] = await Promise.all([askSeen(filtered, 0), askSeen(inner, 0)]);
  const [passed, hairpinnedFrom] = await Promise.all([
    whoPasses(filtered, filteredSeen),
    hairpin(mapped, inner, innerSeen),
  ]);
  return { local: localOf(mapped), seen, passed, hairpinnedFrom, hairpinnedAs: seen[0]! };
}

async function openUdp(): Promise<DatagramSocket> {
  const socket = createSocket('udp4');
  socket.bind();
  await once(socket, 'listening');
  return socket;
}

/** The address is that of the one interface, which an unbound socket's own address does not tell. */
function localOf(socket: DatagramSocket): Endpoint {
  return endpoint(control.localAddress, socket.address().port);
}

/** The source that the server's endpoint sees; asks again until it answers. */
async function askSeen(socket: DatagramSocket, index: number): Promise<Endpoint> {
  const token = `seen${index}`;
  const { address, port } = endpoints[index]!;
  const answer = awaitMessage(socket, token);
  const ask = () => socket.send(token, port, address);
  ask();
  const again = setInterval(ask, retryMs);
  const [seenAddress, seenPort] = (await answer).text;
  clearInterval(again);
  return endpoint(seenAddress!, Number(seenPort));
}

/** The first message that begins with the token, as words. */
function awaitMessage(socket: DatagramSocket, token: string) {
  return new Promise<{ text: string[]; from: Endpoint }>((resolve) => {
    const listen = (data: Buffer, from: { address: string; port: number }) => {
      const [first, ...text] = data.toString().split(' ');
      if (first !== token) return;
      socket.off('message', listen);
      resolve({ text, from: endpoint(from.address, from.port) });
    };
    socket.on('message', listen);
  });
}

/** The endpoint that may pass sends last, as a fence: what has not come shortly after it will not come. */
async function whoPasses(socket: DatagramSocket, to: Endpoint): Promise<EndpointName[]> {
  const passed = new Set<EndpointName>();
  let fence = () => {};
  const fenced = new Promise<void>((resolve) => {
    fence = resolve;
  });
  socket.on('message', (data) => {
    const [token, name] = data.toString().split(' ');
    if (token !== 'filter') return;
    passed.add(name as EndpointName);
    if (name === 'A1:P1') fence();
  });
  await control.ask({ ask: 'send', to, token: 'filter', from: ['A2:P2', 'A2:P1', 'A1:P2', 'A1:P1'] });
  await Promise.race([fenced, delay(waitMs)]);
  await delay(graceMs);
  return endpointNames.filter((name) => passed.has(name));
}

async function hairpin(from: DatagramSocket, to: DatagramSocket, target: Endpoint): Promise<Endpoint | null> {
  const arrival = awaitMessage(to, 'hairpin');
  from.send('hairpin', target.port, target.address);
  const first = await Promise.race([arrival, delay(waitMs, null)]);
  return first === null ? null : first.from;
}
