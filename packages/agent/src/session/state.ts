// A session's state, what happens to it, and what it wants done. machine.ts tells how they hang together.

import { type PunchEvent, type PunchPlan, type PunchState, startPunch } from '@pinhole/nat';
import type { Endpoint, SessionBody, SessionPlan, SessionRole } from '@pinhole/wire';
import { newLog, type SessionLog } from './log.ts';
import type { OpenRequest } from './request.ts';

export interface SessionSetup {
  readonly role: SessionRole;
  /** The source's; a target gets it with Open. */
  readonly plan: SessionPlan | null;
  readonly punch: Omit<PunchPlan, 'role'>;
  readonly check: Extract<SessionBody, { kind: 'check' }>;
  /** Over TCP, the largest segment that the test asks for; null for the system's. */
  readonly mss?: number | null;
  /** Over TCP, whether no other session is to use its connection. @default false */
  readonly isAlone?: boolean;
  /** What the log's times count from (time.ts). */
  readonly originUnixNs: bigint;
}

export type SessionEvent =
  | { readonly kind: 'tick' }
  | Extract<PunchEvent, { kind: 'candidates' }>
  /** Authenticated. */
  | {
      readonly kind: 'message';
      readonly from: Endpoint;
      /** What was left of its TTL, where the system tells. */
      readonly receivedTtl: number | null;
      readonly transactionId: Uint8Array;
      readonly body: SessionBody;
    }
  /** This side has begun to trace the path to its peer, or is through with it. */
  | { readonly kind: 'tracing'; readonly underWay: boolean }
  /** This side has begun to measure throughput, as its sender or its receiver, or is through with it. */
  | { readonly kind: 'throughput'; readonly underWay: boolean }
  | { readonly kind: 'probe-sent'; readonly sequence: number; readonly atNs: number }
  | {
      readonly kind: 'probe-received';
      readonly sequence: number;
      readonly sentAtNs: number;
      readonly receivedAtNs: number;
      readonly reflectedAtNs: number | null;
      /** What it arrived with, where the system tells. */
      readonly dscp: number | null;
    }
  /** The kernel's stamp of a reflection that was sent. */
  | { readonly kind: 'reflection-stamped'; readonly sequence: number; readonly atNs: number }
  | {
      readonly kind: 'reflection-received';
      readonly sequence: number;
      readonly t2Ns: number;
      readonly t3Ns: number;
      readonly t4Ns: number;
    }
  /** The peer tells the true time of an earlier reflection (RFC 8972 §4.7). */
  | { readonly kind: 'follow-up'; readonly sequence: number; readonly t3Ns: number };

export type SessionEffect =
  | {
      readonly kind: 'send';
      readonly to: Endpoint;
      readonly transactionId: Uint8Array;
      readonly body: SessionBody;
      readonly ttl?: number;
    }
  /** Something for whatever is in front of this side to let packets in from there. */
  | { readonly kind: 'open-way'; readonly to: Endpoint }
  /** To be followed at once by probe-sent, and later by probe-sent again where the kernel knows better. */
  | { readonly kind: 'send-probe'; readonly to: Endpoint; readonly sequence: number }
  | { readonly kind: 'finished'; readonly outcome: SessionOutcome }
  /** Nothing of this session needs an answer any more. */
  | { readonly kind: 'gone' };

export type SessionOutcome =
  | {
      readonly kind: 'measured';
      readonly plan: SessionPlan;
      readonly log: SessionLog;
      readonly remote: Endpoint;
      /** Our own endpoint as the peer sees it. */
      readonly mapped: Endpoint;
      /** The peer has our report, so it lives and reports its own direction. */
      readonly peerConfirmed: boolean;
    }
  | {
      readonly kind: 'failed';
      readonly stage: 'connecting' | 'opening' | 'refused';
      readonly evidence: string;
    };

export interface SessionState {
  readonly setup: SessionSetup;
  readonly log: SessionLog;
  phase: 'connecting' | 'opening' | 'measuring' | 'lingering' | 'gone';
  punch: PunchState;
  plan: SessionPlan | null;
  remote: Endpoint | null;
  mapped: Endpoint | null;
  roundTripMs: number;
  /** When the first probe leaves. */
  measuringSinceMs: number;
  nextSequence: number;
  lastProbeAtMs: number;
  /** Requests to be answered yet: Open first, then each part of the report. */
  requests: OpenRequest[];
  /** An Open that came before its sender had answered a check of ours. */
  earlyOpen: EarlyOpen | null;
  report: 'pending' | 'sent' | 'confirmed' | 'given-up';
  lingerUntilMs: number;
  finishedAtMs: number;
  tracing: boolean;
  throughput: boolean;
  /** Transactions of the peer's tracing. */
  readonly answeredTraces: Set<string>;
  /** For flows of the peer's. */
  waysOpened: number;
}

export interface EarlyOpen {
  readonly from: Endpoint;
  readonly transactionId: Uint8Array;
  readonly body: Extract<SessionBody, { kind: 'open' }>;
}

export function startSession(setup: SessionSetup): SessionState {
  return {
    setup,
    log: newLog(),
    phase: 'connecting',
    punch: startPunch({ ...setup.punch, role: setup.role }),
    plan: setup.plan,
    remote: null,
    mapped: null,
    roundTripMs: 0,
    measuringSinceMs: 0,
    nextSequence: 0,
    lastProbeAtMs: Number.NEGATIVE_INFINITY,
    requests: [],
    earlyOpen: null,
    report: 'pending',
    lingerUntilMs: 0,
    finishedAtMs: 0,
    tracing: false,
    throughput: false,
    answeredTraces: new Set(),
    waysOpened: 0,
  };
}
