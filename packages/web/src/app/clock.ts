// Time as the page needs it: the only place that asks the browser for it.

import { useEffect, useState } from 'react';

export function nowMs(): number {
  return Date.now();
}

export function nowS(): number {
  return Math.floor(Date.now() / 1000);
}

/** The time, told again every `everyMs`: for "2 minutes ago" and countdowns. */
export function useNow(everyMs: number): number {
  const [value, setValue] = useState(nowMs);
  useEffect(() => {
    const timer = setInterval(() => setValue(nowMs()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return value;
}

/** `value` once it has not changed for `quietMs`. */
export function useSettled<Value>(value: Value, quietMs: number): Value {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(() => value), quietMs);
    return () => clearTimeout(timer);
  }, [value, quietMs]);
  return settled;
}
