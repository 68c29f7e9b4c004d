// For developers: PINHOLE_TEST_CLOCK gives an agent a clock that is wrong, as on another machine, so that on one machine
// two agents can be seen to measure by two clocks.
//
//   PINHOLE_TEST_CLOCK='{"offsetMs":7000,"driftPpm":50,"step":{"afterMs":20000,"byMs":300}}'
//
// Each member may be left out. The step comes `afterMs` after the agent's start.

import { type ClockSkew, type Net, skewedNet } from '@pinhole/net';
import { UsageError } from './lifecycle.ts';

const variable = 'PINHOLE_TEST_CLOCK';

/** The Net with the clock that the environment asks for. Throws UsageError where that is malformed. */
export function withTestClock(net: Net, environment: NodeJS.ProcessEnv = process.env): Net {
  const text = environment[variable];
  return text === undefined ? net : skewedNet(net, parseClock(text, net.clock.monotonicNs()));
}

function parseClock(text: string, nowNs: number): ClockSkew {
  const { offsetMs, driftPpm, step } = members(parseJson(text), ['offsetMs', 'driftPpm', 'step']);
  return {
    offsetNs: number(offsetMs) * 1e6,
    driftPpm: number(driftPpm),
    step: step == null ? null : parseStep(step, nowNs),
  };
}

function parseStep(step: unknown, nowNs: number): ClockSkew['step'] {
  const { afterMs, byMs } = members(step, ['afterMs', 'byMs']);
  return { atNs: nowNs + number(afterMs) * 1e6, byNs: number(byMs) * 1e6 };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return malformed();
  }
}

function members(value: unknown, names: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return malformed();
  if (Object.keys(value).some((name) => !names.includes(name))) return malformed();
  return value as Record<string, unknown>;
}

function number(value: unknown = 0): number {
  return typeof value === 'number' ? value : malformed();
}

function malformed(): never {
  throw new UsageError(
    `${variable} is to be JSON as in {"offsetMs":7000,"driftPpm":50,"step":{"afterMs":20000,"byMs":300}}`,
  );
}
