// The compatibility check behind real NATs: what REST shows, and how soon after "Behind a NAT" was ticked.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Agent, AgentNatTraversal } from '@pinhole/contract';
import { eventually, type NatKind } from '@pinhole/lab';
import { System } from './system.ts';

/** The time that REST may take to show a first verdict. */
const firstVerdictMs = 10_000;
/** A connection that is cut when it is idle for 10 s has to be lost twice, each time found out by a keep-alive or a ping. */
const cutTwiceMs = 150_000;

interface Expected {
  readonly udp: 'supported' | 1 | 2 | 3 | 4;
  readonly tcp: 'supported' | 1 | 2 | 3 | 4;
}

const kinds = {
  'eim-apdf': { udp: 'supported', tcp: 'supported' },
  'apdm-apdf': { udp: 2, tcp: 2 },
  'eim-apdf-no-simultaneous-open': { udp: 'supported', tcp: 4 },
  'udp-blocked': { udp: 1, tcp: 'supported' },
  'traversal-blocked': { udp: 1, tcp: 1 },
} as const satisfies Partial<Record<NatKind, Expected>>;

const cutting = ['eim-apdf-tcp10-black-hole', 'eim-apdf-tcp10-reset'] as const satisfies NatKind[];

function siteOf(nat: NatKind): string {
  return `s${[...Object.keys(kinds), ...cutting].indexOf(nat)}`;
}

function assertVerdict(check: AgentNatTraversal, expected: Expected): void {
  for (const protocol of ['udp', 'tcp'] as const) {
    const verdict = check[protocol];
    const found = verdict?.supported === 'yes' ? 'supported' : verdict?.failedRequirement;
    assert.equal(found, expected[protocol], `${protocol}: ${JSON.stringify(verdict)}`);
    if (found !== 'supported') {
      assert.ok((verdict?.evidence.length ?? 0) > 0, 'no evidence');
      assert.ok(verdict?.advice !== null, 'no advice');
    }
  }
}

test('the compatibility check', async (t) => {
  const nats = [...Object.keys(kinds), ...cutting] as NatKind[];
  await System.use(Object.fromEntries(nats.map((nat) => [siteOf(nat), nat])), async (system) => {
    await system.startCollector();
    const ids = await system.startAgents(Object.fromEntries(nats.map((nat) => [siteOf(nat), false])));
    const tick = (kind: NatKind, behindNat: boolean) =>
      system.rest.request<Agent>('PUT', `/agents/${ids[siteOf(kind)]}`, { behindNat });
    const seen = (kind: NatKind) => system.rest.request<Agent>('GET', `/agents/${ids[siteOf(kind)]}`);

    // What takes a minute has its minute while the others have theirs.
    const cuttingSinceMs = performance.now();
    for (const kind of cutting) await tick(kind, true);

    // One after the other: how soon is what counts, and all at once would share the processors.
    for (const [kind, expected] of Object.entries(kinds) as [keyof typeof kinds, Expected][]) {
      await t.test(`behind ${kind}: a verdict within ten seconds of the tick`, async () => {
        const untouched = await seen(kind);
        assert.deepEqual([untouched.natTraversal, untouched.errorDetails], [{ status: 'off' }, []]);
        const tickedAtMs = performance.now();
        assert.equal((await tick(kind, true)).natTraversal.status, 'checking');
        const agent = await eventually(async () => {
          const found = await seen(kind);
          return found.natTraversal.status === 'checking' ? null : found;
        }, firstVerdictMs);
        assert.ok(agent !== null, `no verdict within ${firstVerdictMs} ms`);
        t.diagnostic(`${kind}: ${Math.round(performance.now() - tickedAtMs)} ms`);

        const { natTraversal, errorDetails } = agent;
        assertVerdict(natTraversal, expected);
        const works = expected.udp === 'supported' && expected.tcp === 'supported';
        assert.equal(natTraversal.status, works ? 'supported' : 'not-supported');
        const error = { code: 'nat-traversal-error', description: 'NAT Issues: NAT traversal not supported' };
        assert.deepEqual(errorDetails, works ? [] : [error]);
        const { publicAddress } = system.lab.sites.get(siteOf(kind)) ?? {};
        const isReached = kind !== 'traversal-blocked';
        assert.equal(natTraversal.publicEndpoint?.address, isReached ? publicAddress : undefined);
        const hops = natTraversal.report?.natHops;
        assert.equal(hops?.value, expected.udp === 1 ? null : 1, JSON.stringify(hops));

        const listed = (await system.agents()).find(({ agentId }) => agentId === agent.agentId);
        assert.deepEqual(listed?.errorDetails, errorDetails);
        assert.deepEqual({ ...listed?.natTraversal, report: natTraversal.report }, natTraversal);

        const unticked = await tick(kind, false);
        assert.deepEqual([unticked.natTraversal, unticked.errorDetails], [{ status: 'off' }, []]);
      });
    }

    for (const kind of cutting) {
      await t.test(`behind ${kind}: requirement 3 fails when it has cut the connection twice`, async () => {
        const leftMs = cuttingSinceMs + cutTwiceMs - performance.now();
        const agent = await eventually(async () => {
          const found = await seen(kind);
          return found.natTraversal.status === 'not-supported' ? found : null;
        }, leftMs);
        assert.ok(agent !== null, JSON.stringify((await seen(kind)).natTraversal));
        t.diagnostic(`${kind}: ${Math.round(performance.now() - cuttingSinceMs)} ms at most`);
        assertVerdict(agent.natTraversal, { udp: 3, tcp: 3 });
        t.diagnostic(JSON.stringify(agent.natTraversal.udp?.evidence));
      });
    }
  });
});
