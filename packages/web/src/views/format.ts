// Figures and times as the views write them: with units, and no more digits than mean something.

import type { Direction, OneDirection } from '@pinhole/contract';
import { formatted } from '../app/time.ts';

/** Where nothing was measured. */
export const none = '–';

/** `0.412 ms`, `9.12 ms`, `34.5 ms`, `312 ms` */
export function milliseconds(value: number | null | undefined): string {
  return value == null ? none : `${threeDigits(value)} ms`;
}

/** `0 %`, `0.5 %`, `12 %` */
export function percent(value: number | null | undefined): string {
  if (value == null) return none;
  return `${Number(value.toFixed(Math.abs(value) < 10 ? 1 : 0))} %`;
}

/** `0.85 Mbit/s`, `94.1 Mbit/s` */
export function megabits(value: number | null | undefined): string {
  return value == null ? none : `${threeDigits(value)} Mbit/s`;
}

/** `± 0.21 ms` */
export function bound(value: number | null | undefined): string {
  return value == null ? '' : `± ${threeDigits(value)} ms`;
}

function threeDigits(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  return value.toFixed(size >= 1 ? 2 : 3);
}

const dateTimeFormat = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const timeFormat = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const shortFormat = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});

/** `Sun, 22 Nov 2026, 21:40:00`, by the browser's time zone, as the others. */
export function dateTime(atS: number): string {
  return formatted(dateTimeFormat, atS * 1000);
}

/** `22 Nov, 21:40` */
export function shortDateTime(atS: number): string {
  return formatted(shortFormat, atS * 1000);
}

export function clockTime(atS: number): string {
  return formatted(timeFormat, atS * 1000);
}

/** `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h` */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const [minutes, hours, days] = [
    Math.round(whole / 60),
    Math.floor(whole / 3600),
    Math.floor(whole / 86_400),
  ];
  if (minutes < 60) return `${minutes} min`;
  const parts =
    days > 0
      ? [`${days} d`, ...rest(Math.floor((whole - days * 86_400) / 3600), 'h')]
      : [`${hours} h`, ...rest(Math.floor((whole - hours * 3600) / 60), 'min')];
  return parts.join(' ');
}

function rest(count: number, unit: string): string[] {
  return count === 0 ? [] : [`${count} ${unit}`];
}

export const directionLabels: Record<Direction, string> = {
  'to-target': 'Source to Target',
  'from-target': 'Target to Source',
  bidirectional: 'Both Directions',
};

export const directionArrows: Record<OneDirection, string> = {
  'to-target': 'Source → Target',
  'from-target': 'Target → Source',
};

/** `6 hops`, `6–9 hops` */
export function hopCount(hops: { readonly least: number; readonly most: number } | null): string {
  if (hops === null) return 'not reached';
  const { least, most } = hops;
  if (least !== most) return `${least}–${most} hops`;
  return least === 1 ? '1 hop' : `${least} hops`;
}
