// A Session-Reflector in the open (RFC 8762 §4.3), for any sender that finds it: which probes it answers, what it
// counts of each session, and what it says of itself. Changes its state in place: it may serve thousands of sessions.
//
// Whoever forges a source address must gain nothing by it. So no answer is longer than its probe, answers in all and
// to each source are bounded, and answers are not answered: two reflectors would do so for ever.

import { type Endpoint, formatEndpoint, type IpAddress, stamp } from '@pinhole/wire';
import { type AddressPrefix, isWithin } from './prefix.ts';
import { type Rates, startRates, takeToken } from './rates.ts';
import { answerProbe, leastReplyBytes, type SessionCounts } from './reply.ts';

/** RFC 5357 §4.2 (REFWAIT), which RFC 8762 keeps: a session that is silent for so long is over. */
const sessionIdleMs = 900_000;
/** No reflector holds a packet for so long. In random padding (TWAMP Light) such times are found once in 2^26. */
const longestReflectionS = 60n;
/** Jumbo frames have 9,000 octets. */
const maxProbeBytes = 9_216;
/** What it does is told once a second at most. */
const reportEveryMs = 1_000;

export interface ReflectorOptions {
  readonly security: stamp.StampSecurity;
  /** Counts its own answers in each session, which tells a sender in which direction packets were lost. */
  readonly stateful: boolean;
  /** Answers probes of 14 to 40 octets too, with 44; and knows a session by its addresses and ports alone. */
  readonly twampLight: boolean;
  /** Who may ask; empty: everyone. */
  readonly allowed: readonly AddressPrefix[];
  /** DSCPs that a sender may have answers sent with; null: any. */
  readonly replyDscps: readonly number[] | null;
  /** Packets a second. */
  readonly sourceRate: number;
  readonly totalRate: number;
  /** Beyond, the session not heard of for longest is forgotten. */
  readonly maxSessions: number;
}

/** What became of datagrams. */
export type ReflectorCount =
  | 'reflected'
  | 'too-short'
  | 'too-long'
  | 'not-authentic'
  | 'void-error-estimate'
  | 'not-allowed'
  | 'a-reply-itself'
  | 'over-source-rate'
  | 'over-total-rate'
  | 'not-sent';

export type ReflectorCounts = Partial<Record<ReflectorCount, number>>;

interface ReflectorSession {
  received: number;
  sent: number;
  lastReply: SessionCounts['lastReply'];
  lastHeardAtMs: number;
}

export interface ReflectorState {
  readonly options: ReflectorOptions;
  readonly rates: Rates;
  /** By SSID and 4-tuple (RFC 8972 §3), in the order of last use. */
  readonly sessions: Map<string, ReflectorSession>;
  ownAddresses: ReadonlySet<IpAddress>;
  /** Since the last report. */
  counts: ReflectorCounts;
  reportAtMs: number;
}

export type ReflectorEvent =
  | { readonly kind: 'tick' }
  | { readonly kind: 'own-addresses'; readonly addresses: readonly IpAddress[] }
  | {
      readonly kind: 'datagram';
      /** Only lent. */
      readonly data: Uint8Array;
      readonly from: Endpoint;
      /** What it was sent to, as far as known. */
      readonly to: Endpoint;
      /** T2. */
      readonly receivedAt: stamp.StampTimestamp;
      readonly ttl: number | null;
      readonly dscp: number | null;
    }
  /** By the program's clock, and then perhaps once more by the kernel's. */
  | {
      readonly kind: 'reply-left';
      readonly session: string;
      readonly sequence: number;
      readonly at: stamp.StampTimestamp;
    }
  | { readonly kind: 'reply-not-sent' };

export type ReflectorEffect =
  | {
      readonly kind: 'reply';
      /** T3 is yet to be set. */
      readonly data: Uint8Array;
      readonly to: Endpoint;
      readonly from: IpAddress | null;
      readonly dscp: number | null;
      /** Whose `reply-left` is waited for; null where nobody asks. */
      readonly followUp: { readonly session: string; readonly sequence: number } | null;
    }
  | { readonly kind: 'report'; readonly counts: ReflectorCounts; readonly sessions: number };

export function startReflector(options: ReflectorOptions, nowMs: number): ReflectorState {
  return {
    options,
    rates: startRates(options.sourceRate, options.totalRate, nowMs),
    sessions: new Map(),
    ownAddresses: new Set(),
    counts: {},
    reportAtMs: nowMs + reportEveryMs,
  };
}

/** `wakeAtMs` is when the next session is over or something is to be told; null where nothing is. */
export function stepReflector(
  state: ReflectorState,
  event: ReflectorEvent,
  nowMs: number,
): { effects: ReflectorEffect[]; wakeAtMs: number | null } {
  const effects: ReflectorEffect[] = [];
  switch (event.kind) {
    case 'tick':
      break;
    case 'own-addresses':
      state.ownAddresses = new Set(event.addresses);
      break;
    case 'datagram':
      take(state, event, nowMs, effects);
      break;
    case 'reply-left':
      noteReply(state, event);
      break;
    case 'reply-not-sent':
      count(state, 'not-sent');
  }
  forgetSilent(state, nowMs);
  report(state, nowMs, effects);
  return { effects, wakeAtMs: wakeAt(state) };
}

type DatagramEvent = Extract<ReflectorEvent, { kind: 'datagram' }>;

function take(state: ReflectorState, event: DatagramEvent, nowMs: number, effects: ReflectorEffect[]): void {
  const { options } = state;
  const refusal = refusalOf(state, event, nowMs);
  if (refusal !== null) {
    count(state, refusal);
    return;
  }
  const probe = stamp.decodeSenderPacket(options.security, event.data);
  if (!probe.ok) {
    count(state, probe.reason === 'hmac' ? 'not-authentic' : 'too-short');
    return;
  }
  // RFC 4656 §4.1.2: such a packet is corrupt.
  if (probe.packet.errorEstimate.multiplier === 0) {
    count(state, 'void-error-estimate');
    return;
  }
  if (isReply(options.security, event.data)) {
    count(state, 'a-reply-itself');
    return;
  }
  const name = sessionName(options, event, probe.packet.ssid);
  const session = options.stateful ? sessionOf(state, name, probe.packet.sequence, nowMs) : null;
  const arrival = { ...event, localPort: event.to.port };
  const reply = answerProbe(event.data, probe, arrival, session === null ? null : { ...session }, {
    security: options.security,
    isOwnAddress: (address) => address === event.to.address || state.ownAddresses.has(address),
    allowsDscp: (dscp) => options.replyDscps === null || options.replyDscps.includes(dscp),
  });
  const { data, from, dscp, wantsFollowUp } = reply;
  const followUp = session !== null && wantsFollowUp ? { session: name, sequence: session.sent - 1 } : null;
  effects.push({ kind: 'reply', data, to: event.from, from, dscp, followUp });
  count(state, 'reflected');
}

/** The cheap questions before the dear ones. */
function refusalOf(
  { options, rates }: ReflectorState,
  { data, from }: DatagramEvent,
  nowMs: number,
): ReflectorCount | null {
  const { allowed } = options;
  if (allowed.length > 0 && !allowed.some((prefix) => isWithin(prefix, from.address))) return 'not-allowed';
  if (data.length > maxProbeBytes) return 'too-long';
  if (data.length < leastReplyBytes && !options.twampLight) return 'too-short';
  const token = takeToken(rates, from.address, nowMs);
  return token === 'taken' ? null : token;
}

/** Where a probe has zeros or padding, a reflector's packet has T2, shortly before its T3. */
function isReply(security: stamp.StampSecurity, data: Uint8Array): boolean {
  const t2Offset = security.mode === 'authenticated' ? 32 : 16;
  // Most probes have zeros, and need not be decoded once more.
  if (data.subarray(t2Offset, t2Offset + 8).every((octet) => octet === 0)) return false;
  const reply = stamp.decodeReflectorPacket(security, data);
  if (!reply.ok) return false;
  const { timestamp, receiveTimestamp } = reply.packet;
  // Whole seconds are the upper half in both formats.
  const heldS = BigInt.asIntN(32, (timestamp >> 32n) - (receiveTimestamp >> 32n));
  return heldS >= -1n && heldS <= longestReflectionS;
}

/** The padding of TWAMP Light stands where STAMP has its SSID, and may be another in each packet. */
function sessionName({ twampLight }: ReflectorOptions, { from, to }: DatagramEvent, ssid: number): string {
  return `${twampLight ? '' : ssid} ${formatEndpoint(from)} ${formatEndpoint(to)}`;
}

/**
 * With this probe and its answer counted. A session's probes begin at 0 (RFC 8762 §4.2.1): senders that use one port
 * and no SSID again and again are told from one another by that.
 */
function sessionOf(
  { sessions, options }: ReflectorState,
  name: string,
  sequence: number,
  nowMs: number,
): ReflectorSession {
  const fresh = { received: 0, sent: 0, lastReply: null };
  const known = sequence === 0 ? fresh : (sessions.get(name) ?? fresh);
  const session = {
    ...known,
    received: (known.received + 1) >>> 0,
    sent: (known.sent + 1) >>> 0,
    lastHeardAtMs: nowMs,
  };
  sessions.delete(name);
  sessions.set(name, session);
  if (sessions.size > options.maxSessions) sessions.delete(sessions.keys().next().value as string);
  return session;
}

function noteReply(
  { sessions }: ReflectorState,
  event: Extract<ReflectorEvent, { kind: 'reply-left' }>,
): void {
  const session = sessions.get(event.session);
  if (session === undefined) return;
  const { sequence, at } = event;
  // The kernel may tell of one after the next has left.
  if (session.lastReply === null || sequence >= session.lastReply.sequence)
    session.lastReply = { sequence, at };
}

function forgetSilent({ sessions }: ReflectorState, nowMs: number): void {
  for (const [name, { lastHeardAtMs }] of sessions) {
    if (nowMs < lastHeardAtMs + sessionIdleMs) return;
    sessions.delete(name);
  }
}

function report(state: ReflectorState, nowMs: number, effects: ReflectorEffect[]): void {
  if (nowMs < state.reportAtMs) return;
  state.reportAtMs = nowMs + reportEveryMs;
  if (!hasNews(state)) return;
  effects.push({ kind: 'report', counts: state.counts, sessions: state.sessions.size });
  state.counts = {};
}

function wakeAt(state: ReflectorState): number | null {
  const oldest = state.sessions.values().next().value;
  const overAtMs = oldest === undefined ? Number.POSITIVE_INFINITY : oldest.lastHeardAtMs + sessionIdleMs;
  const tellAtMs = hasNews(state) ? state.reportAtMs : Number.POSITIVE_INFINITY;
  const nextMs = Math.min(overAtMs, tellAtMs);
  return Number.isFinite(nextMs) ? nextMs : null;
}

function hasNews({ counts }: ReflectorState): boolean {
  return Object.keys(counts).length > 0;
}

function count({ counts }: ReflectorState, what: ReflectorCount): void {
  counts[what] = (counts[what] ?? 0) + 1;
}
