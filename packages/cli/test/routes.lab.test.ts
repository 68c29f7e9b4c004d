// The path in both directions, over routes that differ, each compared hop by hop with the lab's own description. The
// agents are programs of an ordinary user without any capability.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type PathVisDetailResult, pathVisDetailResultsSchema } from '@pinhole/contract';
import { type Lab, largeProbe, ordinaryUserId, type TraceAnswer, type Way, wayFaults } from '@pinhole/lab';
import { ip } from '@pinhole/wire';
import { assertMeasured, System, type SystemOptions } from './system.ts';

const nats = { a: 'eim-apdf', b: 'eim-apdf', c: { setsTtl: 64 } } as const;
type SiteName = keyof typeof nats;
const options: SystemOptions = {
  asUser: true,
  delayMs: 10,
  paths: {
    a: {
      up: [{ routers: 2 }, { routers: 2 }, { silent: true }],
      down: [{ mpls: [16_001, 24_002] }, { mtu: 1400 }],
    },
    b: [{}, { routers: 2 }],
  },
};

/** In one round of ten flows, none meets one of two routers once in 500 times: another round then does. */
const maxRounds = 3;

test('routes', async (t) => {
  await System.use(
    nats,
    async (system) => {
      const { lab } = system;
      await system.startCollector();
      const ids = await system.startAgents({ a: true, b: true, c: true });
      await system.checked(...Object.keys(nats));

      await system.part(t, 'an agent has no capability', async () => {
        const agents = system.programs.filter(({ child }) => child.spawnargs.includes('agent'));
        assert.equal(agents.length, 3);
        for (const { child } of agents) {
          const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
          assert.match(status, new RegExp(`^Uid:\\s+${ordinaryUserId}\\s`, 'm'));
          for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
            assert.match(status, new RegExp(`^${set}:\\s+0+$`, 'm'));
        }
      });
      const tracePair = (source: SiteName, target: SiteName, plan: object) =>
        trace(system, ids, source, target, plan);

      await system.part(t, 'classic: ten flows find every router of both directions', async () => {
        const found: Record<'to-target' | 'from-target', TraceAnswer[]> = {
          'to-target': [],
          'from-target': [],
        };
        let missing: string[] = [];
        for (let round = 0; round < maxRounds; round++) {
          const directions = await tracePair('a', 'b', { pathTraceMode: 'classic', numPathTraces: 10 });
          for (const [result, from, to] of directions) {
            assertEnds(lab, from, to, result);
            found[result.direction].push(...answersOf(result, round));
          }
          missing = directions.flatMap(([{ direction }, from, to]) =>
            wayFaults(lab.way(from, to), found[direction]),
          );
          if (missing.length === 0) return;
        }
        assert.fail(missing.join('; '));
      });

      await system.part(t, 'in-session: the one way of the test’s own flow', async () => {
        const directions = await tracePair('a', 'b', { pathTraceMode: 'in-session' });
        for (const [result, from, to] of directions) {
          assert.deepEqual(seriousFaults(lab.way(from, to), result), [], text(result));
          assertEnds(lab, from, to, result);
          const flows = result.pathTraces.map(({ hops }) => hops.map(({ ipAddress }) => ipAddress ?? null));
          for (const each of flows) assert.deepEqual(each, flows[0], text(result));
        }
      });

      await system.part(t, 'a NAT that sets the TTL anew hides what is behind it, and is told', async () => {
        for (const [result, from, to] of await tracePair('b', 'c', { pathTraceMode: 'in-session' })) {
          const way = lab.way(from, to);
          assert.deepEqual(seriousFaults(way, result), [], text(result));
          for (const { ttlRewrittenAt } of result.pathTraces) {
            assert.equal(ttlRewrittenAt, way.ttlRewrittenAt, text(result));
          }
          assertEnds(lab, from, to, result);
        }
      });
    },
    options,
  );
});

/** One flow meets one of several routers. */
function seriousFaults(way: Way, result: PathVisDetailResult): string[] {
  return wayFaults(way, answersOf(result)).filter((fault) => !/-\d did not answer$/.test(fault));
}

/** What a plain traceroute would have got back, each trace a flow of its own. */
function answersOf({ pathTraces }: PathVisDetailResult, round = 0): TraceAnswer[] {
  return pathTraces.flatMap(({ hops }, flow) =>
    hops.flatMap(({ hop: ttl, ipAddress, icmp, mplsLabels: labels, mtu }): TraceAnswer[] => {
      if (ipAddress === undefined) return [];
      const answer = { localPort: 10 * round + flow, ttl, from: ip(ipAddress), labels };
      return [
        // The peer answers in its own way; a plain traceroute would hear of an unreachable port.
        { ...answer, ...(icmp ?? portUnreachable), mtu: 0 },
        ...(mtu === undefined ? [] : [{ ...answer, ...tooLarge, mtu, ttl: largeProbe }]),
      ];
    }),
  );
}

const portUnreachable = { type: 3, code: 3 };
const tooLarge = { type: 3, code: 4 };

/** The peer is reached, NATs are found where there are some, and one trace finds the path's MTU for all. */
function assertEnds(lab: Lab, from: string, to: string, result: PathVisDetailResult): void {
  const { hops: faces, pathMtu } = lab.way(from, to);
  for (const { hops, end } of result.pathTraces) {
    assert.equal(end, 'reached', text(result));
    for (const { hop, ipAddress, nat } of hops) {
      const face = faces[hop - 1]?.find(({ address }) => address === ipAddress);
      if (face !== undefined) assert.deepEqual([hop, nat !== undefined], [hop, face.nat], text(result));
    }
  }
  const found = result.pathTraces.flatMap((trace) => trace.pathMtu ?? []);
  assert.ok(found.length > 0 && found.every((each) => each === pathMtu), text(result));
}

function text({ direction, pathTraces }: PathVisDetailResult): string {
  const lines = pathTraces.map(({ hops, end, pathMtu }) => {
    const words = hops.map(({ ipAddress, nat, mtu, mpls }) =>
      [ipAddress ?? '*', nat && '(NAT)', mtu, mpls].filter((word) => word !== undefined).join(' '),
    );
    return `${words.join(' → ')} ${end}, ${pathMtu}`;
  });
  return [direction, ...lines].join('\n');
}

/** Runs a test once; what each direction's path is, with the sites between which it goes. */
async function trace(
  system: System,
  ids: Readonly<Record<string, string>>,
  source: SiteName,
  target: SiteName,
  plan: object,
): Promise<[PathVisDetailResult, SiteName, SiteName][]> {
  const testId = await system.instantTest(ids[source], ids[target], plan);
  const measured = await system.resultsOf(testId, 2);
  assertMeasured(measured, 'punched');
  const round = `/test-results/${testId}/path-vis/agent/${ids[source]}/round/${measured[0]!.roundId}`;
  const traced = await system.present('both paths', async () => {
    const { results } = pathVisDetailResultsSchema.parse(await system.rest.request('GET', round));
    return results.length === 2 ? results : null;
  });
  const of = (direction: 'to-target' | 'from-target') =>
    traced.find((result) => result.direction === direction)!;
  return [
    [of('to-target'), source, target],
    [of('from-target'), target, source],
  ];
}
