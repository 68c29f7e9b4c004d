// What the agent's one local port is to sessions, over either transport.

import type { DecodedStun, Endpoint, SessionMessage } from '@pinhole/wire';
import type { Session, SessionPort } from '../session/session.ts';
import type { Sessions } from './sessions.ts';

export interface AgentPort extends SessionPort {
  readonly sessions: Sessions;
  /** The session is over, and what it had of the port is free. */
  release(session: Session): void;
  /** Tells a session where its peer may be; over TCP, connects there at that moment (monotonic clock). */
  reach(session: Session, candidates: readonly Endpoint[], startAtMs: number): void;
  /** Why a session has no way to its peer, where the port knows; null where only silence is known. */
  evidence(session: Session): string | null;
  /** Ends all sessions; no handler is called from here on. */
  close(): void;
}

export interface PortHandler {
  /** A STUN message that names no session; false where it is not from the NAT traversal server either. */
  takeRendezvous(decoded: DecodedStun, from: Endpoint): boolean;
  /** A check of a session not heard of: the session, if this agent is its target; not yet authenticated. */
  beginSession(check: SessionMessage, port: AgentPort): Session | null;
}
