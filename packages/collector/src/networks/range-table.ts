// Many ranges of addresses, and the narrowest one that holds an address. Pure.

import type { AddressNumber } from './address-number.ts';
import type { AddressRange } from './prefix.ts';

export interface RangeTable {
  /** The index of the range among those given, or null. Where ranges overlap, the one that begins last counts. */
  find(address: AddressNumber): number | null;
}

/** Of either family, in any order, nested or not. */
export function rangeTable(ranges: readonly AddressRange[]): RangeTable {
  const indexes = ranges.map((_, index) => index);
  const ipv4 = stretches(
    ranges,
    indexes.filter((index) => typeof ranges[index]!.first === 'number'),
  );
  const ipv6 = stretches(
    ranges,
    indexes.filter((index) => typeof ranges[index]!.first === 'bigint'),
  );
  return { find: (address) => lastBefore(typeof address === 'number' ? ipv4 : ipv6, address) };
}

/** Where another range begins to count, or none. */
interface Stretches {
  readonly starts: AddressNumber[];
  readonly owners: (number | null)[];
}

/** One sweep over the ranges by where they begin; on the stack are those that hold the place, the narrowest on top. */
function stretches(ranges: readonly AddressRange[], indexes: number[]): Stretches {
  indexes.sort((a, b) => order(ranges[a]!, ranges[b]!));
  const starts: AddressNumber[] = [];
  const owners: (number | null)[] = [];
  const open: number[] = [];
  const begin = (start: AddressNumber, owner: number | null) => {
    if (starts.at(-1) === start) owners[owners.length - 1] = owner;
    else {
      starts.push(start);
      owners.push(owner);
    }
  };
  const endBefore = (place: AddressNumber | null) => {
    while (open.length > 0) {
      const { last } = ranges[open.at(-1)!]!;
      if (place !== null && last >= place) return;
      while (open.length > 0 && ranges[open.at(-1)!]!.last <= last) open.pop();
      begin(next(last), open.at(-1) ?? null);
    }
  };
  for (const index of indexes) {
    endBefore(ranges[index]!.first);
    open.push(index);
    begin(ranges[index]!.first, index);
  }
  endBefore(null);
  return { starts, owners };
}

function order(a: AddressRange, b: AddressRange): number {
  if (a.first !== b.first) return a.first < b.first ? -1 : 1;
  if (a.last === b.last) return 0;
  return a.last > b.last ? -1 : 1;
}

function next(address: AddressNumber): AddressNumber {
  return typeof address === 'number' ? address + 1 : address + 1n;
}

function lastBefore({ starts, owners }: Stretches, address: AddressNumber): number | null {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (starts[middle]! <= address) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? null : owners[low - 1]!;
}
