// When the compatibility check is made.
//
//   off       "Behind a NAT" is not ticked
//   waiting   the next check is due at `dueAtMs`
//   checking  one is under way
//
// The first is due as soon as the agent is registered with the NAT traversal server, or has not got there within some
// seconds: then that is what fails. Every five minutes comes another; one comes sooner when it may say something else,
// because the registration is there now or was cut.

export interface CheckSchedule {
  readonly phase: 'off' | 'waiting' | 'checking';
  /** Since when "Behind a NAT" is ticked, as the collector tells it. */
  readonly sinceMs: number | null;
  readonly registered: boolean;
  /** How many times the registration was cut, as far as is remembered. */
  readonly losses: number;
  readonly dueAtMs: number;
  /** The latest check; null before the first. */
  readonly latest: {
    readonly beganAtMs: number;
    readonly registered: boolean;
    readonly losses: number;
  } | null;
}

export type CheckEvent =
  | { readonly kind: 'tick' }
  /** `sinceMs` is null where "Behind a NAT" is not ticked. */
  | { readonly kind: 'configured'; readonly sinceMs: number | null }
  | { readonly kind: 'registration'; readonly registered: boolean; readonly losses: number }
  /** The check that was begun is over. `made` is false where there was nothing to ask: no address of a server. */
  | { readonly kind: 'ended'; readonly made: boolean };

export type CheckEffect = 'begin' | 'abort';

const intervalMs = 300_000;
/** Several round trips and a look-up of a name; an agent that can register has done so by then. */
const registrationWaitMs = 2_500;
/** Between the beginnings of two checks, however often the registration comes and goes. */
const leastGapMs = 20_000;

export function newCheckSchedule(): CheckSchedule {
  return { phase: 'off', sinceMs: null, registered: false, losses: 0, dueAtMs: 0, latest: null };
}

/** `wakeAtMs` is null while only an event can bring anything. */
export function stepCheckSchedule(
  schedule: CheckSchedule,
  event: CheckEvent,
  nowMs: number,
): { schedule: CheckSchedule; effects: CheckEffect[]; wakeAtMs: number | null } {
  const effects: CheckEffect[] = [];
  let next = hasten(take(schedule, event, nowMs, effects), nowMs);
  if (next.phase === 'waiting' && nowMs >= next.dueAtMs) {
    effects.push('begin');
    const latest = { beganAtMs: nowMs, registered: next.registered, losses: next.losses };
    next = { ...next, phase: 'checking', dueAtMs: nowMs + intervalMs, latest };
  }
  return { schedule: next, effects, wakeAtMs: next.phase === 'waiting' ? next.dueAtMs : null };
}

function take(
  schedule: CheckSchedule,
  event: CheckEvent,
  nowMs: number,
  effects: CheckEffect[],
): CheckSchedule {
  switch (event.kind) {
    case 'tick':
      return schedule;
    case 'configured': {
      const { sinceMs } = event;
      if (sinceMs === schedule.sinceMs) return schedule;
      if (schedule.phase === 'checking') effects.push('abort');
      const dueAtMs = nowMs + (schedule.registered ? 0 : registrationWaitMs);
      return { ...schedule, phase: sinceMs === null ? 'off' : 'waiting', sinceMs, dueAtMs, latest: null };
    }
    case 'registration':
      return { ...schedule, registered: event.registered, losses: event.losses };
    case 'ended':
      if (schedule.phase !== 'checking') return schedule;
      return { ...schedule, phase: 'waiting', dueAtMs: event.made ? schedule.dueAtMs : nowMs + leastGapMs };
  }
}

/** A check that may say something else than the latest is due soon. While there is no registration it may come back. */
function hasten(schedule: CheckSchedule, nowMs: number): CheckSchedule {
  const { phase, registered, losses, latest } = schedule;
  if (phase !== 'waiting' || !registered) return schedule;
  if (latest === null) return { ...schedule, dueAtMs: nowMs };
  if (latest.registered && losses <= latest.losses) return schedule;
  return { ...schedule, dueAtMs: Math.min(schedule.dueAtMs, latest.beganAtMs + leastGapMs) };
}
