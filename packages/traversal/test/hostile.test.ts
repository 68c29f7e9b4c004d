// What must not stop the server. Each attack runs while two agents are being served, and is counted for what it is.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { describe, it } from 'node:test';
import { createNet, createNodeNet, type TcpConnection } from '@pinhole/net';
import { type Endpoint, encodeRendezvous, endpoint, traversalCredential } from '@pinhole/wire';
import { Counters } from '../src/counters.ts';
import { type Counter, defaultBudget, type TraversalServer } from '../src/index.ts';
import { Streams } from '../src/streams.ts';
import { askUdp, bindingRequest, firstTry, openStream, startServer, TestAgent, until } from './client.ts';
import { register, ticketOf } from './scene.ts';

const inAnHourS = Math.floor(Date.now() / 1000) + 3600;

/** Two agents that meet again and again. */
class Service {
  meetings = 0;
  readonly source: TestAgent;
  readonly target: TestAgent;

  private constructor(source: TestAgent, target: TestAgent) {
    this.source = source;
    this.target = target;
  }

  static async start(server: Endpoint): Promise<Service> {
    const source = await TestAgent.register(server, '11');
    return new Service(source, await TestAgent.register(server, '22'));
  }

  async meet(): Promise<void> {
    const ticket = ticketOf({ expiresAtS: inAnHourS });
    this.source.send({
      kind: 'meet',
      sessionId: randomBytes(16),
      transport: 'tcp',
      roundId: 1,
      ticket,
      ...firstTry,
    });
    await this.source.next('met');
    await this.source.next('start');
    await this.target.next('start');
    this.meetings++;
  }

  async meetUntil(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await this.meet();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

interface Attack {
  readonly title: string;
  readonly counter: Counter;
  /** How often it is counted at least. */
  readonly times: number;
  run(server: Endpoint, service: Service): Promise<void>;
}

const attacks: readonly Attack[] = [
  {
    title: 'guessed passwords',
    counter: 'refused-wrong-password',
    times: 10,
    async run(server) {
      const { username } = traversalCredential(new Uint8Array(32), '11', inAnHourS);
      const stream = await openStream(server);
      const say = (nonce: string | null, i: number) => {
        const transactionId = new Uint8Array(12).fill(i);
        const key = nonce === null ? null : `guess ${i}`;
        stream.socket.write(encodeRendezvous({ transactionId, body: register(), username, nonce }, key));
      };
      say(null, 0);
      await until('a nonce', () => stream.messages.length === 1);
      const nonce = stream.messages[0]!.message.attributes.find((each) => each.type === 'nonce');
      for (let i = 1; i <= 10; i++) say(nonce?.text ?? '', i);
      await until('ten refusals', () => stream.messages.length === 11);
      stream.socket.destroy();
    },
  },
  {
    title: 'an enrolled agent with a forged ticket',
    counter: 'refused-ticket-signature',
    times: 1,
    async run(server) {
      const agent = await TestAgent.register(server, '33');
      const ticket = ticketOf({ sourceAgentId: '33', expiresAtS: inAnHourS }, new Uint8Array(32));
      agent.send({
        kind: 'meet',
        sessionId: randomBytes(16),
        transport: 'tcp',
        roundId: 1,
        ticket,
        ...firstTry,
      });
      assert.equal((await agent.next('refused')).code, 403);
      agent.close();
    },
  },
  {
    title: 'an enrolled agent with the ticket of another',
    counter: 'refused-ticket-not-yours',
    times: 1,
    async run(server) {
      const agent = await TestAgent.register(server, '33');
      const ticket = ticketOf({ expiresAtS: inAnHourS });
      agent.send({
        kind: 'meet',
        sessionId: randomBytes(16),
        transport: 'tcp',
        roundId: 1,
        ticket,
        ...firstTry,
      });
      assert.equal((await agent.next('refused')).code, 403);
      agent.close();
    },
  },
  {
    title: 'a message longer than any of ours',
    counter: 'closed-oversized',
    times: 1,
    run: (server) => sendUntilClosed(server, Buffer.from('0080fffc2112a442', 'hex')),
  },
  {
    title: 'what is not STUN at all',
    counter: 'closed-not-stun',
    times: 1,
    run: (server) => sendUntilClosed(server, Buffer.from('GET / HTTP/1.1\r\nHost: example\r\n\r\n')),
  },
  {
    title: 'half a message, and then nothing',
    counter: 'closed-silent',
    times: 1,
    run: (server) => sendUntilClosed(server, bindingRequest().subarray(0, 11)),
  },
  {
    title: 'more messages than a connection may send',
    counter: 'closed-over-budget',
    times: 1,
    run: (server) => sendUntilClosed(server, Buffer.concat(Array(1000).fill(bindingRequest()))),
  },
  {
    title: 'requests to register without end',
    counter: 'closed-too-many-messages',
    times: 1,
    run(server) {
      const message = { transactionId: new Uint8Array(12), body: register(), username: null, nonce: null };
      return sendUntilClosed(server, Buffer.concat(Array(100).fill(encodeRendezvous(message, null))));
    },
  },
  {
    title: 'noise over UDP',
    counter: 'dropped-not-stun',
    times: 50,
    async run(server) {
      await sendDatagrams(
        server,
        Array.from({ length: 100 }, () => Buffer.concat([Uint8Array.of(0xff), randomBytes(99)])),
      );
    },
  },
  {
    title: 'cut datagrams',
    counter: 'dropped-truncated',
    times: 10,
    run: (server) =>
      sendDatagrams(
        server,
        Array.from({ length: 20 }, (_, i) => bindingRequest().subarray(0, i)),
      ),
  },
  {
    title: 'datagrams as long as can be',
    counter: 'dropped-oversized',
    times: 1,
    async run(server) {
      await sendDatagrams(server, [bindingRequest([{ type: 'padding', octets: new Uint8Array(65_400) }])]);
    },
  },
];

describe('two agents go on being served during', { concurrency: true }, () => {
  for (const { title, counter, times, run } of attacks) {
    it(title, () =>
      serving(async (server, service) => {
        const at = server.endpoints[0]!;
        await during(service, () => run(at, service));
        await until(`${counter} counted`, () => server.counters.get(counter) >= times);
      }),
    );
  }

  it('a flood from their own address, whose budget is then spent', () =>
    serving(
      async (server, service) => {
        const at = server.endpoints[0]!;
        await service.source.registerUdp();
        const socket = createSocket('udp4');
        const flood = setInterval(() => {
          for (let i = 0; i < 100; i++) socket.send(bindingRequest(), at.port, at.address);
        }, 5);
        try {
          await during(service, async () => {
            await until('the budget spent', () => server.counters.get('dropped-over-budget') > 500);
            // What it has been told where it receives tells it from those who only claim its address.
            for (let i = 0; i < 3; i++) await service.source.registerUdp();
          });
        } finally {
          clearInterval(flood);
          socket.close();
        }
      },
      { budget: { perSecond: 0.001, burst: 50, maxSources: 10 } },
    ));

  it('ten thousand connections that never speak', () =>
    serving(async (server, service) => {
      const at = server.endpoints[0]!;
      const main = new URL('./attacker-main.ts', import.meta.url).pathname;
      const args = [main, String(at.port), '10000'];
      const attacker = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      try {
        await during(service, async () => {
          await once(attacker.stdout, 'data');
          // No more than 4,096 are kept waiting, and those 10 s.
          await until('the others refused', () => server.counters.get('closed-crowded') >= 10_000 - 4096);
        });
        // There is room for a newcomer, too.
        const late = await TestAgent.register(at, '33');
        late.close();
      } finally {
        attacker.kill();
        await once(attacker, 'exit');
      }
    }));
});

describe('the largest datagram of IPv6', { skip: !hasLoopback6() && 'no IPv6 here' }, () => {
  it('is dropped: its answer would be larger than a message can be', () =>
    serving(
      async (server) => {
        const at = server.endpoints[0]!;
        const padding = { type: 'padding', octets: new Uint8Array(65_500) } as const;
        await sendDatagrams(at, [bindingRequest([padding])]);
        await until('the datagram counted', () => server.counters.get('dropped-oversized') === 1);
        await askUdp(at, bindingRequest());
      },
      { addresses: ['::1'] },
    ));
});

describe('a peer that does not read', () => {
  it('is dropped when 64 kB wait for it beyond what the kernel holds', async () => {
    const net = createNodeNet();
    const counters = new Counters();
    const streams = new Streams({
      own: { addresses: [], ports: [] },
      budget: { perSecond: 1, burst: 1, maxSources: 1 },
      counters,
      now: () => ({ ms: 0, wallS: 0 }),
      onConnected: (id) => {
        connected = id;
      },
      onBound: () => undefined,
      onDisconnected: () => {
        connected = null;
      },
      onMessage: () => undefined,
    });
    let connected: number | null = null;
    let own: TcpConnection | null = null;
    const listener = await net.tcp.listen({ local: endpoint('127.0.0.1', 0) }, (connection) => {
      own = connection;
      streams.accept(connection);
    });
    const { socket } = await openStream(listener.local);
    socket.pause();
    await until('the connection', () => connected !== null);
    const mostBuffered = { bytes: 0 };
    await until('the connection dropped', () => {
      for (let i = 0; i < 1000 && connected !== null; i++) {
        streams.send(connected, new Uint8Array(1000));
        mostBuffered.bytes = Math.max(mostBuffered.bytes, own?.bufferedBytes ?? 0);
      }
      return connected === null;
    });
    assert.equal(counters.get('closed-not-reading'), 1);
    assert.ok(mostBuffered.bytes <= 65_536 + 1000, `${mostBuffered.bytes} octets`);
    socket.destroy();
    await net.close();
  });
});

/** Runs a test against a server of its own with two agents. */
async function serving(
  test: (server: TraversalServer, service: Service) => Promise<void>,
  { addresses = ['127.0.0.1'], budget = defaultBudget } = {},
): Promise<void> {
  const { net } = createNet();
  const server = await startServer(net, addresses, { budget });
  const service = await Service.start(server.endpoints[0]!);
  try {
    await test(server, service);
    await service.meet();
  } finally {
    service.source.close();
    service.target.close();
    server.close();
    await net.close();
  }
}

/** The agents meet all the while, and none of them is ever disconnected. */
async function during(service: Service, attack: () => Promise<unknown>): Promise<void> {
  let over = false;
  const served = service.meetUntil(() => over);
  try {
    await attack();
  } finally {
    over = true;
  }
  await served;
  assert.ok(service.meetings > 0);
  for (const { stream } of [service.source, service.target]) assert.equal(stream.closed, false);
}

async function sendUntilClosed(server: Endpoint, octets: Uint8Array): Promise<void> {
  const stream = await openStream(server);
  stream.socket.write(octets);
  await until('the connection closed', () => stream.closed);
}

async function sendDatagrams(server: Endpoint, datagrams: readonly Uint8Array[]): Promise<void> {
  const socket = createSocket(server.address.includes(':') ? 'udp6' : 'udp4');
  for (const datagram of datagrams) {
    await new Promise((resolve) => socket.send(datagram, server.port, server.address, resolve));
  }
  socket.close();
}

function hasLoopback6(): boolean {
  return Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === '::1'));
}
