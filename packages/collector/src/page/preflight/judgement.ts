// What a preflight knows, and what it comes to.

import type {
  Direction,
  NatTraversal,
  PreflightOutcome,
  PreflightPair,
  Protocol,
  RegistrationState,
} from '@pinhole/contract';
import type { Reachable } from '../../agents/reach.ts';

export interface PreflightAgent extends Reachable {
  readonly agentId: string;
  readonly agentName: string;
  readonly state: 'online' | 'offline' | 'disabled';
  readonly registration: RegistrationState | null;
  /** The last since "Behind a NAT" was ticked; null where there is none. */
  readonly check: NatTraversal | null;
}

export interface PreflightTest {
  readonly protocol: Protocol;
  readonly direction: Direction;
  /** Whether the collector knows any NAT traversal server. */
  readonly hasServer: boolean;
}

export interface Judgement {
  readonly outcome: PreflightOutcome;
  readonly summary: string;
  readonly reasons?: readonly Reason[];
  readonly advice?: readonly string[];
}

export type Reason = PreflightPair['reasons'][number];
