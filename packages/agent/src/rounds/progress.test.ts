import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSimulation } from '@pinhole/net/sim';
import { assignment } from '../../test/samples.ts';
import { RoundProgress } from './progress.ts';

const startMs = Date.UTC(2026, 0);
const watching = assignment({ kind: 'once', roundIds: [] });

function progress(takesMs = 10) {
  const simulation = createSimulation({ seed: 1, wallMs: startMs });
  const network = simulation.network('internet');
  const { net } = simulation.host({ name: 'agent', network, addresses: ['192.0.2.1'] });
  const sent: { readonly atMs: number; readonly told: readonly string[] }[] = [];
  const made = new RoundProgress({
    clock: net.clock,
    send: (rounds) => {
      const told = rounds.map(
        ({ testId, targetAgentId, roundId, phase }) => `${testId} ${targetAgentId} ${roundId} ${phase}`,
      );
      sent.push({ atMs: simulation.nowMs, told });
      return new Promise<void>((resolve) => net.clock.after(takesMs, resolve));
    },
  });
  made.watched = [{ testId: '7', untilMs: startMs + 60_000 }];
  return {
    made,
    sent,
    /** What has been told, request by request. */
    told: () => sent.map((each) => each.told),
    pass: (ms: number) => simulation.run({ untilMs: simulation.nowMs + ms }),
  };
}

describe('how far rounds are', () => {
  it('is told of those that somebody looks at, as long as that is so, and of no others', async () => {
    const { made, told, pass } = progress();
    made.tell(watching, 60, 'connecting');
    made.tell({ ...watching, testId: '8' }, 60, 'connecting');
    await pass(1_000);
    assert.deepEqual(told(), [['7 22 60 connecting']]);
    await pass(59_000);
    made.tell(watching, 60, 'done');
    await pass(1_000);
    assert.equal(told().length, 1);
  });

  it('is told together of rounds that are under way at once, each with its newest phase', async () => {
    const { made, told, pass } = progress();
    made.tell(watching, 60, 'connecting');
    made.tell({ ...watching, peer: { ...watching.peer, agentId: '33' } }, 60, 'connecting');
    await pass(100);
    made.tell(watching, 60, 'measuring');
    await pass(1_000);
    assert.deepEqual(told(), [['7 33 60 connecting', '7 22 60 measuring']]);
  });

  it('is told by one request at a time, a few a second', async () => {
    const slow = progress(5_000);
    for (let round = 0; round < 40; round++) {
      slow.made.tell(watching, round, 'connecting');
      await slow.pass(100);
    }
    assert.equal(slow.sent.length, 1);
    await slow.pass(2_000);
    assert.deepEqual([slow.sent.length, slow.sent[1]?.told.length], [2, 37]);

    const quick = progress(0);
    for (let round = 0; round < 40; round++) {
      quick.made.tell(watching, round, 'connecting');
      await quick.pass(100);
    }
    assert.ok(quick.sent.length >= 9 && quick.sent.length <= 14, `${quick.sent.length} in 4 s`);
  });

  it('is not told of more than a hundred rounds at once: of the latest', async () => {
    const { made, told, pass } = progress();
    for (let round = 1; round <= 120; round++) made.tell(watching, round, 'connecting');
    await pass(1_000);
    assert.equal(told()[0]?.length, 100);
    assert.equal(told()[0]?.at(-1), '7 22 120 connecting');
  });

  it('is told no more once it is closed', async () => {
    const { made, sent, pass } = progress();
    made.tell(watching, 60, 'connecting');
    made.close();
    made.tell(watching, 60, 'measuring');
    await pass(1_000);
    assert.deepEqual(sent, []);
  });
});
