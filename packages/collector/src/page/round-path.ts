// All traces of a round as one graph. Pure.

import type { PathGraphNode, PathGraphTrace, PathTrace, RoundPath, TracedResult } from '@pinhole/contract';
import { mergePaths, type PathNode, type TracedDirection, traceText } from '@pinhole/measure';
import { type IpAddress, parseIpAddress } from '@pinhole/wire';
import type { NetworkDatabase } from '../networks/facts.ts';
import { networkMembers } from '../rest/network-members.ts';
import type { AgentRecord } from '../store/agents.ts';

export interface RoundPathInput {
  readonly testId: string;
  readonly roundId: number;
  /** Of this round, in any order. */
  readonly results: readonly TracedResult[];
  /** By id, as far as they exist. */
  readonly agents: ReadonlyMap<string, AgentRecord>;
  /** By address, as far as known. */
  readonly hopNames: ReadonlyMap<IpAddress, string>;
  readonly networks: NetworkDatabase;
}

export function roundPath(input: RoundPathInput): RoundPath {
  const { testId, roundId, results, agents } = input;
  const { nodes, links } = mergePaths(results);
  const members = new Map<string, 'source' | 'target'>();
  for (const { targetAgentId } of results) members.set(targetAgentId, 'target');
  for (const { sourceAgentId } of results) members.set(sourceAgentId, 'source');
  return {
    testId,
    roundId,
    agents: [...members].map(([agentId, role]) => ({
      agentId,
      agentName: agents.get(agentId)?.agentName ?? null,
      behindNat: agents.get(agentId)?.behindNat ?? false,
      role,
    })),
    nodes: nodes.map((node) => nodeBody(node, input)),
    links: links.map((link) => ({ ...link, directions: [...link.directions] })),
    traces: results.flatMap((result) => result.traces.map((trace) => traceBody(result, trace))),
    limitations: limitations(results, agents),
  };
}

function nodeBody(node: PathNode, { hopNames, networks }: RoundPathInput): PathGraphNode {
  const address = node.address === null ? null : parseIpAddress(node.address);
  const name = address === null ? undefined : hopNames.get(address);
  return {
    ...node,
    directions: [...node.directions],
    columns: { ...node.columns },
    roundTrips: node.roundTrips.map((each) => ({ ...each })),
    nat: [...node.nat],
    mpls: node.mpls.map((stack) => stack.map((label) => ({ ...label }))),
    ...(name !== undefined && { name }),
    ...(address !== null && networkMembers(networks.find(address))),
  };
}

function traceBody(result: TracedResult, trace: PathTrace): PathGraphTrace {
  const { direction, sourceAgentId, targetAgentId } = result;
  return {
    direction,
    sourceAgentId,
    targetAgentId,
    end: trace.end,
    nodeIds: nodeIds({ ...result, traces: [trace] }, trace),
    pathMtu: trace.pathMtu,
    text: traceText(trace),
  };
}

/** A graph of one trace is its own way through that of all; the far agent stands there whether it was reached or not. */
function nodeIds(alone: TracedDirection, { end }: PathTrace): string[] {
  const { direction, sourceAgentId, targetAgentId } = alone;
  const farAgentId = direction === 'to-target' ? targetAgentId : sourceAgentId;
  const columnOf = ({ columns }: PathNode) => columns[direction] ?? 0;
  return mergePaths([alone])
    .nodes.filter(({ agentId }) => end === 'reached' || agentId !== farAgentId)
    .toSorted((a, b) => columnOf(a) - columnOf(b))
    .map(({ id }) => id);
}

function limitations(results: readonly TracedResult[], agents: ReadonlyMap<string, AgentRecord>): string[] {
  const sentences = results.flatMap(({ limitation, direction, sourceAgentId, targetAgentId }) => {
    if (limitation === null) return [];
    const tracerId = direction === 'to-target' ? sourceAgentId : targetAgentId;
    return [`${agents.get(tracerId)?.agentName ?? `Agent ${tracerId}`}: ${limitation}`];
  });
  return [...new Set(sentences)];
}
