// The measuring program outside: server-main.ts A1 A2. Writes `ready` when everything is bound; ends with its
// standard input.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Endpoint } from '@pinhole/wire';
import { type Attempt, endpointNames, type Request, serverEndpoints } from './observation.ts';

const addresses = process.argv.slice(2);
const endpoints = serverEndpoints(addresses);

const datagramSockets = await Promise.all(
  endpoints.map(async ({ address, port }) => {
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
  endpoints.map(async ({ address, port }) => {
    const server = createServer(serve);
    server.listen(port, address);
    await once(server, 'listening');
  }),
);

/** Says first what it sees of the other end, then answers requests in their order. */
function serve(connection: Socket): void {
  connection.on('error', () => connection.destroy());
  connection.write(`${JSON.stringify({ address: connection.remoteAddress, port: connection.remotePort })}\n`);
  let last: Promise<unknown> = Promise.resolve();
  createInterface({ input: connection }).on('line', (line) => {
    const answer = perform(JSON.parse(line) as Request);
    last = Promise.all([last, answer]).then(([, value]) => connection.write(`${JSON.stringify(value)}\n`));
  });
}

async function perform(request: Request): Promise<Attempt | null> {
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
  }
}

function attemptConnection(to: Endpoint, localAddress: string, waitMs: number): Promise<Attempt> {
  return new Promise((resolve) => {
    const socket = connect({ host: to.address, port: to.port, localAddress });
    const finish = (attempt: Attempt) => {
      clearTimeout(timer);
      socket.resetAndDestroy();
      resolve(attempt);
    };
    const timer = setTimeout(finish, waitMs, 'silence');
    socket.on('connect', () => finish('connected'));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      finish(error.code === 'ECONNREFUSED' ? 'refused' : 'unreachable'),
    );
  });
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
    socket.once('error', (error: NodeJS.ErrnoException) =>
      finish(error.code === 'ECONNREFUSED' ? 'refused' : 'unreachable'),
    );
    socket.connect(to.port, to.address, () => socket.send('unsolicited'));
  });
}

process.stdout.write('ready\n');
process.stdin.on('end', () => process.exit(0)).resume();
