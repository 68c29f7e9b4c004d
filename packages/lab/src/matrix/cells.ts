// Which pairs a matrix has. Pure.

import type { Protocol } from '@pinhole/contract';
import { type NatKind, natKinds } from '../nat/kinds.ts';
import { type Expectation, expected, expectedWords } from './expected.ts';

export interface Cell {
  readonly source: NatKind;
  readonly target: NatKind;
  readonly protocol: Protocol;
  /**
   * Which agents of the kinds, from 0: two that have found each other once do not search again.
   * @default each kind's first, and the second as the target of its own kind
   */
  readonly agents?: readonly [number, number];
}

export function expectedOf({ source, target, protocol }: Cell): Expectation {
  return expected(natKinds[source], natKinds[target], protocol);
}

/** The hardest search that succeeds. One such time says little, a median of several does. */
export const timedPair = { source: 'eim-apdf', target: 'apdm-apdf' } as const;
const timedAgents = [
  [0, 1],
  [1, 0],
  [1, 1],
  [2, 0],
  [2, 1],
] as const;

/** The timed pair five times more, each time of agents that have not met; nothing where it is not among the kinds. */
export function repetitions(kinds: readonly NatKind[], protocols: readonly Protocol[]): Cell[] {
  if (!kinds.includes(timedPair.source) || !kinds.includes(timedPair.target)) return [];
  return protocols.flatMap((protocol) => timedAgents.map((agents) => ({ ...timedPair, protocol, agents })));
}

/**
 * Each kind with itself and with each other; both ways round only where it matters who asks. Neighbours in the list
 * share few kinds, so that they can run side by side.
 */
export function matrixCells(kinds: readonly NatKind[], protocols: readonly Protocol[]): Cell[] {
  return protocols.flatMap((protocol) =>
    kinds.flatMap((_, step) =>
      kinds.flatMap((source, index): Cell[] => {
        const target = kinds[(index + step) % kinds.length]!;
        const cell = { source, target, protocol };
        const isReverse = index + step >= kinds.length;
        return isReverse && !ordersDiffer(cell) ? [] : [cell];
      }),
    ),
  );
}

/** These pairs over each protocol. */
export function cellsOf(
  pairs: readonly (readonly [source: NatKind, target: NatKind])[],
  protocols: readonly Protocol[],
): Cell[] {
  return protocols.flatMap((protocol) =>
    pairs.map(([source, target]): Cell => ({ source, target, protocol })),
  );
}

/** What a pair usually comes to: who asks also decides which of two is named in the error. */
function ordersDiffer({ source, target, protocol }: Cell): boolean {
  const [there] = expectedWords(expectedOf({ source, target, protocol }));
  const [back] = expectedWords(expectedOf({ source: target, target: source, protocol }));
  return there !== back;
}
