// The paths between the agents of one test, of all their traces in both directions, as one graph.

import type { MplsLabel } from '@pinhole/wire';
import type { NatReason } from './trace.ts';

export type PathDirection = 'to-target' | 'from-target';

export interface PathGraph {
  /** By column, the way to the target first. */
  readonly nodes: readonly PathNode[];
  readonly links: readonly PathLink[];
}

export interface PathNode {
  /** The address, of a private one with the agent whose network it is of; of an agent and a silent hop a name. */
  readonly id: string;
  readonly kind: 'agent' | 'hop' | 'silent';
  readonly agentId: string | null;
  /** Null for silent hops, and for an agent that nobody has reached and that has traced nothing itself. */
  readonly address: string | null;
  /** An interface that both directions pass is one node. */
  readonly directions: readonly PathDirection[];
  /** The least number of hops from where the direction begins; an agent that it ends at is behind all others. */
  readonly columns: { readonly [direction in PathDirection]: number | null };
  /** That pass it. */
  readonly traces: number;
  /** Probes that ended here by their TTL, and how many of them were answered. */
  readonly sent: number;
  readonly answered: number;
  /**
   * Of the probes sent here as many as were lost on the way to here, or back, at most: what hops further on answer, this
   * one has forwarded, whether it answers for itself or not. Null where nothing further on has answered.
   */
  readonly lossPercent: number | null;
  /** From each agent that has traced it, by agent id. */
  readonly roundTrips: readonly {
    readonly fromAgentId: string;
    readonly leastMs: number;
    readonly medianMs: number;
  }[];
  readonly nat: readonly NatReason[];
  /** The label stacks that packets arrived with; eight at most. */
  readonly mpls: readonly (readonly MplsLabel[])[];
  /** The least that it told of the link behind it. */
  readonly mtu: number | null;
}

export interface PathLink {
  readonly from: string;
  readonly to: string;
  readonly directions: readonly PathDirection[];
  /** That go over it. */
  readonly traces: number;
  /**
   * The difference of the least round trips to its two ends, of the agent for which it is least. Null where that is
   * unknown or negative: the way back from a hop is not that from the next.
   */
  readonly delayMs: number | null;
}
