// The host program's TCP connections to the server.

import { once } from 'node:events';
import { BoundSocket, createServer, Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { type Endpoint, endpoint } from '@pinhole/wire';
import type { Answered, Asked, IdleOutcome, MappingObservation, Request } from '../observation.ts';
import type { Control } from './udp.ts';

export interface Connection {
  readonly socket: Socket;
  readonly local: Endpoint;
  readonly seen: Endpoint;
  ask<Answer>(request: Request): Promise<Answer>;
}

/** The connection over which the server is asked outlives the shortest idle limit. */
const keepAliveMs = 500;

export class Tcp {
  readonly #endpoints: readonly Endpoint[];

  constructor(endpoints: readonly { address: string; port: number }[]) {
    this.#endpoints = endpoints.map(({ address, port }) => endpoint(address, port));
  }

  /** A connection to A1:P1 from a port that also listens: requests go over it, connections come back to the port. */
  async openControl(): Promise<Control> {
    const bound = new BoundSocket({ host: '0.0.0.0', port: 0, reusePort: true });
    const { port } = bound.address();
    createServer((connection) => connection.on('error', () => {})).listen(bound);
    const connection = await this.connect(port);
    setInterval(() => connection.ask({ ask: 'echo' }), keepAliveMs);
    return { ...connection, localAddress: connection.local.address };
  }

  /** To A1:P1 unless said otherwise; once the server has said what it sees. */
  async connect(localPort = 0, to = this.#endpoints[0]!): Promise<Connection> {
    const socket = open(localPort, to);
    const lines = createInterface({ input: socket });
    lines.on('error', () => {});
    const [line] = (await once(lines, 'line')) as [string];
    const waiting = new Map<number, (answer: unknown) => void>();
    lines.on('line', (text) => {
      const { id, answer } = JSON.parse(text) as Answered;
      waiting.get(id)?.(answer);
    });
    let lastId = 0;
    return {
      socket,
      seen: JSON.parse(line) as Endpoint,
      local: endpoint(socket.localAddress!, socket.localPort!),
      ask<Answer>(request: Request): Promise<Answer> {
        const asked: Asked = { id: ++lastId, request };
        socket.write(`${JSON.stringify(asked)}\n`);
        return new Promise((resolve) => waiting.set(asked.id, (answer) => resolve(answer as Answer)));
      },
    };
  }

  async observeMapping(sampleCount: number): Promise<MappingObservation> {
    const [first, ...samples] = await Promise.all(
      Array.from({ length: sampleCount + 1 }, () => this.connect()),
    );
    const others = await Promise.all(
      this.#endpoints.slice(1).map((to) => this.connect(first!.local.port, to)),
    );
    return {
      local: first!.local,
      seen: [first!, ...others].map(({ seen }) => seen),
      samples: samples.map(({ local, seen }) => ({ localPort: local.port, seen })),
    };
  }

  /** Sends a SYN, whatever it meets. @returns what ends the attempt */
  startConnection(to: Endpoint): () => void {
    const socket = open(0, to);
    socket.on('error', () => {});
    return () => socket.destroy();
  }

  async reaches(to: Endpoint, waitMs: number): Promise<boolean> {
    const socket = open(0, to);
    const answered = new Promise<boolean>((resolve) => {
      socket.once('data', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    const result = await Promise.race([answered, delay(waitMs, false)]);
    socket.destroy();
    return result;
  }
}

function open(localPort: number, { address: host, port }: Endpoint): Socket {
  const socket = new Socket({
    handle: new BoundSocket({ host: '0.0.0.0', port: localPort, reusePort: true }),
  });
  socket.connect({ host, port });
  return socket;
}

/** What the next packet of a connection meets. */
export function tryConnection({ socket, ask }: Connection, waitMs: number): Promise<IdleOutcome> {
  const reset = new Promise<IdleOutcome>((resolve) => {
    socket.once('error', () => resolve('reset'));
    socket.once('close', () => resolve('reset'));
  });
  const answered = ask({ ask: 'echo' }).then((): IdleOutcome => 'answered');
  return Promise.race([answered, reset, delay(waitMs, 'silence' as const)]);
}
