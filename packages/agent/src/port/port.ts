// What the agent's one local port is to sessions, over either transport.

import type { DecodedStun, Endpoint, PairingMethod, PortSearch, SessionMessage } from '@pinhole/wire';
import type { Session, SessionPort } from '../session/session.ts';
import type { BulkLine } from '../throughput/line.ts';
import type { Sessions } from './sessions.ts';

export interface AgentPort extends SessionPort {
  readonly sessions: Sessions;
  /** The session has failed: what was begun to find its peer ends, and is free. It is not over yet: its path may be traced. */
  giveUp(session: Session): void;
  /** The session is over, and what it had of the port is free, but for a way that is kept. */
  release(session: Session): void;
  /** Looks for the session's peer. Again for the same session: there as well, and what was begun goes on. */
  reach(session: Session, way: Way): void;
  /**
   * A fresh local port for a further attempt of a session: its public endpoint, as `server` sees it. The session's next
   * `reach` uses it. Null where none could be had.
   */
  renew(sessionId: Uint8Array, server: Endpoint): Promise<Endpoint | null>;
  /** Why a session has no way to its peer, where the port knows; null where only silence is known. */
  evidence(session: Session): string | null;
  /** For bulk packets of a session; `tag` as their receiver has drawn it. */
  bulkLine(
    session: Session,
    how: { readonly to: Endpoint; readonly dscp: number; readonly tag: Uint8Array },
  ): BulkLine;
  /** Holds on to the way that the session has taken, for later sessions with this peer. */
  keep(session: Session, way: KeptWay & { readonly peerAgentId: string }): void;
  /** The way to a peer that is held open; null where there is none. */
  kept(peerAgentId: string): KeptWay | null;
  /** It has turned out to be none any more. */
  forget(peerAgentId: string): void;
  /** Ends all sessions; no handler is called from here on. */
  close(): void;
}

/** How a session looks for its peer. */
export interface Way {
  /** Where the peer may be, best first. */
  readonly candidates: readonly Endpoint[];
  /** The moment for it, on the monotonic clock. */
  readonly startAtMs: number;
  /** With this TTL a packet goes ahead of the moment, where there is time: it opens our own NAT and dies before the peer's. */
  readonly openerTtl: number | null;
  /** Ports to be searched at the first candidate's address. */
  readonly search: PortSearch | null;
  /** The peer lets in whoever comes, from any port. @default false */
  readonly isOpen?: boolean;
  /** Called once, when all that was tried is known to have failed, or was to no avail; not where the session is over. */
  readonly onExhausted?: () => void;
}

/** A way that cost a search, held open from round to round. */
export interface KeptWay {
  readonly remote: Endpoint;
  readonly method: PairingMethod;
}

export interface PortHandler {
  /** A STUN message that names no session; false where it is not from the NAT traversal server either. */
  takeRendezvous(decoded: DecodedStun, from: Endpoint): boolean;
  /** A check of a session not heard of: the session, if this agent is its target; not yet authenticated. */
  beginSession(check: SessionMessage, port: AgentPort): Session | null;
}
