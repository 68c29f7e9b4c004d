// Which pairs a matrix has. Pure.

import type { Protocol } from '@pinhole/contract';
import { type NatKind, natKinds } from '../nat/kinds.ts';
import { type Expectation, expected, expectedWords } from './expected.ts';

export interface Cell {
  readonly source: NatKind;
  readonly target: NatKind;
  readonly protocol: Protocol;
}

export function expectedOf({ source, target, protocol }: Cell): Expectation {
  return expected(natKinds[source], natKinds[target], protocol);
}

/**
 * Each kind with itself and with each other; both ways round only where it matters who asks. Neighbours in the list
 * share no kind as far as possible, so that what runs side by side keeps out of each other's way.
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

/** One kind as the source to others. */
export function cellsFrom(
  source: NatKind,
  targets: readonly NatKind[],
  protocols: readonly Protocol[],
): Cell[] {
  return protocols.flatMap((protocol) => targets.map((target): Cell => ({ source, target, protocol })));
}

/** What a pair usually comes to: who asks also decides which of two is named in the error. */
function ordersDiffer({ source, target, protocol }: Cell): boolean {
  const [there] = expectedWords(expectedOf({ source, target, protocol }));
  const [back] = expectedWords(expectedOf({ source: target, target: source, protocol }));
  return there !== back;
}
