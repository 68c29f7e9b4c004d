import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type NatTraversal,
  natTraversalSchema,
  type ProtocolVerdict,
  preflightSchema,
} from '@pinhole/contract';
import { ip } from '@pinhole/wire';
import { facts, startWorld } from '../../../test/harness.ts';
import type { PreflightAgent, PreflightTest } from './judgement.ts';
import { preflightPair } from './pair.ts';

function agent(
  agentId: string,
  own: string[],
  observed: string | null,
  change: Partial<PreflightAgent> = {},
): PreflightAgent {
  return {
    agentId,
    agentName: agentId === '1' ? 'branch' : 'office',
    state: 'online',
    behindNat: false,
    targetForTests: null,
    observedAddress: observed === null ? null : ip(observed),
    facts: { ...facts, interfaces: [{ interfaceName: 'eth0', ipAddresses: own }] },
    registration: null,
    check: null,
    ...change,
  };
}

const supported: ProtocolVerdict = { supported: 'yes', failedRequirement: null, evidence: [], advice: null };
const failing = (failedRequirement: 1 | 2 | 3 | 4, advice: string): ProtocolVerdict => ({
  supported: 'no',
  failedRequirement,
  evidence: [],
  advice,
});

type Found = { mapping?: string; filtering?: string; allocation?: object; simultaneousOpen?: string };

function check(found: Found, verdict: Partial<NatTraversal['verdict']> = {}): NatTraversal {
  const fact = (value: unknown) => ({ value, evidence: [] });
  const unknown = fact('unknown');
  const transport = {
    reachable: fact('yes'),
    mapped: fact({ address: '203.0.113.5', port: 40_000 }),
    translated: fact('yes'),
    mappingDependsOnAddress: unknown,
    mappingDependsOnPort: unknown,
    mapping: fact(found.mapping ?? 'endpoint-independent'),
    filteringDependsOnAddress: unknown,
    filteringDependsOnPort: unknown,
    filtering: fact(found.filtering ?? 'address-and-port-dependent'),
    portPreserved: unknown,
    allocation: fact(found.allocation ?? { kind: 'preserving' }),
    pairedPooling: unknown,
    hairpinning: unknown,
    mappingLifetimeMs: fact(null),
    poisonable: fact('no'),
  };
  return natTraversalSchema.parse({
    checkedAtMs: 0,
    verdict: { udp: supported, tcp: supported, ...verdict },
    report: {
      udp: transport,
      tcp: {
        ...transport,
        unsolicitedSyn: fact('drop'),
        simultaneousOpen: fact(found.simultaneousOpen ?? 'yes'),
      },
      privateAddress: fact('yes'),
      keepAlives: fact('yes'),
      natHops: fact(1),
    },
    recent: { udp: [], tcp: [] },
  });
}

const random = {
  mapping: 'address-and-port-dependent',
  allocation: { kind: 'random', lowestPort: 1024, highestPort: 65_535 },
};
const asked: PreflightTest = { protocol: 'udp', direction: 'to-target', hasServer: true };
const open = agent('1', ['198.51.100.1'], '198.51.100.1');
const ticked = (id: string, found: NatTraversal | null, change: Partial<PreflightAgent> = {}) =>
  agent(id, ['10.2.0.2'], `203.0.113.${id}`, { behindNat: true, check: found, ...change });

describe('a target that is not ticked as behind a NAT', () => {
  const cases: [string, PreflightAgent, PreflightAgent, string, RegExp][] = [
    [
      'with a public address of its own',
      open,
      agent('2', ['203.0.113.9'], '203.0.113.9'),
      'direct',
      /203\.0\.113\.9:49153/,
    ],
    [
      'that its settings give another address',
      open,
      agent('2', ['10.0.0.2'], '203.0.113.9', { targetForTests: ip('203.0.113.80') }),
      'direct',
      /203\.0\.113\.80:49153/,
    ],
    [
      'behind the same NAT as the source',
      agent('1', ['10.0.0.1'], '203.0.113.9'),
      agent('2', ['10.0.0.2'], '203.0.113.9'),
      'direct',
      /10\.0\.0\.2:49153/,
    ],
    [
      'in the private network of collector and source',
      agent('1', ['10.0.0.1'], '10.0.0.1'),
      agent('2', ['10.0.0.2'], '10.0.0.2'),
      'direct',
      /10\.0\.0\.2:49153/,
    ],
    [
      'on the machine of collector and source',
      agent('1', ['10.0.0.1'], '127.0.0.1'),
      agent('2', ['10.0.0.1'], '127.0.0.1'),
      'direct',
      /127\.0\.0\.1:49153/,
    ],
    [
      'with private addresses, seen as another',
      open,
      agent('2', ['10.0.0.2'], '203.0.113.9'),
      'likely-required',
      /nobody reaches office/,
    ],
    [
      'in the collector’s private network, while the source is outside',
      open,
      agent('2', ['10.0.0.2'], '10.0.0.2'),
      'likely-required',
      /nobody reaches office/,
    ],
    [
      'behind another NAT than the source',
      agent('1', ['10.0.0.1'], '198.51.100.7'),
      agent('2', ['10.0.0.2'], '203.0.113.9'),
      'likely-required',
      /nobody reaches office/,
    ],
    [
      'behind a provider’s NAT',
      open,
      agent('2', ['100.64.7.7'], '203.0.113.9'),
      'likely-required',
      /nobody reaches office/,
    ],
    ['that reports no addresses', open, agent('2', [], '203.0.113.9'), 'unknown', /not known whether office/],
    ['of which nothing is known', open, agent('2', [], null), 'unknown', /Nobody knows an address/],
  ];
  for (const [what, source, target, outcome, summary] of cases) {
    test(`${what}: ${outcome}`, () => {
      const pair = preflightPair(source, target, asked);
      assert.equal(pair.outcome, outcome);
      assert.match(pair.summary, summary);
      assert.ok(pair.advice.length > 0);
    });
  }

  test('in the network of the collector, on whose machine the source is: direct', () => {
    const source = agent('1', ['10.0.0.1', 'fe80::1'], '127.0.0.1');
    const pair = preflightPair(source, agent('2', ['10.0.0.2'], '10.0.0.2'), {
      ...asked,
      direction: 'bidirectional',
    });
    assert.equal(pair.outcome, 'direct');
    const other = preflightPair(agent('2', ['10.0.0.2'], '10.0.0.2'), source, asked);
    assert.deepEqual([other.outcome, /10\.0\.0\.1:49153/.test(other.summary)], ['direct', true]);
  });

  test('on the machine of the collector is not taken for one behind a NAT by its loopback address', () => {
    const both = agent('1', ['192.0.2.2', 'fd00::2', 'fe80::1'], '127.0.0.1');
    const pair = preflightPair(both, { ...both, agentId: '2' }, { ...asked, direction: 'bidirectional' });
    assert.deepEqual([pair.outcome, pair.reasons.length], ['direct', 1]);
  });

  test('and should be: the signs, the reason in the words of the test, and what to tick', () => {
    const pair = preflightPair(open, agent('2', ['10.0.0.2'], '203.0.113.9'), {
      ...asked,
      direction: 'from-target',
    });
    assert.deepEqual(pair.reasons, [
      { agentId: '2', sentence: 'office has private addresses only: 10.0.0.2.' },
      {
        agentId: '2',
        sentence: 'Its requests come from 203.0.113.9, which it does not have: it is behind a NAT.',
      },
      { agentId: '2', sentence: 'branch would send to 10.0.0.2:49153, which is private.' },
      {
        agentId: null,
        sentence:
          'The source begins every session, so the target must let it in, whatever the direction of the test.',
      },
    ]);
    assert.equal(pair.advice[0], 'Tick "Behind a NAT" in the Advanced Settings of office.');
  });

  test('lets a source behind a NAT test both directions: it begins the session', () => {
    const source = agent('1', ['10.0.0.1'], '198.51.100.7');
    const target = agent('2', ['203.0.113.9'], '203.0.113.9');
    for (const direction of ['bidirectional', 'from-target'] as const) {
      const pair = preflightPair(source, target, { ...asked, direction });
      assert.equal(pair.outcome, 'direct');
      assert.ok(
        pair.reasons.some(({ agentId, sentence }) => agentId === '1' && sentence.includes('does no harm')),
      );
    }
  });
});

describe('a target that is ticked', () => {
  test('is reached by NAT traversal where the checks say that it works', () => {
    for (const source of [open, ticked('1', check({}))]) {
      const pair = preflightPair(source, ticked('2', check({})), asked);
      assert.equal(pair.outcome, 'traversal');
      assert.deepEqual(pair.reasons, [{ agentId: '2', sentence: '"Behind a NAT" is ticked for office.' }]);
    }
  });

  test('behind a symmetric NAT is searched for, if the other side’s NAT is none', () => {
    const symmetric = check(random, { udp: failing(2, 'Switch the NAT.') });
    const pair = preflightPair(ticked('1', check({})), ticked('2', symmetric), asked);
    assert.equal(pair.outcome, 'traversal');
    assert.ok(
      pair.reasons.some(({ sentence }) =>
        sentence.includes('does not meet requirement 2 over UDP, "the NAT is not symmetric"'),
      ),
    );
    assert.ok(pair.reasons.some(({ sentence }) => sentence.includes('searched')));
  });

  test('cannot be reached where both NATs are symmetric and draw their ports', () => {
    const symmetric = check(random, { udp: failing(2, 'Switch the NAT.') });
    const pair = preflightPair(ticked('1', symmetric), ticked('2', symmetric), asked);
    assert.equal(pair.outcome, 'cannot-work');
    assert.match(pair.summary, /over UDP cannot work between branch and office/);
    assert.ok(
      pair.reasons.some(
        ({ sentence }) => sentence === 'Rounds will end with: Connection to target agent failed.',
      ),
    );
    assert.deepEqual(pair.advice, ['Switch the NAT.']);
  });

  test('cannot be reached over TCP without simultaneous open, but over UDP', () => {
    const lacking = check({ simultaneousOpen: 'no' }, { tcp: failing(4, 'Let a SYN in.') });
    const pair = preflightPair(ticked('1', lacking), ticked('2', lacking), { ...asked, protocol: 'tcp' });
    assert.equal(pair.outcome, 'cannot-work');
    assert.ok(pair.reasons.some(({ sentence }) => sentence.includes('does not meet requirement 4 over TCP')));
    assert.deepEqual(pair.advice, [
      'Let a SYN in.',
      'Or test over UDP: by what the checks have found, that works.',
    ]);
    assert.equal(preflightPair(ticked('1', lacking), ticked('2', lacking), asked).outcome, 'traversal');
  });

  for (const requirement of [1, 3] as const) {
    for (const party of ['source', 'target'] as const) {
      test(`cannot be agreed with where the ${party} fails requirement ${requirement}`, () => {
        const failed = check({}, { udp: failing(requirement, 'Let it out.') });
        const [source, target] = (['source', 'target'] as const).map((each, index) =>
          ticked(String(index + 1), each === party ? failed : check({})),
        ) as [PreflightAgent, PreflightAgent];
        const pair = preflightPair(source, target, asked);
        assert.equal(pair.outcome, 'cannot-work');
        assert.ok(
          pair.reasons.some(({ sentence }) =>
            sentence.includes(`Failed to negotiate NAT traversal with ${party} agent`),
          ),
        );
        assert.deepEqual(pair.advice, ['Let it out.']);
      });
    }
  }

  test('cannot be agreed with while it is not registered', () => {
    const registration = {
      status: 'failed',
      tcp: null,
      udp: null,
      detail: 'no route to 203.0.113.77',
    } as const;
    const pair = preflightPair(open, ticked('2', check({}), { registration }), asked);
    assert.equal(pair.outcome, 'cannot-work');
    assert.match(pair.reasons[0]!.sentence, /not registered.*\(no route to 203\.0\.113\.77\)/);
  });

  test('is not known before its check, and cannot be reached without any server', () => {
    assert.equal(preflightPair(open, ticked('2', null), asked).outcome, 'unknown');
    assert.equal(
      preflightPair(open, ticked('2', check({})), { ...asked, hasServer: false }).outcome,
      'cannot-work',
    );
  });
});

test('an agent that is away, or is the target itself, is said to be', () => {
  const target = agent('2', ['203.0.113.9'], '203.0.113.9', { state: 'offline' });
  const pair = preflightPair({ ...open, state: 'disabled' }, target, asked);
  assert.deepEqual(
    pair.reasons.slice(0, 2).map(({ agentId, sentence }) => [agentId, sentence.split(':')[0]]),
    [
      ['1', 'branch is disabled'],
      ['2', 'office is offline'],
    ],
  );
  assert.equal(preflightPair(open, open, asked).outcome, 'cannot-work');
});

test('the page asks for all sources at once, and learns which agents are none', async (t) => {
  const world = await startWorld(t);
  const [source, other, target] = [
    await world.enroll('source'),
    await world.enroll('other'),
    await world.enroll('target'),
  ];
  const request = {
    protocol: 'tcp',
    direction: 'bidirectional',
    targetAgentId: target.agentId,
    agents: [{ agentId: other.agentId }, { agentId: source.agentId }],
  };
  const { status, body } = await world.rest('POST', '/page/preflight', request);
  assert.equal(status, 200);
  assert.deepEqual(preflightSchema.parse(body), body);
  assert.deepEqual(
    body.pairs.map((pair: { sourceAgentId: string; outcome: string }) => [pair.sourceAgentId, pair.outcome]),
    [
      [other.agentId, 'direct'],
      [source.agentId, 'direct'],
    ],
  );
  await world.rest('PUT', `/v7/agents/${target.agentId}`, { behindNat: true });
  assert.equal((await world.rest('POST', '/page/preflight', request)).body.pairs[0].outcome, 'unknown');
  const wrong = await world.rest('POST', '/page/preflight', { ...request, agents: [{ agentId: '77' }] });
  assert.deepEqual([wrong.status, wrong.body.errors[0].field], [400, 'agents.0.agentId']);
});
