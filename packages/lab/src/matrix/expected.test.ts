import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Protocol } from '@pinhole/contract';
import { type NatKind, type NatLayers, natKindNames, natKinds } from '../nat/kinds.ts';
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

test('a symmetric NAT gets through to a side that lets in its address from any port', () => {
  for (const symmetric of kinds.symmetric) {
    for (const protocol of ['udp', 'tcp'] as const) {
      for (const lax of ['eim-eif', 'eim-adf', 'apdm-eif'] as const) {
        assert.equal(wordsBetween(symmetric, lax, protocol), 'punched', `${symmetric} ${lax}`);
        assert.equal(wordsBetween(lax, symmetric, protocol), 'punched', `${lax} ${symmetric}`);
      }
    }
  }
});

test('to a stricter side a symmetric NAT gets through by a prediction, where it is sequential, or a search', () => {
  for (const symmetric of kinds.symmetric) {
    for (const protocol of ['udp', 'tcp'] as const) {
      for (const strict of ['eim-apdf', 'eim-cgn', 'eim-apdf-no-simultaneous-open'] as const) {
        const method = symmetric.includes('sequential') ? 'predicted' : 'searched';
        assert.equal(wordsBetween(symmetric, strict, protocol), method, `${symmetric} ${strict}`);
        assert.equal(wordsBetween(strict, symmetric, protocol), method, `${strict} ${symmetric}`);
      }
    }
  }
});

test('of two symmetric NATs one may filter by address only: it holds mappings open that the other finds', () => {
  for (const other of kinds.symmetric) assert.equal(wordsBetween('adm-adf', other), 'searched', other);
  assert.equal(wordsBetween('apdm-apdf', 'adm-adf', 'tcp'), 'searched');
  const holder = { ...natKinds['apdm-apdf-sequential'][0], filtering: 'address-dependent' } as const;
  assert.equal(expectedWords(expected([holder], natKinds['apdm-apdf'], 'udp'))[0], 'predicted');
});

test('two symmetric NATs that let in the very port only meet where the ports are few enough, or foretold', () => {
  assert.equal(wordsBetween('apdm-apdf-sequential', 'apdm-apdf-sequential2'), 'predicted');
  assert.equal(wordsBetween('apdm-apdf-block', 'apdm-apdf-block', 'tcp'), 'searched');
  assert.equal(wordsBetween('apdm-apdf-block', 'apdm-apdf-sequential'), 'searched');
  const drawingFrom = (ports: number) => {
    const allocation = { law: 'range', first: 10_000, last: 9_999 + ports } as const;
    const nat = [{ ...natKinds['apdm-apdf'][0], allocation }];
    return expectedWords(expected(nat, nat, 'udp')).join(' or ');
  };
  assert.equal(drawingFrom(2_016), 'searched');
  assert.equal(drawingFrom(2_112), `${connectionFailed} or searched or punched`);
  assert.equal(drawingFrom(40_000), `${connectionFailed} or searched or punched`);
  assert.equal(drawingFrom(41_000), connectionFailed);
});

test('where only one of two symmetric NATs draws from few ports, they rarely meet', () => {
  for (const few of ['apdm-apdf-block', 'apdm-apdf-sequential'] as const)
    assert.equal(wordsBetween('apdm-apdf', few), `${connectionFailed} or searched or punched`);
});

test('two NATs that draw from all ports, and let in the very port only, never open', () => {
  for (const a of ['apdm-apdf', 'adm-apdf', 'apdm-cgn'] as const) {
    const expectation = between(a, 'apdm-apdf');
    assert.deepEqual(expectation, {
      kind: 'fails',
      code: 'connection-failed',
      party: 'target',
      byChance: false,
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
    byChance: false,
  });
  assert.equal(wordsBetween(without, without, 'udp'), 'punched');
});

test('a failed connection is put down to the side that is symmetric, and else to the target', () => {
  const simple = { ...natKinds['eim-apdf-no-simultaneous-open'][0] };
  const symmetric = { ...natKinds['apdm-apdf'][0], simultaneousOpen: false } as const;
  const party = (source: NatLayers, target: NatLayers) => {
    const expectation = expected(source, target, 'tcp');
    return expectation.kind === 'fails' ? expectation.party : 'connects';
  };
  assert.equal(party([symmetric], [simple]), 'source');
  assert.equal(party([simple], [symmetric]), 'target');
  assert.equal(party([symmetric], [symmetric]), 'target');
  assert.equal(party([simple], [simple]), 'target');
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
