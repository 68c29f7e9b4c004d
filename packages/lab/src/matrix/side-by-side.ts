/**
 * Does the work for each item, for so many at once, as far as possible in the order given: one that needs what another
 * is at work with waits for that, and a later one goes ahead. Rejects with the first that rejects.
 */
export function sideBySide<T>(
  items: readonly T[],
  atOnce: number,
  needsOf: (item: T) => readonly string[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const inUse = new Set<string>();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let running = 0;
  const go = async (item: T) => {
    const needs = needsOf(item);
    for (const need of needs) inUse.add(need);
    running++;
    await work(item);
    running--;
    for (const need of needs) inUse.delete(need);
    proceed();
  };
  const proceed = () => {
    while (running < atOnce) {
      const index = waiting.findIndex((item) => needsOf(item).every((need) => !inUse.has(need)));
      if (index < 0) break;
      go(waiting.splice(index, 1)[0]!).catch(reject);
    }
    if (running === 0) resolve();
  };
  proceed();
  return promise;
}
