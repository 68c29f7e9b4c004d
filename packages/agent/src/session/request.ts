// A request over a path that may lose it: sent again until it is answered or given up.

import type { SessionBody } from '@pinhole/wire';

export interface OpenRequest {
  readonly transactionId: Uint8Array;
  readonly body: SessionBody;
  readonly tries: number;
  readonly nextAtMs: number;
  readonly rtoMs: number;
}

/** RFC 8489 §6.2.1: Rc, transmissions in all. */
const maxTries = 7;
/** RFC 8489 §6.2.1 starts at 500 ms where nothing is known; here the checks have just measured the round trip. */
const minRtoMs = 100;
const maxRtoMs = 1000;

export function openRequest(
  body: SessionBody,
  transactionId: Uint8Array,
  roundTripMs: number,
  nowMs: number,
): OpenRequest {
  const rtoMs = Math.min(maxRtoMs, Math.max(minRtoMs, 2 * roundTripMs));
  return { transactionId, body, tries: 0, nextAtMs: nowMs, rtoMs };
}

/** What is to be done with a request now. */
export function stepRequest(
  request: OpenRequest,
  nowMs: number,
):
  | { action: 'wait'; request: OpenRequest }
  | { action: 'send'; request: OpenRequest }
  | { action: 'give-up' } {
  if (nowMs < request.nextAtMs) return { action: 'wait', request };
  if (request.tries >= maxTries) return { action: 'give-up' };
  const gapMs = Math.min(maxRtoMs, request.rtoMs * 2 ** request.tries);
  return { action: 'send', request: { ...request, tries: request.tries + 1, nextAtMs: nowMs + gapMs } };
}

export function sameOctets(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
