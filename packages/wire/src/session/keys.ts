// The keys of one session, from the key that the collector gave to the pair of agents.

import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

export type SessionRole = 'source' | 'target';

/** As KeyObjects: of octets, Node would make one for each packet, and that takes five times as long as the HMAC. */
export interface SessionKeys {
  /** MESSAGE-INTEGRITY-SHA256 of the control messages that each side sends: thrown back at it, they prove nothing. */
  readonly control: Readonly<Record<SessionRole, KeyObject>>;
  /** HMAC of the STAMP packets that each side's probing causes: its probes, and their reflections. */
  readonly probes: Readonly<Record<SessionRole, KeyObject>>;
}

/** HKDF-SHA256 (RFC 5869) of the pair's 32 octets, salted with the session's id. */
export function deriveSessionKeys(pairKey: Uint8Array, sessionId: Uint8Array): SessionKeys {
  const secret = createSecretKey(pairKey);
  const derive = (purpose: string) =>
    createSecretKey(new Uint8Array(hkdfSync('sha256', secret, sessionId, `pinhole ${purpose}`, 32)));
  return {
    control: { source: derive('control of the source'), target: derive('control of the target') },
    probes: { source: derive('probes of the source'), target: derive('probes of the target') },
  };
}

/**
 * The STAMP session identifier (RFC 8972 §3) of the probes that one side sends. Both sides probe over one 5-tuple, so
 * it also tells a probe of the peer's from the reflection of one's own. Never 0, which stands for none.
 */
export function sessionSsid(sessionId: Uint8Array, prober: SessionRole): number {
  const ssid = (((sessionId[0] as number) & 0x7f) << 8) | (sessionId[1] as number);
  return (ssid === 0 ? 1 : ssid) | (prober === 'target' ? 0x8000 : 0);
}
