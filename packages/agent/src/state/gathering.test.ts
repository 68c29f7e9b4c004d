import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSimulation } from '@pinhole/net/sim';
import { Gathering } from './gathering.ts';

function gathering() {
  const simulation = createSimulation({ seed: 1 });
  const network = simulation.network('internet');
  const { net } = simulation.host({ name: 'agent', network, addresses: ['192.0.2.1'] });
  const taken: (readonly number[])[] = [];
  const made = new Gathering<number>(net.clock, (items) => taken.push(items));
  return { made, taken, pass: (ms: number) => simulation.run({ untilMs: simulation.nowMs + ms }) };
}

describe('what becomes ready', () => {
  it('is taken together where it came at about the same time, and in order', async () => {
    const { made, taken, pass } = gathering();
    made.add([1, 2]);
    await pass(30);
    made.add([3]);
    made.add([]);
    assert.deepEqual(taken, []);
    await pass(25);
    assert.deepEqual(taken, [[1, 2, 3]]);
    made.add([4]);
    await pass(60);
    assert.deepEqual(taken, [[1, 2, 3], [4]]);
  });

  it('is taken at the end at once, and nothing after', async () => {
    const { made, taken, pass } = gathering();
    made.add([1]);
    made.close();
    assert.deepEqual(taken, [[1]]);
    made.add([2]);
    made.close();
    await pass(100);
    assert.deepEqual(taken, [[1]]);
  });
});
