import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Net } from '@pinhole/net';
import { createSimulation } from '@pinhole/net/sim';
import { decodeStun, endpoint, ip, StunFramer } from '@pinhole/wire';
import type { Loss } from './losses.ts';
import { bindingAnswer } from './scene.ts';
import { Trials } from './trial.ts';

const server = endpoint('192.0.2.9', 9119);
const minuteMs = 60_000;

interface TestServer {
  connections: number;
  /** Whether the connection's question of this number, from 0, gets an answer; or how the connection ends at it. */
  onQuestion: (connection: number, question: number) => 'answer' | 'silence' | 'reset' | 'end';
  /** How a connection ends by itself, after so long. */
  closesAfterMs: number | null;
  refuses: boolean;
}

async function startServer(net: Net): Promise<TestServer> {
  const test: TestServer = {
    connections: 0,
    onQuestion: () => 'answer',
    closesAfterMs: null,
    refuses: false,
  };
  await net.tcp.listen({ local: { address: ip('0.0.0.0'), port: server.port } }, (connection) => {
    const number = test.connections++;
    let questions = 0;
    const framer = new StunFramer(1200);
    if (test.refuses) connection.reset();
    if (test.closesAfterMs !== null) net.clock.after(test.closesAfterMs, () => connection.reset());
    connection.start({
      onData: (data) => {
        for (const bytes of framer.push(data).messages) {
          const decoded = decodeStun(bytes);
          const answer = decoded.ok ? bindingAnswer(decoded.value, connection.remote) : null;
          assert.ok(answer !== null);
          const how = test.onQuestion(number, questions++);
          if (how === 'answer') connection.write(answer);
          else if (how !== 'silence') connection[how]();
        }
      },
      onClose: () => undefined,
    });
  });
  return test;
}

/** An agent's trials, behind a NAT that forgets TCP connections which are idle for 10 s, and treats them so then. */
async function world(tcpForgotten: 'reset' | 'black-hole' | null = null) {
  const simulation = createSimulation({ seed: 5 });
  const network = simulation.network('internet');
  const test = await startServer(
    simulation.host({ name: 'server', network, addresses: [server.address] }).net,
  );
  const inside = simulation.network('inside');
  simulation.nat({
    inside,
    insideAddress: '10.0.0.1',
    outside: network,
    outsideAddresses: ['198.51.100.1'],
    behaviour: tcpForgotten === null ? {} : { tcpTimeoutMs: 10_000, tcpForgotten },
  });
  const { net } = simulation.host({ name: 'agent', network: inside, addresses: ['10.0.0.2'] });
  const tried: (readonly Loss[])[] = [];
  const trials = new Trials(net, (losses) => tried.push(losses));
  trials.start(server);
  const pass = (forMs: number) => simulation.run({ untilMs: simulation.nowMs + forMs });
  return { test, trials, tried, pass };
}

function inWords(tried: readonly (readonly Loss[])[]): string[][] {
  return tried.map((losses) => losses.map(({ of, by, idleMs }) => `${of}: ${by} after ${idleMs} ms`));
}

describe('a trial', () => {
  it('finds a connection kept that is idle for 15 s, where nothing forgets it, and is made again in half an hour', async () => {
    const { test, trials, tried, pass } = await world();
    await pass(30 * minuteMs);
    assert.deepEqual(inWords(tried), [[]]);
    assert.equal(test.connections, 1);
    await pass(minuteMs);
    assert.deepEqual(inWords(tried), [[], []]);
    trials.stop();
  });

  for (const [forgotten, by] of [
    ['reset', 'reset'],
    ['black-hole', 'silence'],
  ] as const) {
    it(`finds out a NAT that forgets it after 10 s (${forgotten}), twice, and is made again five minutes later`, async () => {
      const { trials, tried, pass } = await world(forgotten);
      const cut = `trial: ${by} after 15000 ms`;
      await pass(minuteMs);
      assert.deepEqual(inWords(tried), [[cut, cut]]);
      await pass(4 * minuteMs);
      assert.equal(tried.length, 1);
      await pass(2 * minuteMs);
      assert.deepEqual(inWords(tried), [
        [cut, cut],
        [cut, cut],
      ]);
      trials.stop();
    });
  }

  it('tells of a single cut what it was', async () => {
    const { test, trials, tried, pass } = await world();
    test.onQuestion = (connection, question) => (connection === 0 && question > 0 ? 'silence' : 'answer');
    await pass(minuteMs);
    assert.deepEqual(inWords(tried), [['trial: silence after 15000 ms']]);
    trials.stop();
  });

  for (const [name, happen] of [
    ['while nobody answers', (test: TestServer) => (test.onQuestion = () => 'silence')],
    ['while nobody is there', (test: TestServer) => (test.refuses = true)],
    ['whose connection the server ends', (test: TestServer) => (test.closesAfterMs = 10_000)],
    [
      'after which no new connection is had',
      (test: TestServer) =>
        (test.onQuestion = (_, question) => (question === 0 && test.connections < 2 ? 'answer' : 'silence')),
    ],
  ] as const) {
    it(`${name} teaches nothing, and is made again`, async () => {
      const { test, trials, tried, pass } = await world();
      happen(test);
      await pass(minuteMs);
      assert.deepEqual(tried, []);
      assert.ok(test.connections <= 2);
      test.onQuestion = () => 'answer';
      test.refuses = false;
      test.closesAfterMs = null;
      await pass(6 * minuteMs);
      assert.deepEqual(inWords(tried), [[]]);
      trials.stop();
    });
  }

  it('that is stopped tells nothing and is not made again, unless it is started again', async () => {
    const { test, trials, tried, pass } = await world('reset');
    await pass(10_000);
    trials.stop();
    await pass(60 * minuteMs);
    assert.deepEqual([tried.length, test.connections], [0, 1]);
    trials.start(server);
    trials.start(server);
    await pass(minuteMs);
    assert.equal(tried.length, 1);
    trials.stop();
  });
});
