// Times in words. Pure: the present comes in.

const units = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const;

/** For what is no date: an agent may have reported anything. */
const unknownTime = 'unknown time';
/** No Date is farther from 1970 (ECMA-262 §21.4.1.1). */
const farthestMs = 8.64e15;

/** Epoch milliseconds as `format` writes them; any number. */
export function formatted(format: Intl.DateTimeFormat, atMs: number): string {
  return Math.abs(atMs) <= farthestMs ? format.format(atMs) : unknownTime;
}

/** `just now`, `12 seconds ago`, `3 minutes ago`, `in 40 seconds` */
export function relativeTime(atMs: number, nowMs: number): string {
  // Nor is NaN a date.
  if (!(Math.abs(atMs) <= farthestMs)) return unknownTime;
  const seconds = Math.round((nowMs - atMs) / 1000);
  if (Math.abs(seconds) < 5) return 'just now';
  return seconds > 0 ? `${durationInWords(seconds)} ago` : `in ${durationInWords(-seconds)}`;
}

/** `40 seconds`, `1 minute`, `2 hours`: the largest unit alone. */
export function durationInWords(seconds: number): string {
  for (const [unit, size] of units) {
    if (seconds >= size) return counted(Math.floor(seconds / size), unit);
  }
  return counted(Math.round(seconds), 'second');
}

/** `1 agent`, `2 agents` */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

const full = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

/** In the reader's time zone: `22 Nov 2026, 14:03:10` */
export function dateAndTime(atMs: number): string {
  return formatted(full, atMs);
}
