// Where the vertices of a layer stand: as near to where they want to be as their order and their sizes let them.

/**
 * Places in the given order, at least half of both sizes apart, with the least sum of weighted squares of the distances to
 * the wishes: isotonic regression by pooling of adjacent violators. Takes time in proportion to the number.
 */
export function spread(
  wishes: readonly number[],
  sizes: readonly number[],
  weights: readonly number[],
): number[] {
  // Without the room that each needs, the order alone is left: places must not decrease.
  const offsets: number[] = [];
  sizes.forEach((size, i) => {
    offsets.push(i === 0 ? 0 : offsets[i - 1]! + (sizes[i - 1]! + size) / 2);
  });
  const blocks: { place: number; weight: number; count: number }[] = [];
  wishes.forEach((wish, i) => {
    let block = { place: wish - offsets[i]!, weight: weights[i]!, count: 1 };
    for (let last = blocks.at(-1); last !== undefined && last.place >= block.place; last = blocks.at(-1)) {
      blocks.pop();
      const weight = last.weight + block.weight;
      const place = (last.place * last.weight + block.place * block.weight) / weight;
      block = { place, weight, count: last.count + block.count };
    }
    blocks.push(block);
  });
  const places = blocks.flatMap(({ place, count }) => Array.from({ length: count }, () => place));
  return places.map((place, i) => place + offsets[i]!);
}
