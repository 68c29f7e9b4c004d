// How long it takes to merge the traces of a large test: about 700 nodes and 2,000 links, of 30 source agents with six
// traces in each direction. Beside it a merge that looks for each node and link among all, which does nothing else.

import { between, chanceOf } from '../src/clock/scene.ts';
import { mergePaths, type PathTrace, type TracedDirection } from '../src/index.ts';

const [agents, tracesEach, columns, rows] = [30, 6, 22, 29];
const repetitions = 15;

const directions = tracedDirections();
const graph = mergePaths(directions);
const hops = directions.flatMap(({ traces }) => traces).reduce((sum, trace) => sum + trace.hops.length, 0);
console.log(`${graph.nodes.length} nodes, ${graph.links.length} links, of ${hops} hops`);
const [merge, naive] = [leastMs(() => mergePaths(directions)), leastMs(() => naiveMerge(directions))];
console.log(`merge        ${merge.toFixed(1)} ms`);
console.log(`naive merge  ${naive.toFixed(1)} ms, ${(naive / merge).toFixed(1)} times as long`);

function leastMs(run: () => unknown): number {
  // The least: what else the machine does can only add.
  const times = Array.from({ length: repetitions }, () => {
    const beginMs = performance.now();
    run();
    return performance.now() - beginMs;
  });
  return Math.min(...times);
}

/** Nodes and links alone, each found by going through those that there are. */
function naiveMerge(all: readonly TracedDirection[]): { nodes: unknown[]; links: unknown[] } {
  const nodes: { id: string; roundTripsMs: number[] }[] = [];
  const links: { from: string; to: string; traces: number }[] = [];
  for (const { traces } of all) {
    for (const trace of traces) {
      let from = trace.source.address;
      for (const { address, roundTripsMs } of trace.hops) {
        const to = address ?? 'silent';
        const node = nodes.find(({ id }) => id === to);
        if (node === undefined) nodes.push({ id: to, roundTripsMs: [...roundTripsMs] });
        else node.roundTripsMs.push(...roundTripsMs);
        const link = links.find((each) => each.from === from && each.to === to);
        if (link === undefined) links.push({ from, to, traces: 1 });
        else link.traces += 1;
        from = to;
      }
    }
  }
  return { nodes, links };
}

/** Random walks through a grid of routers, each with two neighbours further on. */
function tracedDirections(): TracedDirection[] {
  const chance = chanceOf(1);
  const below = (limit: number) => Math.floor(between(chance, 0, limit));
  const target = { address: '203.0.113.9', port: 49_153 };
  return Array.from({ length: agents }, (_, agent) => agent).flatMap((agent) => {
    const source = { address: `192.0.2.${agent + 1}`, port: 49_153 };
    const walk = (isForth: boolean): PathTrace => {
      let row = agent % rows;
      const routers = Array.from({ length: columns }, (_, column) => {
        row = (row + below(2)) % rows;
        return `198.18.${column}.${row}`;
      });
      const way = isForth ? routers : routers.reverse();
      const end = isForth ? target : source;
      return {
        mode: 'classic',
        protocol: 'udp',
        source: isForth ? source : target,
        target: end,
        end: 'reached',
        pathMtu: null,
        hops: [...way, end.address].map((address, i) => ({
          ttl: i + 1,
          address,
          sent: 3,
          roundTripsMs: [i + 1, i + 1 + below(5), i + 1 + below(9)],
          icmp: i === columns ? null : { type: 11, code: 0 },
          quotedTtl: 1,
          mpls: [],
          mtu: null,
          nat: null,
        })),
      };
    };
    return (['to-target', 'from-target'] as const).map((direction) => ({
      direction,
      sourceAgentId: String(agent),
      targetAgentId: 'target',
      traces: Array.from({ length: tracesEach }, () => walk(direction === 'to-target')),
    }));
  });
}
