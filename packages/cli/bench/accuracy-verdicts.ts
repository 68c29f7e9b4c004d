// The accuracy benchmark's lines as they are known, with what is promised and whether it is kept.

import { quantile, spreadText } from './accuracy-figures.ts';

/** What the longest line has for its first column. */
const width = 84;

export class Verdicts {
  #failed = false;
  /** Of the first round trips: what the others' are compared with. */
  #own: { median: number; p95: number } | null = null;

  /** `kept` is null where nothing is promised. */
  say(what: string, value: string, kept: boolean | null = null): void {
    const verdict = { true: 'PASS', false: 'FAIL', null: '    ' }[`${kept}`];
    if (kept === false) this.#failed = true;
    process.stdout.write(`${verdict}  ${what.padEnd(width)}  ${value}\n`);
  }

  /** Errors of single round trips; `target` is of their magnitudes, in ns. */
  roundTrips(what: string, errorsNs: readonly number[], target: { median: number; p95: number }): void {
    const own = quantiles(errorsNs);
    this.#own ??= own;
    const kept = errorsNs.length > 0 && own.median <= target.median && own.p95 <= target.p95;
    const goal = `(at most ${target.median / 1000}, ${target.p95 / 1000}; ${errorsNs.length} round trips)`;
    this.say(`${what}: error of a round trip, µs`, `${spreadText(errorsNs)} ${goal}`, kept);
  }

  peer(what: string, errorsNs: readonly number[]): void {
    const { median, p95 } = quantiles(errorsNs);
    const times = (theirs: number, own = Number.NaN) => `${(theirs / own).toFixed(1)}x`;
    const ratio = `(Pinhole's ${times(median, this.#own?.median)}, ${times(p95, this.#own?.p95)})`;
    this.say(`${what}: error of a round trip, µs`, `${spreadText(errorsNs)} ${ratio}`);
  }

  /** All are to hold. */
  share<T>(what: string, all: readonly T[], holds: (each: T) => boolean): void {
    const count = all.filter(holds).length;
    this.say(what, `${count} of ${all.length}`, all.length > 0 && count === all.length);
  }

  get failed(): boolean {
    return this.#failed;
  }
}

function quantiles(errorsNs: readonly number[]): { median: number; p95: number } {
  const magnitudes = errorsNs.map(Math.abs);
  return { median: quantile(magnitudes, 0.5), p95: quantile(magnitudes, 0.95) };
}
