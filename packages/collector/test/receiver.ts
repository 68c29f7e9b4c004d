// A real HTTP server on loopback that takes what is posted to it.

import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface Taken {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Receiver {
  readonly url: string;
  /** In the order in which they came. */
  readonly taken: readonly Taken[];
  /** What is answered from now on; `hang` never answers. */
  answer:
    | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: Buffer }
    | 'hang';
  /** Resolves when so many have come in all. */
  until(count: number): Promise<void>;
  /** Nobody listens any more; with open() again on the same port. */
  shut(): Promise<void>;
  open(): Promise<void>;
}

export async function startReceiver(t: Pick<TestContext, 'after'>): Promise<Receiver> {
  const taken: Taken[] = [];
  const waiting: { count: number; resolve(): void }[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    taken.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(parts) });
    if (receiver.answer !== 'hang') {
      response.writeHead(receiver.answer.status, receiver.answer.headers);
      response.end(receiver.answer.body);
    }
    for (const each of waiting) if (taken.length >= each.count) each.resolve();
  });
  const listen = (port: number) =>
    new Promise<void>((resolve) => server.listen(port, '127.0.0.1', () => resolve()));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}`,
    taken,
    answer: { status: 200 },
    until: (count) =>
      new Promise<void>((resolve) => {
        if (taken.length >= count) resolve();
        else waiting.push({ count, resolve });
      }),
    async shut() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    open: () => listen(port),
  };
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return receiver;
}
