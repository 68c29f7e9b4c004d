// Who is asking: time-limited credentials (wire's credential.ts), and a nonce that ties each request to the connection
// or UDP endpoint that it came from, so that a copied request is worth nothing elsewhere.

import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  type DecodedStun,
  findAttribute,
  formatEndpoint,
  parseTraversalUsername,
  type RendezvousMessage,
  refusalCodes,
  traversalPassword,
  verifyIntegrity,
} from '@pinhole/wire';
import type { Counter } from '../counters.ts';
import type { Channel, Now, RegistrarState } from './state.ts';

// RFC 8489 §9.2: a nonce should not live longer than an hour. Two windows of five minutes: five to ten minutes.
const nonceWindowS = 300;
const maxNonceAge = 1;
/** For two hours it still shows who receives at an endpoint, though it lets nobody in. */
const maxProofAge = 24;

// Nonce: number of the window (4) · HMAC-SHA-256 of window and place, truncated (12); base64url.
const nonceBytes = 16;

export interface Identity {
  readonly agentId: string;
  readonly password: string;
  /** Epoch seconds. */
  readonly expiresAtS: number;
}

export type Authentication =
  | { readonly ok: true; readonly who: Identity }
  | { readonly ok: false; readonly code: number; readonly counter: Counter; readonly nonce: string | null };

/** The agent that signed this request, or how to refuse it. Cheapest checks first. */
export function authenticate(
  state: RegistrarState,
  message: RendezvousMessage,
  decoded: DecodedStun,
  channel: Channel,
  now: Now,
): Authentication {
  const nonce = () => nonceOf(state.nonceKey, channel, windowOf(now)).toString('base64url');
  const refuse = (code: number, counter: Counter, withNonce: boolean): Authentication => ({
    ok: false,
    code,
    counter,
    nonce: withNonce ? nonce() : null,
  });

  const claimed = message.username === null ? null : parseTraversalUsername(message.username);
  if (
    claimed === null ||
    message.username === null ||
    message.nonce === null ||
    decoded.integrity.length === 0
  ) {
    return refuse(refusalCodes.unauthenticated, 'refused-no-credentials', true);
  }
  if (claimed.expiresAtS < now.wallS)
    return refuse(refusalCodes.unauthenticated, 'refused-expired-credentials', false);
  const age = ageOf(state.nonceKey, message.nonce, channel, now);
  if (age === null || age > maxNonceAge) {
    return refuse(refusalCodes.staleNonce, 'refused-stale-nonce', true);
  }
  const password = traversalPassword(state.secret, message.username);
  if (verifyIntegrity(decoded, 'sha256', password) !== 'valid') {
    return refuse(refusalCodes.unauthenticated, 'refused-wrong-password', false);
  }
  return { ok: true, who: { ...claimed, password } };
}

/** Whether a datagram carries a nonce that was sent to where it says it comes from: then its source is not forged. */
export function provesItsSource(
  state: RegistrarState,
  { message }: DecodedStun,
  channel: Channel,
  now: Now,
): boolean {
  const nonce = findAttribute(message, 'nonce')?.text;
  const age = nonce === undefined ? null : ageOf(state.nonceKey, nonce, channel, now);
  return age !== null && age <= maxProofAge;
}

function nonceOf(key: Uint8Array, channel: Channel, window: number): Buffer {
  const place = channel.transport === 'tcp' ? channel.connectionId : formatEndpoint(channel.from);
  const nonce = Buffer.alloc(nonceBytes);
  nonce.writeUInt32BE(window);
  const mac = createHmac('sha256', key).update(`${channel.transport} ${place} ${window}`).digest();
  mac.copy(nonce, 4);
  return nonce;
}

/** Windows since a nonce was given to this channel; null where it never was. */
function ageOf(key: Uint8Array, nonce: string, channel: Channel, now: Now): number | null {
  const given = Buffer.from(nonce, 'base64url');
  if (given.length !== nonceBytes) return null;
  const window = given.readUInt32BE();
  if (!timingSafeEqual(given, nonceOf(key, channel, window))) return null;
  return windowOf(now) - window;
}

function windowOf(now: Now): number {
  return Math.floor(now.wallS / nonceWindowS);
}
