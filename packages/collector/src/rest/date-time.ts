/** `2022-07-17T22:00:54Z` */
export function dateTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
