/** A value to compare with deepEqual: octets by what they hold, whichever class and memory holds them. */
export function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, each) => {
      if (typeof each === 'bigint') return `${each}n`;
      if (each instanceof Uint8Array) return Buffer.from(each).toString('hex');
      // JSON.stringify calls Buffer's toJSON before it comes here.
      return each?.type === 'Buffer' ? Buffer.from(each.data).toString('hex') : each;
    }),
  );
}
