// How large a packet gets through to the peer: packets that may not be fragmented, of sizes that tell. Pure.
//
// A router that cannot pass one on says so, and how large it may be (RFC 1191, RFC 8201); where nobody says anything,
// sizes in between are tried, as RFC 8899 does. Only an answer of the peer's proves a size. A packet may also be lost for
// other reasons: so each has a small one behind it, and a size counts as too large when only the small ones were answered,
// several times, far enough apart not to meet the same full queue.

export interface MtuState {
  /** The largest that the peer has answered; 0 for none. */
  proven: number;
  /** Nothing as large as this gets through. */
  refused: number;
  /** A router has named it; null where none has, or it has been tried. */
  told: number | null;
  /** Under way now. */
  asked: Asked | null;
  readonly beganAtMs: number;
  end: 'found' | 'unknown' | null;
}

interface Asked {
  readonly size: number;
  readonly atMs: number;
  /** When the small packet behind it was answered. */
  readonly smallAtMs: number | null;
  /** How often the size was lost before, and the small packet was not. */
  readonly losses: number;
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
/** Ethernet with large frames is not tried: it ends at the first router. */
const largestSize = plateaus[0];
/** Of a packet that fills nothing up. */
export const smallSize = 0;
/** Of one in ten packets lost, three in a row are one in a thousand. */
const lossesToRefuse = 3;
/** Between two tries: bursts of loss are shorter as a rule. */
const tryGapMs = 250;
/** What was sent ahead of the small packet may come behind it. */
const overtakenMs = 50;
/** A satellite's round trip, and some more: what has not been answered by then says nothing. */
const patienceMs = 800;
/** In the dark: five sizes, each lost three times; at 0.4 s a round trip. */
const limitMs = 7_000;

export function startMtu(nowMs: number): MtuState {
  return { proven: 0, refused: largestSize + 1, told: null, asked: null, beganAtMs: nowMs, end: null };
}

/** Changes the state in place. `sizes` are those of IP packets in octets, to be sent in this order. */
export function stepMtu(
  state: MtuState,
  event: MtuEvent,
  nowMs: number,
): { sizes: readonly number[]; wakeAtMs: number | null } {
  if (state.end !== null) return { sizes: [], wakeAtMs: null };
  take(state, event, nowMs);
  const { asked } = state;
  const lossAtMs = asked === null ? nowMs : givenUpAtMs(asked);
  if (asked !== null && nowMs < lossAtMs) return { sizes: [], wakeAtMs: lossAtMs };
  const losses = asked === null ? 0 : asked.losses + (asked.smallAtMs === null ? 0 : 1);
  const isTooLarge = losses >= lossesToRefuse;
  if (asked !== null && isTooLarge) state.refused = Math.min(state.refused, asked.size);
  const isAgain = asked !== null && !isTooLarge;
  const size = isAgain ? asked.size : nextSize(state);
  if (size === null || nowMs - state.beganAtMs >= limitMs) {
    state.end = state.proven > 0 && size === null ? 'found' : 'unknown';
    return { sizes: [], wakeAtMs: null };
  }
  state.asked = { size, atMs: nowMs, smallAtMs: null, losses: isAgain ? losses : 0 };
  return { sizes: [size, smallSize], wakeAtMs: nowMs + patienceMs };
}

function take(state: MtuState, event: MtuEvent, nowMs: number): void {
  const { asked } = state;
  if (event.kind === 'tick' || asked === null) return;
  if (event.kind === 'answered' && event.size === smallSize) {
    state.asked = { ...asked, smallAtMs: asked.smallAtMs ?? nowMs };
    return;
  }
  // Others' words about sizes that were not asked: late, or forged.
  if (event.size !== asked.size) return;
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

/** From when on an answer is not waited for. */
function givenUpAtMs({ atMs, smallAtMs }: Asked): number {
  return smallAtMs === null ? atMs + patienceMs : Math.max(atMs + tryGapMs, smallAtMs + overtakenMs);
}

/** What a router has named; in the dark the largest first, and then the middle of what is left. */
function nextSize(state: MtuState): number | null {
  const { proven, refused, told } = state;
  state.told = null;
  if (told !== null && told > proven && told < refused) return told;
  const open = plateaus.filter((size) => size > proven && size < refused);
  return open[refused > largestSize ? 0 : Math.floor((open.length - 1) / 2)] ?? null;
}
