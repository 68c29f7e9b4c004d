import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TraversalAccess } from '@pinhole/contract';
import type { Net, TcpConnection } from '@pinhole/net';
import { createSimulation } from '@pinhole/net/sim';
import {
  decodeRendezvous,
  decodeStun,
  type Endpoint,
  encodeRendezvous,
  endpoint,
  ip,
  type RendezvousBody,
  type RendezvousMessage,
  StunFramer,
} from '@pinhole/wire';
import { pino } from 'pino';
import { type InvitationAnswer, Registration } from './registration.ts';
import { bindingAnswer } from './scene.ts';

const access: TraversalAccess = {
  servers: [{ host: null, ports: [9119] }],
  username: '1800000000:11',
  password: 'secret',
  expiresAtMs: 1_800_000_000_000,
};
const meet = {
  sessionId: new Uint8Array(16).fill(9),
  transport: 'tcp',
  roundId: 60,
  ticket: new Uint8Array(65),
  attempt: 1,
  profile: null,
  mapped: null,
} as const;
const invite = {
  kind: 'invite',
  sessionId: meet.sessionId,
  transport: 'udp',
  roundId: 60,
  testId: '7',
  sourceAgentId: '22',
  attempt: 1,
} as const;
const start = {
  kind: 'start',
  sessionId: meet.sessionId,
  peers: [],
  startInMs: 40,
  method: 'punched',
  openerTtl: null,
  search: null,
  atFault: 'target',
} as const;
const accepted = { taken: true, profile: null, mapped: endpoint('203.0.113.5', 40_000) } as const;

interface TestServer {
  readonly heard: RendezvousMessage[];
  /** Where Register came from. */
  readonly froms: Endpoint[];
  readonly bindings: Endpoint[];
  connection: TcpConnection | null;
  ask(body: RendezvousBody): void;
}

/** Answers Register and Binding requests, and nothing else. */
async function testServer(net: Net): Promise<TestServer> {
  const server: TestServer = {
    heard: [],
    froms: [],
    bindings: [],
    connection: null,
    ask: (body) => server.connection?.write(encode({ ...anonymous, body })),
  };
  const anonymous = { transactionId: new Uint8Array(12).fill(200), username: null, nonce: null };
  await net.tcp.listen({ local: { address: ip('0.0.0.0'), port: 9119 } }, (connection) => {
    const framer = new StunFramer(1200);
    connection.start({
      onData: (data) => {
        for (const bytes of framer.push(data).messages) {
          const decoded = decodeStun(bytes);
          assert.ok(decoded.ok);
          const binding = bindingAnswer(decoded.value, connection.remote);
          if (binding !== null) {
            server.bindings.push(connection.remote);
            connection.write(binding);
            continue;
          }
          const message = decodeRendezvous(decoded.value.message);
          assert.ok(message.ok);
          // Connections that do not register are trials (trial.test.ts).
          if (message.value.body.kind === 'register') {
            server.connection = connection;
            server.froms.push(connection.remote);
          }
          server.heard.push(message.value);
          const { transactionId, body } = message.value;
          if (body.kind !== 'register') continue;
          const answer = { kind: 'registered', lifetimeS: 60, mapped: connection.remote } as const;
          connection.write(encode({ ...anonymous, transactionId, body: answer }));
        }
      },
      onClose: () => undefined,
    });
  });
  return server;
}

function encode(message: RendezvousMessage): Uint8Array {
  return encodeRendezvous(
    { ...message, transactionId: Uint8Array.from(message.transactionId) },
    access.password,
  );
}

async function world(onInvited: () => Promise<InvitationAnswer> = () => Promise.resolve(accepted)) {
  const simulation = createSimulation({ seed: 3 });
  const network = simulation.network('internet');
  const host = (name: string, address: string) =>
    simulation.host({ name, network, addresses: [address], outgoing: { delayMs: 10 } }).net;
  const server = await testServer(host('server', '192.0.2.9'));
  const started: unknown[] = [];
  const net = host('agent', '192.0.2.1');
  const registration = new Registration({
    net,
    log: pino({ level: 'silent' }),
    port: 49_153,
    collectorHost: '192.0.2.9',
    sendUdp: () => undefined,
    onInvited,
    onStart: (start) => started.push(start),
    onChanged: () => undefined,
  });
  return { simulation, network, server, registration, started };
}

describe('the registration', () => {
  it('comes from the test port, and is what the server saw', async () => {
    const { simulation, server, registration } = await world();
    registration.setAccess(access);
    assert.equal(await simulation.runUntil(registration.ready('tcp', 5_000)), true);
    const own = { address: '192.0.2.1', port: 49_153 };
    assert.deepEqual(server.froms, [own]);
    assert.deepEqual(registration.reported, { status: 'registered', tcp: own, udp: null, detail: null });
    registration.close();
  });

  it('comes back when the connection is reset', async () => {
    const { simulation, server, registration } = await world();
    registration.setAccess(access);
    await simulation.runUntil(registration.ready('tcp', 5_000));
    server.connection?.reset();
    await simulation.runUntil(() => registration.reported.status === 'failed');
    assert.equal(await simulation.runUntil(registration.ready('tcp', 5_000)), true);
    assert.equal(server.froms.length, 2);
    registration.close();
  });

  it('is what a check begins with: the connection and both its ends', async () => {
    const { simulation, registration } = await world();
    assert.equal(registration.registered, null);
    assert.equal(await registration.place(), null);
    registration.setAccess(access);
    await simulation.runUntil(registration.ready('tcp', 5_000));
    const [server, own] = [endpoint('192.0.2.9', 9119), endpoint('192.0.2.1', 49_153)];
    assert.deepEqual(registration.registered, { server, mapped: own, local: own });
    assert.deepEqual(await registration.place(), { address: server.address, ports: [9119] });
    registration.close();
  });

  it('remembers what cut it, and not what the server ended', async () => {
    const { simulation, server, registration } = await world();
    registration.setAccess(access);
    for (const end of ['reset', 'reset', 'end'] as const) {
      await simulation.runUntil(registration.ready('tcp', 5_000));
      await simulation.run({ untilMs: simulation.nowMs + 30_000 });
      server.connection?.[end]();
      await simulation.runUntil(() => registration.reported.status === 'failed');
      assert.equal(registration.keepAlives.heldForMs, null);
    }
    await simulation.runUntil(registration.ready('tcp', 5_000));
    const { lostAfterMs, remarks = [] } = registration.keepAlives;
    assert.deepEqual(
      lostAfterMs.map((ms) => Math.round(ms / 1000)),
      [30, 30],
    );
    assert.match(remarks.join(), /lost by reset after 6 s/);
    registration.close();
  });

  it('is kept alive by a word each way every 8 s', async () => {
    const { simulation, server, registration } = await world();
    registration.setAccess(access);
    await simulation.runUntil(registration.ready('tcp', 5_000));
    await simulation.run({ untilMs: simulation.nowMs + 60_000 });
    const own = server.bindings.filter(({ port }) => port === 49_153);
    assert.equal(own.length, 7);
    assert.equal(server.froms.length, 1);
    registration.close();
  });

  it('asked for the same meeting again tells the first who asked that it is off', async () => {
    const { simulation, server, registration } = await world();
    registration.setAccess(access);
    await simulation.runUntil(registration.ready('tcp', 5_000));
    const first = registration.meet(meet);
    const second = registration.meet({ ...meet, attempt: 2 });
    assert.equal((await first).met, false);
    await simulation.runUntil(() =>
      server.heard.some(({ body }) => body.kind === 'meet' && body.attempt === 2),
    );
    server.ask(start);
    assert.deepEqual(await simulation.runUntil(second), { met: true, start });
    registration.close();
  });

  it('is not ready for UDP before the server has heard UDP, however long one waits', async () => {
    const { simulation, registration } = await world();
    registration.setAccess(access);
    assert.equal(await simulation.runUntil(registration.ready('udp', 5_000)), false);
    registration.close();
  });

  for (const [name, onInvited, answer] of [
    ['accepts', () => Promise.resolve(accepted), 'accepted'],
    ['declines', () => Promise.resolve({ taken: false, reason: 'busy' } as const), 'refused'],
    ['cannot take for a fault', () => Promise.reject(new Error('fault')), 'refused'],
  ] as const) {
    it(`answers an invitation that the agent ${name}`, async () => {
      const { simulation, server, registration } = await world(onInvited);
      registration.setAccess(access);
      await simulation.runUntil(registration.ready('tcp', 5_000));
      server.ask(invite);
      await simulation.runUntil(() => server.heard.some(({ body }) => body.kind === answer));
      const told = server.heard.find(({ body }) => body.kind === 'accepted')?.body;
      if (answer === 'accepted')
        assert.deepEqual(told, { kind: 'accepted', profile: null, mapped: accepted.mapped });
      registration.close();
    });
  }

  it('meets when the server says so, and passes on a Start that it did not ask for', async () => {
    const { simulation, server, registration, started } = await world();
    registration.setAccess(access);
    await simulation.runUntil(registration.ready('tcp', 5_000));
    const outcome = registration.meet(meet);
    await simulation.runUntil(() => server.heard.some(({ body }) => body.kind === 'meet'));
    server.ask(start);
    server.ask(start);
    assert.deepEqual(await simulation.runUntil(outcome), { met: true, start });
    await simulation.runUntil(() => started.length === 1);
    registration.close();
  });
});

describe('a closed registration', () => {
  it('tells all who wait, leaves its connection and never comes back', async () => {
    const { simulation, server, registration } = await world();
    registration.setAccess(access);
    await simulation.runUntil(registration.ready('tcp', 5_000));
    const waiting = [registration.ready('udp', 60_000), registration.meet(meet)] as const;
    registration.close();
    assert.deepEqual(await Promise.all(waiting), [
      false,
      { met: false, code: 0, reason: 'NAT traversal was turned off' },
    ]);
    assert.equal(await registration.ready('tcp', 60_000), false);
    assert.equal((await registration.meet(meet)).met, false);
    registration.setAccess(access);
    await simulation.run({ untilMs: simulation.nowMs + 600_000 });
    assert.equal(server.froms.length, 1);
  });

  it('while it connects connects no more', async () => {
    const { simulation, server, registration } = await world();
    registration.setAccess(access);
    await simulation.run({ untilMs: 12 });
    registration.close();
    await simulation.run({ untilMs: 600_000 });
    assert.ok(server.heard.length === 0 && server.froms.length <= 1);
  });
});
