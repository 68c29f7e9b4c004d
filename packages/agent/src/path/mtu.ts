// How large a packet gets through to the peer: packets that may not be fragmented, of sizes that tell. Pure.
//
// A router that cannot pass one on says so, and how large it may be (RFC 1191, RFC 8201); where nobody says anything,
// sizes in between are tried, as RFC 8899 does. Only an answer of the peer's proves a size.

export interface MtuState {
  /** The largest that the peer has answered; 0 for none. */
  proven: number;
  /** Nothing as large as this gets through. */
  refused: number;
  /** A router has named it; null where none has, or it has been tried. */
  told: number | null;
  /** Under way now. */
  asked: { readonly size: number; readonly atMs: number; readonly tries: number } | null;
  readonly beganAtMs: number;
  end: 'found' | 'unknown' | null;
}

export type MtuEvent =
  | { readonly kind: 'tick' }
  | { readonly kind: 'answered'; readonly size: number }
  /** By a router, or by this host's own network: 0 where it does not say how large a packet may be. */
  | { readonly kind: 'too-big'; readonly size: number; readonly mtu: number };

/** Ethernet, PPPoE, common tunnels, and the least of IPv6 (RFC 8200 §5) and IPv4 (RFC 1122 §3.3.2), descending. */
const plateaus = [1500, 1492, 1476, 1460, 1440, 1420, 1400, 1380, 1360, 1280, 1024, 576] as const;
/** IPv4's own least (RFC 791); below the probe's size it cannot be tried anyway. */
const leastTold = 200;
const patienceMs = 400;
const maxTries = 2;
/** In the dark: five sizes, each asked twice. */
const limitMs = 4_500;
/** Ethernet with large frames is not tried: it ends at the first router. */
export const largestSize = plateaus[0];

export function startMtu(nowMs: number): MtuState {
  return { proven: 0, refused: largestSize + 1, told: null, asked: null, beganAtMs: nowMs, end: null };
}

/** Changes the state in place. `size` is that of an IP packet in octets; null where none is to be sent. */
export function stepMtu(
  state: MtuState,
  event: MtuEvent,
  nowMs: number,
): { size: number | null; wakeAtMs: number | null } {
  if (state.end !== null) return { size: null, wakeAtMs: null };
  take(state, event);
  const { asked } = state;
  if (asked !== null && nowMs < asked.atMs + patienceMs)
    return { size: null, wakeAtMs: asked.atMs + patienceMs };
  if (asked !== null && asked.tries >= maxTries) {
    state.refused = Math.min(state.refused, asked.size);
    state.asked = null;
  }
  const size = state.asked?.size ?? nextSize(state);
  if (size === null || nowMs - state.beganAtMs >= limitMs) {
    state.end = state.proven > 0 && size === null ? 'found' : 'unknown';
    return { size: null, wakeAtMs: null };
  }
  state.asked = { size, atMs: nowMs, tries: (state.asked?.tries ?? 0) + 1 };
  return { size, wakeAtMs: nowMs + patienceMs };
}

function take(state: MtuState, event: MtuEvent): void {
  const { asked } = state;
  if (event.kind === 'tick') return;
  // Others' words about sizes that were not asked: late, or forged.
  if (asked === null || event.size !== asked.size) return;
  state.asked = null;
  if (event.kind === 'answered') {
    state.proven = Math.max(state.proven, event.size);
    return;
  }
  state.refused = Math.min(state.refused, event.size);
  if (event.mtu < leastTold || event.mtu >= event.size) return;
  state.refused = event.mtu + 1;
  state.told = event.mtu;
}

/** What a router has named; in the dark the largest first, and then the middle of what is left. */
function nextSize(state: MtuState): number | null {
  const { proven, refused, told } = state;
  state.told = null;
  if (told !== null && told > proven && told < refused) return told;
  const open = plateaus.filter((size) => size > proven && size < refused);
  return open[refused > largestSize ? 0 : Math.floor((open.length - 1) / 2)] ?? null;
}
