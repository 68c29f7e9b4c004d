import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Protocol } from '@pinhole/contract';
import { type NatKind, natKindNames, natKinds } from '../nat/kinds.ts';
import { expected, expectedWords } from './expected.ts';

const between = (source: NatKind, target: NatKind, protocol: Protocol = 'udp') =>
  expected(natKinds[source], natKinds[target], protocol);
const wordsBetween = (source: NatKind, target: NatKind, protocol: Protocol = 'udp') =>
  expectedWords(between(source, target, protocol)).join(' or ');

const connectionFailed = 'Connection to target agent failed';
const kinds = {
  easy: natKindNames.filter((kind) => kind.startsWith('eim-')),
  symmetric: natKindNames.filter((kind) => /^(adm|apdm)-/.test(kind) && kind !== 'apdm-eif'),
};

test('a target that is behind no NAT is reached plainly, from behind whatever', () => {
  for (const source of natKindNames) {
    assert.equal(wordsBetween(source, 'none', 'tcp'), 'direct', source);
    if (source !== 'udp-blocked') assert.equal(wordsBetween(source, 'none'), 'direct', source);
  }
  assert.equal(
    wordsBetween('udp-blocked', 'none'),
    'Cannot reach the target agent: NAT traversal is likely to be required',
  );
});

test('whoever is behind no NAT reaches every target that can register', () => {
  for (const target of [...kinds.easy, ...kinds.symmetric, 'apdm-eif'] as const) {
    for (const protocol of ['udp', 'tcp'] as const)
      assert.equal(between('none', target, protocol).kind, 'connects', `${protocol} ${target}`);
  }
});

test('any two NATs with endpoint-independent mapping are punched over UDP', () => {
  for (const a of kinds.easy)
    for (const b of kinds.easy) assert.equal(between(a, b).kind, 'connects', `${a} ${b}`);
});

test('a symmetric NAT gets through to a side that lets in its address from any port, and to no stricter one', () => {
  for (const symmetric of kinds.symmetric) {
    for (const protocol of ['udp', 'tcp'] as const) {
      for (const lax of ['eim-eif', 'eim-adf', 'apdm-eif'] as const) {
        assert.equal(wordsBetween(symmetric, lax, protocol), 'punched', `${symmetric} ${lax}`);
        assert.equal(wordsBetween(lax, symmetric, protocol), 'punched', `${lax} ${symmetric}`);
      }
      for (const strict of ['eim-apdf', 'eim-cgn', ...kinds.symmetric] as const) {
        assert.equal(
          expectedWords(between(symmetric, strict, protocol))[0],
          connectionFailed,
          `${symmetric} ${strict}`,
        );
      }
    }
  }
});

test('behind a NAT that forgets connections sooner than they are kept alive, a registration may just be gone', () => {
  for (const forgetful of ['eim-apdf-tcp10-black-hole', 'eim-apdf-tcp10-reset'] as const) {
    assert.deepEqual(expectedWords(between(forgetful, 'eim-apdf')), [
      'punched',
      'Failed to negotiate NAT traversal with source agent',
    ]);
    assert.deepEqual(expectedWords(between('apdm-apdf', forgetful, 'tcp')), [
      connectionFailed,
      'Failed to negotiate NAT traversal with target agent',
      'The target agent refused the session',
    ]);
    assert.equal(wordsBetween(forgetful, 'none', 'tcp'), 'direct');
  }
});

test('what does not open yet says by which means it would', () => {
  const means = (a: NatKind, b: NatKind) => {
    const expectation = between(a, b);
    return expectation.kind === 'fails' ? expectation.notYet : 'connects';
  };
  assert.equal(means('eim-apdf', 'apdm-apdf-sequential'), 'port prediction');
  assert.equal(means('apdm-apdf-sequential', 'apdm-apdf-sequential2'), 'port prediction');
  assert.equal(means('eim-apdf', 'apdm-apdf'), 'birthday search');
  assert.equal(means('apdm-apdf-block', 'apdm-apdf-block'), 'birthday search');
  assert.equal(means('apdm-apdf-sequential', 'apdm-apdf'), 'birthday search');
  assert.equal(means('adm-adf', 'apdm-apdf'), 'birthday search');
});

test('where a NAT draws from few ports, it may draw the right one', () => {
  assert.equal(wordsBetween('eim-apdf', 'apdm-apdf-block'), `${connectionFailed} or punched`);
  assert.equal(wordsBetween('eim-apdf', 'apdm-apdf'), connectionFailed);
  assert.equal(wordsBetween('eim-apdf', 'apdm-apdf-sequential'), connectionFailed);
});

test('two NATs that draw from all ports, and let in the very port only, never open', () => {
  for (const a of ['apdm-apdf', 'adm-apdf', 'apdm-cgn'] as const) {
    const expectation = between(a, 'apdm-apdf');
    assert.deepEqual(expectation, {
      kind: 'fails',
      code: 'connection-failed',
      party: 'target',
      notYet: null,
      byChance: false,
      unsteady: [],
    });
  }
});

test('over TCP one side without simultaneous open still connects, and two never do', () => {
  const without = 'eim-apdf-no-simultaneous-open';
  for (const other of kinds.easy.filter((kind) => kind !== without)) {
    assert.equal(between(without, other, 'tcp').kind, 'connects', other);
    assert.equal(between(other, without, 'tcp').kind, 'connects', other);
  }
  assert.deepEqual(between(without, without, 'tcp'), {
    kind: 'fails',
    code: 'connection-failed',
    party: 'target',
    notYet: null,
    byChance: false,
    unsteady: [],
  });
  assert.equal(wordsBetween(without, without, 'udp'), 'punched');
});

test('who cannot register is named, the source first', () => {
  const cannot = (party: string) => `Failed to negotiate NAT traversal with ${party} agent`;
  assert.equal(wordsBetween('udp-blocked', 'eim-apdf'), cannot('source'));
  assert.equal(wordsBetween('eim-apdf', 'udp-blocked'), cannot('target'));
  assert.equal(wordsBetween('udp-blocked', 'eim-apdf', 'tcp'), 'punched');
  assert.equal(wordsBetween('traversal-blocked', 'udp-blocked', 'tcp'), cannot('source'));
  assert.equal(wordsBetween('eim-apdf', 'traversal-blocked', 'tcp'), cannot('target'));
  assert.equal(wordsBetween('traversal-blocked', 'none'), 'direct');
});
