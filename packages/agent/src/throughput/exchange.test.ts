// What a peer that holds the session's key, and nothing else, can bring an agent to.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Assignment, Throughput } from '@pinhole/contract';
import {
  bulkDatagramBytes,
  endpoint,
  looksLikeBulk,
  type SessionBody,
  type ThroughputPlan,
  writeBulkHeader,
} from '@pinhole/wire';
import { pino } from 'pino';
import { assignment } from '../../test/samples.ts';
import { bothStart, outside, reach, testPort, twoAgents } from '../port/scene.ts';
import type { ThroughputMessage } from '../session/throughput.ts';
import { Exchange } from './exchange.ts';
import { RoundThroughputs } from './throughputs.ts';

const tag = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const fromTarget: ThroughputPlan = {
  direction: 'from-target',
  durationMs: 30_000,
  rateKbps: 1_000_000,
  tag,
};
/** One transaction, where others have their own. */
const again = new Uint8Array(12).fill(200);
const rateMbps = 8;
const durationMs = 5_000;
const packetsOf = (ms: number) => (ms * rateMbps * 1000) / (bulkDatagramBytes * 8);

/** Of an agent that measures another session's throughput for now. */
function taken() {
  let isFree = false;
  return { take: () => isFree, give: () => (isFree = true) };
}

/** A target that is through with its probes, and a source that does as the test says. */
async function target(change: Partial<Assignment> = {}, place?: ReturnType<typeof taken>) {
  const world = await twoAgents({ source: {}, target: {} }, 1, 'udp');
  const { simulation, source } = world;
  const { atSource, atTarget } = bothStart(world);
  reach(source, atSource, { candidates: [endpoint(outside.target, testPort)] });
  reach(world.target, atTarget, { candidates: [endpoint(outside.source, testPort)] });
  await simulation.runUntil(Promise.all([atSource.outcome, atTarget.outcome]));

  const throughputs = new RoundThroughputs({
    net: world.target.host.net,
    log: pino({ level: 'silent' }),
    port: () => world.target.port,
  });
  const received: (Throughput | null)[] = [];
  let isOver = false;
  const asked = assignment(
    { kind: 'once', roundIds: [] },
    {
      role: 'target',
      direction: 'bidirectional',
      throughput: { durationMs, rateMbps },
      ...change,
    },
  );
  const onReceived = (each: Throughput | null) => received.push(each);
  const exchange = () => {
    const { session } = atTarget;
    const { port } = world.target;
    assert.ok(place !== undefined && session.remote !== null);
    const signal = new AbortController().signal;
    const common = { net: world.target.host.net, port, session, remote: session.remote, signal };
    session.setThroughput(true);
    return new Exchange({ ...common, assignment: asked, place, onReceived }).run();
  };
  const measuring =
    place === undefined ? throughputs.measure(atTarget.session, asked, onReceived) : exchange();
  void measuring.then(() => {
    isOver = true;
  });
  // As long as the test says something, its session is there.
  atSource.session.setThroughput(true);
  const heard: ThroughputMessage['body'][] = [];
  atSource.session.onThroughput = ({ transactionId, body }) => {
    heard.push(body);
    if (body.kind === 'finish') end.say({ kind: 'finished' }, transactionId);
  };
  let transactions = 0;
  let reports = 0;
  const end = {
    throughputs,
    port: world.target.port,
    nowNs: () => simulation.nowMs * 1e6,
    heard,
    received,
    get isOver() {
      return isOver;
    },
    get sent() {
      return world.udp.target.sent.filter(({ data }) => looksLikeBulk(data)).length;
    },
    say(body: SessionBody, transactionId: Uint8Array = new Uint8Array(12).fill(++transactions)): void {
      const data = atSource.session.throughputMessage(transactionId, body);
      source.port.send({ session: atSource.session, data, to: endpoint(outside.target, testPort) });
    },
    ask(plan: ThroughputPlan, transactionId?: Uint8Array): void {
      end.say({ kind: 'throughput', plan }, transactionId);
    },
    async pass(ms: number, isReporting = false): Promise<void> {
      for (const untilMs = simulation.nowMs + ms; simulation.nowMs < untilMs; ) {
        if (isReporting) end.say({ kind: 'arrived', report: { count: ++reports, stop: false } });
        await simulation.run({ untilMs: Math.min(untilMs, simulation.nowMs + 500) });
      }
    },
    /** Codes of what was refused. */
    get refusals() {
      return heard.flatMap((body) => (body.kind === 'refused' ? [body.code] : []));
    },
  };
  return end;
}

describe('a target of a throughput', () => {
  it('sends nothing unless it is asked, and waits 8 s for that', async () => {
    const end = await target();
    await end.pass(7_900);
    assert.equal(end.isOver, false);
    await end.pass(200);
    assert.ok(end.isOver);
    assert.equal(end.sent, 0);
    assert.deepEqual(end.received, [{ outcome: 'refused', reason: 'failed' }]);
  });

  it('sends what its own assignment asks for, however much the peer does', async () => {
    const end = await target();
    end.ask(fromTarget);
    await end.pass(20_000, true);
    assert.ok(Math.abs(end.sent - packetsOf(durationMs)) < 2, `${end.sent}`);
    const granted = end.heard.find(({ kind }) => kind === 'granted');
    assert.ok(granted?.kind === 'granted');
    assert.deepEqual(granted.plan, { ...fromTarget, durationMs, rateKbps: 8_000 });
  });

  it('sends once, though it is asked again, in the same words or in others', async () => {
    const end = await target();
    end.ask(fromTarget, again);
    await end.pass(1_000, true);
    end.ask(fromTarget, again);
    end.ask(fromTarget);
    await end.pass(10_000, true);
    end.ask(fromTarget);
    await end.pass(10_000, true);
    assert.ok(Math.abs(end.sent - packetsOf(durationMs)) < 2, `${end.sent}`);
    assert.equal(end.heard.filter(({ kind }) => kind === 'granted').length, 2);
    assert.deepEqual(end.refusals, [403, 403]);
  });

  for (const [name, change] of [
    ['there is none in the test', { throughput: null }],
    ['the test is of the other direction', { direction: 'to-target' }],
  ] as const) {
    it(`refuses where ${name}, and sends nothing`, async () => {
      const end = await target(change);
      end.ask(fromTarget);
      await end.pass(10_000, true);
      assert.deepEqual([end.refusals, end.sent], [[403], 0]);
    });
  }

  it('stops 2 s after a peer has fallen silent', async () => {
    const end = await target();
    end.ask(fromTarget);
    await end.pass(20_000);
    assert.ok(Math.abs(end.sent - packetsOf(2_000)) < 2, `${end.sent}`);
  });

  it('stops when the peer says so', async () => {
    const end = await target();
    end.ask(fromTarget);
    await end.pass(1_000, true);
    end.say({ kind: 'arrived', report: { count: 99, stop: true } });
    await end.pass(50);
    const { sent } = end;
    assert.ok(sent < packetsOf(1_200));
    await end.pass(5_000, true);
    assert.equal(end.sent, sent);
  });

  it('does not wait for a source that gives up', async () => {
    const end = await target();
    end.ask({ direction: null, durationMs: 0, rateKbps: null, tag: new Uint8Array(8) });
    await end.pass(100);
    assert.deepEqual(end.received, [{ outcome: 'refused', reason: 'busy' }]);
    assert.ok(end.isOver);
  });

  const nothing: ThroughputPlan = { direction: null, durationMs: 0, rateKbps: null, tag: new Uint8Array(8) };

  it('waits for a source that says for how long it measures another, 30 s at most', async () => {
    const end = await target();
    end.ask({ ...nothing, durationMs: 20_000 });
    await end.pass(20_000);
    end.ask(fromTarget);
    await end.pass(100, true);
    assert.ok(end.sent > 0);

    const held = await target();
    for (let i = 0; i < 12 && !held.isOver; i++) {
      held.ask({ ...nothing, durationMs: 30_000 });
      await held.pass(i === 0 ? 37_000 : 500);
    }
    assert.ok(held.isOver);
    assert.deepEqual(held.received, [{ outcome: 'refused', reason: 'busy' }]);
  });

  it('refuses while it measures another, waits for its source to ask again, and not for ever', async () => {
    const place = taken();
    const end = await target({}, place);
    end.ask(fromTarget);
    await end.pass(5_000);
    assert.deepEqual([end.refusals, end.sent, end.isOver], [[486], 0, false]);
    place.give();
    end.ask(fromTarget);
    await end.pass(100, true);
    assert.ok(end.sent > 0);

    const busy = await target({}, taken());
    for (let asked = 0; asked < 80 && !busy.isOver; asked++) {
      busy.ask(fromTarget);
      await busy.pass(500);
    }
    assert.ok(busy.isOver);
    assert.deepEqual(busy.received.at(-1), { outcome: 'refused', reason: 'busy' });
    assert.equal(busy.sent, 0);
  });

  it('is not held by questions without end', async () => {
    const end = await target();
    for (let i = 0; i < 100; i++) {
      end.ask({ ...fromTarget, direction: 'to-target' });
      await end.pass(300);
    }
    assert.ok(end.isOver);
    assert.ok(end.heard.filter(({ kind }) => kind !== 'arrived').length <= 64);
  });

  /** It has granted a tag, and packets with it come, a millisecond apart. */
  async function receiving(from = endpoint(outside.source, testPort)) {
    const end = await target();
    end.ask({ ...fromTarget, direction: 'to-target' });
    await end.pass(100);
    const granted = end.heard.find(({ kind }) => kind === 'granted');
    assert.ok(granted?.kind === 'granted');
    const packet = new Uint8Array(bulkDatagramBytes);
    for (let sequence = 0; sequence < 11; sequence++) {
      writeBulkHeader(packet, { sequence, tag: granted.plan.tag });
      end.port.sessions.takeBulk(packet, packet.length, from, end.nowNs() + sequence * 1e6);
    }
    end.say({ kind: 'finish', packets: 11 }, again);
    await end.pass(1_000);
    return end;
  }

  it('counts what has its tag and comes from its peer', async () => {
    const { received } = await receiving();
    assert.equal(received[0]?.outcome, 'measured');
    const elsewhere = await receiving(endpoint('192.0.2.99', testPort));
    assert.deepEqual(elsewhere.received, [{ outcome: 'refused', reason: 'failed' }]);
  });

  it('answers that it has all once more, where its answer was lost', async () => {
    const end = await receiving();
    end.say({ kind: 'finish', packets: 11 }, again);
    end.say({ kind: 'finish', packets: 11 });
    await end.pass(100);
    assert.equal(end.heard.filter(({ kind }) => kind === 'finished').length, 2);
    assert.equal(end.received.length, 1);
  });

  it('that is closed has told who waits for its figure by then, and its peer', async () => {
    const end = await target();
    end.ask({ ...fromTarget, direction: 'to-target' });
    await end.pass(1_000);
    end.throughputs.close();
    assert.deepEqual(end.received, [{ outcome: 'refused', reason: 'failed' }]);
    await end.pass(100);
    const last = end.heard.at(-1);
    assert.ok(last?.kind === 'arrived' && last.report.stop);
    assert.ok(end.isOver);
  });
});
