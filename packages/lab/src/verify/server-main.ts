// The measuring program outside: server-main.ts A1 A2. Writes `ready` when everything is bound; ends with its
// standard input.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { BoundSocket, connect, createServer, Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { type Endpoint, endpoint } from '@pinhole/wire';
import { traversalPorts } from '../nat/behaviour.ts';
import { attachFilter } from '../sockets.ts';
import {
  type Answer,
  type Answered,
  type Asked,
  type Attempt,
  endpointNames,
  type Meeting,
  type Request,
  serverEndpoints,
  simultaneousPort,
} from './observation.ts';
import { isAnswer, isSyn, watchPackets } from './watch.ts';

const addresses = process.argv.slice(2);
const endpoints = serverEndpoints(addresses);
const traversalEndpoints = traversalPorts.map((port) => ({ address: addresses[0]!, port }));
/** How long after a packet the watch has seen it. */
const watchDelayMs = 50;

const packets = watchPackets();

const datagramSockets = await Promise.all(
  [...endpoints, ...traversalEndpoints].map(async ({ address, port }) => {
    const socket = createSocket('udp4');
    socket.on('message', (token, from) => {
      socket.send(`${token} ${from.address} ${from.port}`, from.port, from.address);
    });
    socket.bind(port, address);
    await once(socket, 'listening');
    return socket;
  }),
);

await Promise.all(
  [...endpoints, ...traversalEndpoints].map(async ({ address, port }) => {
    const server = createServer(serve);
    server.listen(port, address);
    await once(server, 'listening');
  }),
);

// Without a listener the kernel would answer by RST. This one's filter (BPF_RET) keeps nothing of what comes, a SYN too.
const silent = bindSimultaneous();
attachFilter(silent.fd(), [[0x06, 0, 0, 0]]);
createServer().listen(silent);

function bindSimultaneous(): BoundSocket {
  return new BoundSocket({ host: addresses[0]!, port: simultaneousPort, reusePort: true });
}

/** Says first what it sees of the other end, then answers requests. */
function serve(connection: Socket): void {
  const from = endpoint(connection.remoteAddress!, connection.remotePort!);
  connection.on('error', () => connection.destroy());
  connection.write(`${JSON.stringify(from)}\n`);
  createInterface({ input: connection })
    // It is told of the connection's errors too.
    .on('error', () => {})
    .on('line', async (line) => {
      const { id, request } = JSON.parse(line) as Asked;
      const answered: Answered = { id, answer: await perform(request, from) };
      connection.write(`${JSON.stringify(answered)}\n`);
    });
}

async function perform(request: Request, from: Endpoint): Promise<Answer> {
  switch (request.ask) {
    case 'send':
      for (const name of request.from) {
        const socket = datagramSockets[endpointNames.indexOf(name)]!;
        await new Promise((sent) =>
          socket.send(`${request.token} ${name}`, request.to.port, request.to.address, sent),
        );
      }
      return null;
    case 'connect':
      return attemptConnection(request.to, addresses[request.fromAddress === 'A1' ? 0 : 1]!, request.waitMs);
    case 'provoke':
      return provoke(request.to, request.waitMs);
    case 'meet':
      return meet(from.address, request.waitMs);
    case 'hops':
      return packets.hopsFrom(from.address);
    case 'echo':
      return null;
  }
}

async function attemptConnection(to: Endpoint, localAddress: string, waitMs: number): Promise<Attempt> {
  const met = await new Promise<'connected' | 'refused' | 'icmp' | 'silence'>((resolve) => {
    const socket = connect({ host: to.address, port: to.port, localAddress });
    const finish = (attempt: 'connected' | 'refused' | 'icmp' | 'silence') => {
      clearTimeout(timer);
      socket.resetAndDestroy();
      resolve(attempt);
    };
    const timer = setTimeout(finish, waitMs, 'silence');
    socket.on('connect', () => finish('connected'));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      finish(error.code === 'ECONNREFUSED' ? 'refused' : 'icmp'),
    );
  });
  if (met !== 'refused') return met;
  // The kernel tells a program the same of RST and of ICMP port unreachable.
  await delay(watchDelayMs);
  return packets.metIcmp('tcp', to) ? 'icmp' : 'reset';
}

/** A connected datagram socket is told of the ICMP error that its packet met. */
function provoke(to: Endpoint, waitMs: number): Promise<Attempt> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const finish = (attempt: Attempt) => {
      clearTimeout(timer);
      socket.close();
      resolve(attempt);
    };
    const timer = setTimeout(finish, waitMs, 'silence');
    socket.once('error', () => finish('icmp'));
    socket.connect(to.port, to.address, () => socket.send('unsolicited'));
  });
}

async function meet(from: string, waitMs: number): Promise<Meeting> {
  const isFromThere = packets.to(simultaneousPort, from);
  const syn = await packets.next((packet) => isFromThere(packet) && isSyn(packet), waitMs, true);
  if (syn === null) return 'silence';
  const reaction = packets.next(
    (packet) => isFromThere(packet) && packet.sourcePort === syn.sourcePort,
    waitMs,
  );
  const socket = new Socket({ handle: bindSimultaneous() });
  socket.on('error', () => {});
  socket.connect({ host: from, port: syn.sourcePort! });
  const packet = await reaction;
  socket.resetAndDestroy();
  if (packet === null) return 'silence';
  return isAnswer(packet) ? 'answered' : 'repeated';
}

process.stdout.write('ready\n');
process.stdin.on('end', () => process.exit(0)).resume();
