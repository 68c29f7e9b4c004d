// What must hold of the whole matrix on the simulated network, over either protocol.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { after, describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { Protocol } from '@pinhole/contract';
import { natKindNames } from '@pinhole/lab';
import type { MatrixData, MatrixQuestion } from './sim-matrix-worker.ts';

/** Each run is another; PINHOLE_SIM_SEED, a number below 2³², repeats one. */
export function testMatrix(protocol: Protocol): void {
  const seed = Number(process.env.PINHOLE_SIM_SEED ?? randomInt(2 ** 32));
  // V8 learns to make what many worlds are made of where garbage is seldom collected; they take twice as long then.
  setFlagsFromString('--no-allocation-site-pretenuring');
  const workerData: MatrixData = { protocol, seed };
  const worker = new Worker(new URL('./sim-matrix-worker.ts', import.meta.url), { workerData });
  const faults = async (question: MatrixQuestion): Promise<string[]> => {
    worker.postMessage(question);
    const [answer] = await once(worker, 'message');
    return answer;
  };

  describe(`each kind of NAT with each over ${protocol}, 100 times, PINHOLE_SIM_SEED=${seed}`, () => {
    after(() => worker.terminate());

    for (const source of natKindNames) {
      it(`${source} comes to each as it must`, async () => {
        assert.deepEqual(await faults({ about: 'pairs', source }), []);
      });
    }

    it('searches find nothing no more often than by chance', async () => {
      assert.deepEqual(await faults({ about: 'luck' }), []);
    });

    it('kinds that are not told apart give the same by themselves, to the nanosecond', async () => {
      assert.deepEqual(await faults({ about: 'sharing' }), []);
    });

    it('easy pairs come together where one packet in a hundred is lost on each link', async () => {
      assert.deepEqual(await faults({ about: 'loss' }), []);
    });
  });
}
