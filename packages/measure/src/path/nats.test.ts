import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { natsOn } from './nats.ts';
import { type HopInShort, home, icmpExpired, peer, trace } from './scene.ts';

/** The marked hops, by TTL. */
function marked(hops: readonly HopInShort[], more = {}, quoted = new Map()): Record<number, string> {
  const nats = natsOn(trace(hops, more), quoted);
  assert.equal(nats.length, hops.length);
  return Object.fromEntries(nats.flatMap((reason, i) => (reason === null ? [] : [[i + 1, reason]])));
}

describe('the near NAT', () => {
  test('is the last private hop before the first public one', () => {
    assert.deepEqual(
      marked([
        ['192.168.1.1', 1],
        ['198.18.0.1', 5],
        ['203.0.113.9', 9],
      ]),
      { 1: 'private-prefix-ends' },
    );
  });

  test('is the outer of two: carrier-grade addresses are no public ones', () => {
    assert.deepEqual(
      marked([
        ['192.168.1.1', 1],
        ['100.64.0.1', 3],
        ['198.18.0.1', 5],
      ]),
      { 2: 'private-prefix-ends' },
    );
  });

  test('may be silent, and then its neighbour is taken for it; with none before it, nobody is', () => {
    assert.deepEqual(marked([['192.168.1.1', 1], null, ['198.18.0.1', 5]]), { 1: 'private-prefix-ends' });
    assert.deepEqual(marked([null, ['198.18.0.1', 5]]), {});
  });

  test('is not told of where no public hop has answered', () => {
    assert.deepEqual(
      marked([
        ['192.168.1.1', 1],
        ['10.0.0.1', 2],
      ]),
      {},
    );
  });

  test('is none where the trace begins at a public address: carriers have private routers', () => {
    const source = { address: '198.51.100.1', port: 49_153 };
    assert.deepEqual(
      marked(
        [
          ['10.0.0.1', 1],
          ['198.18.0.1', 5],
        ],
        { source },
      ),
      {},
    );
  });

  test('is known for IPv6 as well', () => {
    const source = { address: 'fd00::2', port: 49_153 };
    assert.deepEqual(
      marked(
        [
          ['fd00::1', 1],
          ['2001:db8::1', 5],
        ],
        { source },
      ),
      { 1: 'private-prefix-ends' },
    );
  });
});

describe('the far NAT', () => {
  test("is the first that answers by the peer's address without being the peer", () => {
    assert.deepEqual(
      marked([
        ['198.18.0.1', 5],
        ['203.0.113.9', 9],
        ['203.0.113.9', 10],
        ['203.0.113.9', 11],
      ]),
      { 2: 'peer-address' },
    );
  });

  test('is told of also where the peer was not reached', () => {
    const hops: HopInShort[] = [
      ['198.18.0.1', 5],
      ['203.0.113.9', 9, { icmp: icmpExpired }],
    ];
    assert.deepEqual(marked(hops, { end: 'silent' }), { 2: 'peer-address' });
  });

  test("is none where the peer's own host refuses", () => {
    const hops: HopInShort[] = [
      ['198.18.0.1', 5],
      ['203.0.113.9', 9, { icmp: { type: 3, code: 3 } }],
    ];
    assert.deepEqual(marked(hops, { end: 'unreachable' }), {});
  });

  test('is none where only the peer answers so', () => {
    assert.deepEqual(
      marked([
        ['198.18.0.1', 5],
        ['203.0.113.9', 9],
      ]),
      {},
    );
  });
});

test('the first hop that quotes another source is a NAT, whatever its address', () => {
  const hops: HopInShort[] = [
    ['198.18.0.1', 5],
    ['198.18.0.2', 6],
    ['198.18.0.3', 7],
  ];
  const outside = { address: '203.0.113.1', port: 40_000 };
  const quoted = new Map([
    [1, home],
    [2, outside],
    [3, outside],
  ]);
  assert.deepEqual(marked(hops, { target: { ...peer, address: '203.0.113.8' } }, quoted), {
    2: 'quoted-source',
  });
  assert.deepEqual(marked(hops, {}, new Map([[3, { ...home, port: 40_000 }]])), { 3: 'quoted-source' });
});

test('a path without hops has no NATs', () => assert.deepEqual(marked([]), {}));
