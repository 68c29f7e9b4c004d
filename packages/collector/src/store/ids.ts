/** The number that an id stands for; -1, which no row has, for text that is the canonical form of none. */
export function idNumber(id: string): number {
  const number = Number(id);
  return Number.isSafeInteger(number) && String(number) === id ? number : -1;
}
