// Rounds' paths for tests and benchmarks, made of the traces that are given.

import type { OneDirection, PathGraphNode, RoundPath, TraceEnd } from '@pinhole/contract';

export interface SceneTrace {
  readonly direction: OneDirection;
  readonly source?: string;
  /** Addresses, `*` for a silent hop; the agents at both ends are put in. */
  readonly hops: readonly string[];
  readonly end?: TraceEnd;
}

/** Source agents 1, 2, … and the target agent 9. What is said in `facts` of an address is put over what is made up. */
export function roundPath(
  traces: readonly SceneTrace[],
  facts: Readonly<Record<string, Partial<PathGraphNode>>> = {},
): RoundPath {
  const nodes = new Map<string, PathGraphNode>();
  const links = new Map<string, RoundPath['links'][number]>();
  const sources = [...new Set(traces.map(({ source }) => source ?? '1'))];
  const add = (id: string, kind: PathGraphNode['kind'], direction: OneDirection, column: number) => {
    const node = nodes.get(id);
    const address = kind === 'hop' ? id : null;
    const known = node?.columns[direction] ?? column;
    nodes.set(id, {
      id,
      kind,
      agentId: kind === 'agent' ? id.replace('agent ', '') : null,
      address,
      directions: [...new Set([...(node?.directions ?? []), direction])].sort().reverse(),
      columns: {
        'to-target': null,
        'from-target': null,
        ...node?.columns,
        [direction]: Math.min(known, column),
      },
      traces: (node?.traces ?? 0) + 1,
      sent: 3,
      answered: kind === 'silent' ? 0 : 3,
      lossPercent: 0,
      roundTrips: [],
      nat: [],
      mpls: [],
      mtu: null,
      ...facts[id],
    });
    return id;
  };
  const made = traces.map(({ direction, source = '1', hops, end = 'reached' }) => {
    const isForth = direction === 'to-target';
    const [near, far] = isForth ? [`agent ${source}`, 'agent 9'] : ['agent 9', `agent ${source}`];
    const nodeIds = [add(near, 'agent', direction, 0)];
    hops.forEach((hop, i) => {
      const id = hop === '*' ? `silent after ${nodeIds.at(-1)} before ${hops[i + 1]}` : hop;
      nodeIds.push(add(id, hop === '*' ? 'silent' : 'hop', direction, i + 1));
    });
    if (end === 'reached') nodeIds.push(far);
    add(far, 'agent', direction, hops.length + 1);
    nodeIds.slice(1).forEach((to, i) => {
      const from = nodeIds[i]!;
      const link = links.get(`${from} ${to}`);
      links.set(`${from} ${to}`, {
        from,
        to,
        directions: [direction],
        traces: (link?.traces ?? 0) + 1,
        delayMs: 1,
      });
    });
    return { direction, sourceAgentId: source, targetAgentId: '9', end, nodeIds, pathMtu: null, text: '' };
  });
  return {
    testId: '1',
    roundId: 600,
    agents: [
      ...sources.map((agentId) => ({
        agentId,
        agentName: `Site ${agentId}`,
        behindNat: true,
        role: 'source' as const,
      })),
      { agentId: '9', agentName: 'Target', behindNat: false, role: 'target' },
    ],
    nodes: [...nodes.values()],
    links: [...links.values()],
    traces: made,
    limitations: [],
  };
}
