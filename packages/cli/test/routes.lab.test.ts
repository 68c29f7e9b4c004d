// The path in both directions, over routes that differ, each compared hop by hop with the lab's own description. The
// agents are programs of an ordinary user without any capability.

import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import {
  agentsSchema,
  type NetworkResult,
  networkResultsSchema,
  type PathVisDetailResult,
  pathVisDetailResultsSchema,
} from '@pinhole/contract';
import {
  buildLab,
  eventually,
  type Lab,
  type LabDescription,
  largeProbe,
  ordinaryUserId,
  type RestClient,
  restClient,
  type TraceAnswer,
  type Way,
  wayFaults,
} from '@pinhole/lab';
import { ip } from '@pinhole/wire';
import { assertMeasured, executable, waitLimitMs } from './system.ts';

const sites: LabDescription['sites'] = [
  {
    name: 'a',
    nat: 'eim-apdf',
    link: { delayMs: 5 },
    path: {
      up: [{ routers: 2 }, { routers: 2 }, { silent: true }],
      down: [{ mpls: [16_001, 24_002] }, { mtu: 1400 }],
    },
  },
  { name: 'b', nat: 'eim-apdf', link: { delayMs: 5 }, path: [{}, { routers: 2 }] },
  { name: 'c', nat: { setsTtl: 64 }, link: { delayMs: 5 } },
];
const apiToken = 'api-token-of-this-test-0123456789';
const accountToken = 'account-token-of-this-test-0123456789';

/** In one round of ten flows, none meets one of two routers once in 500 times: another round then does. */
const maxRounds = 3;

test('routes', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'pinhole-routes-'));
  // Each agent makes its own folder in it.
  chmodSync(folder, 0o1777);
  const lab = await buildLab({ sites }, { verify: false });
  try {
    const { rest, agents } = await startSystem(lab, folder);
    await t.test('an agent has no capability', () => {
      for (const { pid } of agents.values()) {
        const status = readFileSync(`/proc/${pid}/status`, 'utf8');
        assert.match(status, new RegExp(`^Uid:\\s+${ordinaryUserId}\\s`, 'm'));
        for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
          assert.match(status, new RegExp(`^${set}:\\s+0+$`, 'm'));
      }
    });
    const tracePair = (source: string, target: string, options: object) =>
      trace(rest, { [source]: agents.get(source)!.id, [target]: agents.get(target)!.id }, options);

    await t.test('classic: ten flows find every router of both directions', async () => {
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

    await t.test('in-session: the one way of the test’s own flow', async () => {
      const directions = await tracePair('a', 'b', { pathTraceMode: 'in-session' });
      for (const [result, from, to] of directions) {
        assert.deepEqual(seriousFaults(lab.way(from, to), result), [], text(result));
        assertEnds(lab, from, to, result);
        const flows = result.pathTraces.map(({ hops }) => hops.map(({ ipAddress }) => ipAddress ?? null));
        for (const each of flows) assert.deepEqual(each, flows[0], text(result));
      }
    });

    await t.test('a NAT that sets the TTL anew hides what is behind it, and is told', async () => {
      for (const [result, from, to] of await tracePair('b', 'c', { pathTraceMode: 'in-session' })) {
        const way = lab.way(from, to);
        assert.deepEqual(seriousFaults(way, result), [], text(result));
        for (const { ttlRewrittenAt } of result.pathTraces) {
          assert.equal(ttlRewrittenAt, way.ttlRewrittenAt, text(result));
        }
        assertEnds(lab, from, to, result);
      }
    });
  } finally {
    await lab.close();
    rmSync(folder, { recursive: true, force: true });
  }
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

/**
 * Runs a test once, from the first of two agents, by their sites, to the other; what each direction's path is, with the
 * sites between which it goes.
 */
async function trace(
  rest: RestClient,
  agents: Readonly<Record<string, string>>,
  options: object,
): Promise<[PathVisDetailResult, string, string][]> {
  const [[source, sourceId], [target, targetId]] = Object.entries(agents) as [
    [string, string],
    [string, string],
  ];
  const { testId } = await rest.request<{ testId: string }>('POST', '/tests/agent-to-agent/instant', {
    testName: `${JSON.stringify(options)} ${performance.now()}`,
    protocol: 'udp',
    direction: 'bidirectional',
    targetAgentId: targetId,
    agents: [{ agentId: sourceId }],
    ...options,
  });
  const measured = await present('the results', async () => {
    const { results } = networkResultsSchema.parse(
      await rest.request('GET', `/test-results/${testId}/network?window=1h`),
    );
    return results.length === 2 ? results : null;
  });
  assertMeasured(measured as NetworkResult[], 'punched');
  const round = `/test-results/${testId}/path-vis/agent/${sourceId}/round/${measured[0]!.roundId}`;
  const traced = await present('both paths', async () => {
    const { results } = pathVisDetailResultsSchema.parse(await rest.request('GET', round));
    return results.length === 2 ? results : null;
  });
  const of = (direction: 'to-target' | 'from-target') =>
    traced.find((result) => result.direction === direction)!;
  return [
    [of('to-target'), source, target],
    [of('from-target'), target, source],
  ];
}

/** A collector, and an agent in each site, which is registered. */
async function startSystem(lab: Lab, folder: string) {
  const [first, second] = lab.server.addresses;
  const url = `http://${first}:8080`;
  const rest = restClient(url, apiToken);
  const listen = ['--listen', `${first}:8080`, '--data', `${folder}/data`];
  lab.server.spawn(executable, ['collector', ...listen, '--traversal-address', `${first},${second}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { PINHOLE_API_TOKEN: apiToken, PINHOLE_ACCOUNT_TOKEN: accountToken },
  });
  await present('the collector', async () => ((await fetch(`${url}/healthz`)).ok ? true : null));
  const pids = new Map(
    [...lab.sites.values()].map(({ name, hosts }) => {
      const args = ['agent', '--collector', url, '--name', name, '--state', `${folder}/${name}`];
      const agent = hosts[0]!.spawn(executable, args, {
        asUser: true,
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { PINHOLE_ACCOUNT_TOKEN: accountToken },
      });
      return [name, agent.pid!];
    }),
  );
  const list = async () => agentsSchema.parse(await rest.request('GET', '/agents')).agents;
  const enrolled = await present('the agents', async () => {
    const found = await list();
    return found.length === pids.size ? found : null;
  });
  for (const { agentId } of enrolled) await rest.request('PUT', `/agents/${agentId}`, { behindNat: true });
  await present('the compatibility checks', async () => {
    const isReady = (await list()).every(
      ({ registration, natTraversal }) =>
        registration?.status === 'registered' &&
        registration.udp !== null &&
        natTraversal.status !== 'checking',
    );
    return isReady ? true : null;
  });
  return {
    rest,
    agents: new Map(
      enrolled.map(({ agentName, agentId }) => [agentName, { id: agentId, pid: pids.get(agentName)! }]),
    ),
  };
}

async function present<T>(what: string, ask: () => Promise<T | null>): Promise<T> {
  const answer = await eventually(ask, waitLimitMs);
  assert.ok(answer !== null, `waited ${waitLimitMs / 1000} s for ${what}`);
  return answer;
}
