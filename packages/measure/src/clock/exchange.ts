// Packets there and back, of which all knowledge of the other side's clock comes.

import type { ClockExchange } from '../records.ts';

/** A slower exchange, or an estimate less certain, tells nothing: it is rather a stamp that is wrong. */
export const maxErrorNs = 30e9;

/** 317 years; NTP's times are never further apart than 136 (RFC 5905 §6). */
const maxTimeNs = 1e19;

/** T4 − T1 − (T3 − T2): the time on the way, without the time that the other side took to answer. */
export function roundTripNs({ t1Ns, t2Ns, t3Ns, t4Ns }: ClockExchange): number {
  return t4Ns - t1Ns - (t3Ns - t2Ns);
}

/** The same two packets, seen from the other side. */
export function reversedExchange({ t1Ns, t2Ns, t3Ns, t4Ns }: ClockExchange): ClockExchange {
  return { t1Ns: t3Ns, t2Ns: t4Ns, t3Ns: t1Ns, t4Ns: t2Ns };
}

/** Whether the stamps are in an order that can be: what fails this comes from a broken or lying peer. */
export function isPlausibleExchange(exchange: ClockExchange): boolean {
  const { t1Ns, t2Ns, t3Ns, t4Ns } = exchange;
  const roundTrip = roundTripNs(exchange);
  if ([t1Ns, t2Ns, t3Ns, t4Ns].some((time) => Math.abs(time) > maxTimeNs)) return false;
  return t4Ns >= t1Ns && t3Ns >= t2Ns && roundTrip >= 0 && roundTrip <= 2 * maxErrorNs;
}

/** Of the least round trip; of at least one. */
export function quickestOf(exchanges: readonly ClockExchange[]): ClockExchange {
  return exchanges.reduce((best, each) => (roundTripNs(each) < roundTripNs(best) ? each : best));
}
