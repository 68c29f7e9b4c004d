// Registrations: a long-lived TCP connection of each agent, its UDP endpoint beside it, and whether both still live.

import { addressRange, type Endpoint, type RendezvousBody, refusalCodes } from '@pinhole/wire';
import { answer, ask, forget, refusal } from './answers.ts';
import type { Identity } from './authenticate.ts';
import type { Channel, ConnectionId, Effect, Now, RegistrarState, Registration } from './state.ts';

/** Below the 30 s after which Linux forgets an unreplied UDP mapping, the shortest default in wide use. */
export const pingIntervalMs = 20_000;
/** Nearly three minutes of pings: a path that has become longer is known by then. */
const maxRoundTrips = 8;
const firstPings = 4;
const pingTimeoutMs = 10_000;
/** Two pings unanswered. */
const unresponsiveAfterMs = 2 * pingIntervalMs + pingTimeoutMs;
/** RFC 8489 §6.2.2 leaves it to the server. Agents leave a connection idle for 15 s to see whether it is kept. */
const strangerLimitMs = 20_000;
/**
 * A client that has asked for its public endpoint may find out how long its mapping lives when nothing is said: agents try
 * up to 5 minutes. Those who wait make room for newcomers, so that nobody is kept out by such.
 */
const idleLimitMs = 330_000;
/** RFC 4787 REQ-5: a mapping lives 2 minutes at least; agents refresh far more often than this. */
const maxUdpLifetimeS = 120;

/** An authenticated Register request. */
export function register(
  state: RegistrarState,
  channel: Channel,
  transactionId: Uint8Array,
  body: Extract<RendezvousBody, { kind: 'register' }>,
  who: Identity,
  now: Now,
): Effect[] {
  return channel.transport === 'tcp'
    ? registerTcp(state, channel, transactionId, body, who, now)
    : registerUdp(state, channel, transactionId, body, who, now);
}

function registerTcp(
  state: RegistrarState,
  channel: Extract<Channel, { transport: 'tcp' }>,
  transactionId: Uint8Array,
  body: Extract<RendezvousBody, { kind: 'register' }>,
  { agentId, password, expiresAtS }: Identity,
  now: Now,
): Effect[] {
  const connection = state.connections.get(channel.connectionId);
  if (connection === undefined) return [];
  if (connection.agentId !== null && connection.agentId !== agentId) {
    state.counters.add('refused-bad-request');
    return [
      answer(
        channel,
        transactionId,
        refusal('register', refusalCodes.badRequest, 'Registered as another'),
        password,
      ),
    ];
  }
  const effects: Effect[] = [];
  const earlier = state.registrations.get(agentId);
  if (earlier !== undefined && earlier.connectionId !== channel.connectionId) {
    // The agent came back before its old connection was found dead, or it runs twice: the latest counts.
    state.counters.add('closed-replaced');
    forget(state, earlier.connectionId);
    effects.push({ kind: 'close', connectionId: earlier.connectionId });
  }
  connection.agentId = agentId;
  state.waiting.delete(connection.id);
  const registration = {
    agentId,
    password,
    expiresAtS,
    connectionId: channel.connectionId,
    tcp: channel.from,
    localAddresses: usable(body.localAddresses),
    udp: earlier?.connectionId === channel.connectionId ? earlier.udp : null,
    roundTripsMs: earlier?.connectionId === channel.connectionId ? earlier.roundTripsMs : [],
    heardAtMs: now.ms,
    pingAtMs: now.ms + pingIntervalMs,
  };
  state.registrations.set(agentId, registration);
  state.counters.add('registered-tcp');
  return [
    ...effects,
    answer(channel, transactionId, { kind: 'registered', lifetimeS: 0, mapped: channel.from }, password),
    ask(state, registration, { kind: 'ping' }, now, { timeoutMs: pingTimeoutMs, meeting: null }),
  ];
}

function registerUdp(
  state: RegistrarState,
  channel: Channel,
  transactionId: Uint8Array,
  body: Extract<RendezvousBody, { kind: 'register' }>,
  { agentId, password }: Identity,
  now: Now,
): Effect[] {
  const registration = state.registrations.get(agentId);
  if (registration === undefined) {
    state.counters.add('refused-udp-without-tcp');
    const reason = 'Register over TCP first';
    return [answer(channel, transactionId, refusal('register', refusalCodes.badRequest, reason), password)];
  }
  const lifetimeS = Math.min(body.lifetimeS, maxUdpLifetimeS);
  registration.password = password;
  registration.localAddresses = usable(body.localAddresses);
  registration.udp =
    lifetimeS === 0 ? null : { endpoint: channel.from, expiresAtMs: now.ms + lifetimeS * 1000 };
  state.counters.add('registered-udp');
  return [answer(channel, transactionId, { kind: 'registered', lifetimeS, mapped: channel.from }, password)];
}

/** A round trip was measured. The first few follow one another, so that there is a good one soon. */
export function measured(registration: Registration, roundTripMs: number, now: Now): void {
  registration.roundTripsMs = [...registration.roundTripsMs, roundTripMs].slice(-maxRoundTrips);
  if (registration.roundTripsMs.length < firstPings) registration.pingAtMs = now.ms;
}

/** Pings what is due, closes what is silent or dead. */
export function keep(state: RegistrarState, now: Now): Effect[] {
  const effects: Effect[] = [];
  const close = (
    connectionId: ConnectionId,
    counter: 'closed-silent' | 'closed-unresponsive' | 'closed-expired',
  ) => {
    state.counters.add(counter);
    forget(state, connectionId);
    effects.push({ kind: 'close', connectionId });
  };
  for (const { id, openedAtMs, boundAtMs } of state.waiting.oldestFirst()) {
    if (now.ms < openedAtMs + strangerLimitMs) break;
    if (boundAtMs === null || now.ms >= boundAtMs + idleLimitMs) close(id, 'closed-silent');
  }
  for (const registration of state.registrations.values()) {
    if (now.ms >= registration.heardAtMs + unresponsiveAfterMs) {
      close(registration.connectionId, 'closed-unresponsive');
    } else if (now.wallS > registration.expiresAtS) {
      close(registration.connectionId, 'closed-expired');
    } else if (now.ms >= registration.pingAtMs) {
      registration.pingAtMs = now.ms + pingIntervalMs;
      effects.push(
        ask(state, registration, { kind: 'ping' }, now, { timeoutMs: pingTimeoutMs, meeting: null }),
      );
    }
  }
  return effects;
}

/** An agent names these itself and a peer will send to them: nothing but addresses that a host of a network can have. */
function usable(localAddresses: readonly Endpoint[]): Endpoint[] {
  return localAddresses
    .filter(({ address, port }) => hostRanges.has(addressRange(address)) && port > 0)
    .slice(0, maxLocalAddresses);
}

const hostRanges = new Set(['unicast', 'private', 'uniqueLocal', 'carrierGradeNat']);
/** One less than a Start carries: the public endpoint must have its place. */
const maxLocalAddresses = 15;
