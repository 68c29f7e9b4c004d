// The matrix in a thread of its own: node:test follows each promise of the thread that it is in, which takes longer than
// all the rest.

import { parentPort, workerData } from 'node:worker_threads';
import type { Protocol } from '@pinhole/contract';
import type { NatKind } from '@pinhole/lab';
import { SimMatrix } from './sim-matrix.ts';

export type MatrixQuestion =
  | { readonly about: 'pairs'; readonly source: NatKind }
  | { readonly about: 'luck' | 'sharing' | 'loss' };

export interface MatrixData {
  readonly protocol: Protocol;
  readonly seed: number;
}

const { protocol, seed } = workerData as MatrixData;
const matrix = await SimMatrix.of(protocol, seed);

parentPort?.on('message', (question: MatrixQuestion) => {
  // What is thrown ends the thread, and with it the test.
  void answer(question).then((faults) => parentPort?.postMessage(faults));
});

async function answer(question: MatrixQuestion): Promise<string[]> {
  switch (question.about) {
    case 'pairs':
      return matrix.faultsFrom(question.source);
    case 'luck':
      return matrix.faultsOfLuck();
    case 'sharing':
      return matrix.faultsOfSharing();
    case 'loss':
      return matrix.faultsByLoss();
  }
}
