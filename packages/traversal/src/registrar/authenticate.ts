// Who is asking: time-limited credentials (wire's credential.ts), and a nonce that ties each request to the place it
// came from, so that a copied request is worth nothing elsewhere.

import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  type DecodedStun,
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
const nonceMacBytes = 12;

export type Authentication =
  | { readonly ok: true; readonly agentId: string; readonly password: string }
  | { readonly ok: false; readonly code: number; readonly counter: Counter; readonly nonce: string | null };

/** The agent that signed this request, or how to refuse it. Cheapest checks first. */
export function authenticate(
  state: RegistrarState,
  message: RendezvousMessage,
  decoded: DecodedStun,
  channel: Channel,
  now: Now,
): Authentication {
  const nonce = () => makeNonce(state.nonceKey, channel, Math.floor(now.wallS / nonceWindowS));
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
  if (!nonceHolds(state.nonceKey, message.nonce, channel, now)) {
    return refuse(refusalCodes.staleNonce, 'refused-stale-nonce', true);
  }
  const password = traversalPassword(state.secret, message.username);
  if (verifyIntegrity(decoded, 'sha256', password) !== 'valid') {
    return refuse(refusalCodes.unauthenticated, 'refused-wrong-password', false);
  }
  return { ok: true, agentId: claimed.agentId, password };
}

function makeNonce(key: Uint8Array, channel: Channel, window: number): string {
  const mac = createHmac('sha256', key)
    .update(`${channel.transport} ${formatEndpoint(channel.from)} ${window}`)
    .digest();
  return mac.subarray(0, nonceMacBytes).toString('base64url');
}

function nonceHolds(key: Uint8Array, nonce: string, channel: Channel, now: Now): boolean {
  const window = Math.floor(now.wallS / nonceWindowS);
  return [window, window - 1].some((each) => {
    const expected = Buffer.from(makeNonce(key, channel, each));
    const given = Buffer.from(nonce);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}
