// For how long an idle mapping lives, narrowed down from trial to trial: the longest time after which one still lived,
// and the shortest after which one did not.

export interface Trialled {
  readonly idleMs: number;
  readonly atMs: number;
}

export interface LifetimeSearch {
  readonly alive: Trialled | null;
  readonly dead: Trialled | null;
}

export const newSearch: LifetimeSearch = { alive: null, dead: null };

/** Keep-alives are sent more often than the one and more seldom than never. */
export const shortestMs = 5_000;
export const longestMs = 300_000;
/** Between 30 s and 1 minute, the commonest lifetimes below 2 minutes (Linux: 30 s unreplied, 120 s replied). */
const firstMs = 45_000;
const stride = 2.5;
/** Nearer than this two trials cannot be told apart for certain. */
const closeMs = 2_000;
const closeShare = 0.1;
/** Devices are changed and restarted: what is known is tried again this often. */
const recheckMs = 3_600_000;

/** With one more trial. What it contradicts goes. */
export function withTrial(
  { alive, dead }: LifetimeSearch,
  { idleMs, atMs, lived }: Trialled & { readonly lived: boolean },
): LifetimeSearch {
  const tried = { idleMs, atMs };
  if (lived) {
    return {
      alive: alive !== null && alive.idleMs > idleMs ? alive : tried,
      dead: dead !== null && dead.idleMs <= idleMs ? null : dead,
    };
  }
  return {
    alive: alive !== null && alive.idleMs >= idleMs ? null : alive,
    dead: dead !== null && dead.idleMs < idleMs ? dead : tried,
  };
}

/** Nothing more is to be found out, for now. */
export function isSettled({ alive, dead }: LifetimeSearch): boolean {
  if (alive === null) return dead !== null && dead.idleMs <= shortestMs;
  if (dead === null) return alive.idleMs >= longestMs;
  return dead.idleMs - alive.idleMs <= Math.max(closeMs, closeShare * alive.idleMs);
}

/** What to try next, and when: after how much idle time. */
export function nextWait(search: LifetimeSearch, nowMs: number): { idleMs: number; atMs: number } {
  const { alive, dead } = search;
  if (isSettled(search)) {
    const known = [alive, dead].filter((each) => each !== null).sort((a, b) => a.atMs - b.atMs);
    const { idleMs, atMs } = known[0]!;
    return { idleMs, atMs: atMs + recheckMs };
  }
  if (alive === null && dead === null) return { idleMs: firstMs, atMs: nowMs };
  if (alive === null) return { idleMs: Math.max(shortestMs, dead!.idleMs / stride), atMs: nowMs };
  if (dead === null) return { idleMs: Math.min(longestMs, alive.idleMs * stride), atMs: nowMs };
  return { idleMs: Math.sqrt(alive.idleMs * dead.idleMs), atMs: nowMs };
}
