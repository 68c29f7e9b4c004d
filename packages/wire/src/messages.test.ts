import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plain } from '../fuzz/plain.ts';
import { rendezvousSamples, sessionSamples } from '../fuzz/stun.ts';
import type { RendezvousBody } from './rendezvous/bodies.ts';
import {
  decodeTicket,
  encodeTicket,
  parseTraversalUsername,
  traversalCredential,
  traversalPassword,
} from './rendezvous/credential.ts';
import { decodeRendezvous, encodeRendezvous } from './rendezvous/messages.ts';
import { deriveSessionKeys, sessionSsid } from './session/keys.ts';
import { decodeSessionMessage, encodeSessionMessage } from './session/messages.ts';
import { decodePlan, encodePlan, type SessionPlan } from './session/records.ts';
import type { StunAttribute } from './stun/attributes.ts';
import { decodeStun, encodeStun, verifyIntegrity } from './stun/index.ts';

function decoded(bytes: Uint8Array) {
  const result = decodeStun(Uint8Array.from(bytes));
  assert.ok(result.ok);
  return result.value;
}

describe('every message between agent and NAT traversal server', () => {
  for (const sample of rendezvousSamples) {
    it(`${sample.body.kind} is the same behind the wire, and signed`, () => {
      const stun = decoded(encodeRendezvous(sample, 'password'));
      const result = decodeRendezvous(stun.message);
      assert.ok(result.ok);
      assert.deepEqual(plain(result.value), plain(sample));
      assert.equal(verifyIntegrity(stun, 'sha256', 'password'), 'valid');
    });
  }

  const malformed: [string, RendezvousBody['kind'], StunAttribute][] = [
    ['a profile that is cut', 'meet', { type: 'nat-profile', octets: new Uint8Array(11) }],
    ['a profile of no NAT', 'accepted', { type: 'nat-profile', octets: new Uint8Array(12).fill(9) }],
    ['a search that is cut', 'start', { type: 'search', octets: new Uint8Array(11) }],
    ['a search without end', 'start', { type: 'search', octets: new Uint8Array(12).fill(255) }],
    ['attempt 0', 'meet', { type: 'attempt', value: 0 }],
    ['more attempts than a round has time for', 'invite', { type: 'attempt', value: 17 }],
    ['a method that there is not', 'start', { type: 'method', value: 4 }],
    ['no method at all', 'start', { type: 'method', value: 0 }],
    ['a third side', 'start', { type: 'at-fault', value: 3 }],
    ['a TTL of 0', 'start', { type: 'opener-ttl', value: 0 }],
    ['a TTL beyond an octet', 'start', { type: 'opener-ttl', value: 256 }],
  ];
  for (const [name, kind, attribute] of malformed) {
    it(`${kind} with ${name} is refused`, () => {
      const sample = rendezvousSamples.find(({ body }) => body.kind === kind);
      const { message } = decoded(encodeRendezvous(sample!, 'password'));
      const others = message.attributes.filter(({ type }) => type !== attribute.type);
      const result = decodeRendezvous({ ...message, attributes: [...others, attribute] });
      assert.deepEqual(result, { ok: false, reason: 'bad-attribute' });
    });
  }

  it('a start that says no more than where and when is punched', () => {
    const sample = rendezvousSamples.find(({ body }) => body.kind === 'start');
    const { message } = decoded(encodeRendezvous(sample!, 'password'));
    const attributes = message.attributes.filter(({ type }) => type !== 'method' && type !== 'at-fault');
    const result = decodeRendezvous({ ...message, attributes });
    assert.ok(result.ok && result.value.body.kind === 'start');
    const { method, search, openerTtl, atFault } = result.value.body;
    assert.deepEqual([method, search, openerTtl, atFault], ['punched', null, null, 'target']);
  });

  it('a request without what it needs is refused by name', () => {
    for (const method of [0x080, 0x081, 0x082, 0x083, 0x085]) {
      const bytes = encodeStun({
        class: method === 0x083 ? 'indication' : 'request',
        method,
        transactionId: new Uint8Array(12),
        attributes: [],
      });
      assert.deepEqual(decodeRendezvous(decoded(bytes).message), { ok: false, reason: 'missing-attribute' });
    }
  });

  it('a Binding request is none of them', () => {
    const bytes = encodeStun({
      class: 'request',
      method: 1,
      transactionId: new Uint8Array(12),
      attributes: [],
    });
    assert.deepEqual(decodeRendezvous(decoded(bytes).message), { ok: false, reason: 'not-rendezvous' });
  });
});

describe('every message between agents', () => {
  for (const sample of sessionSamples) {
    it(`${sample.body.kind} is the same behind the wire, and signed`, () => {
      const keys = deriveSessionKeys(new Uint8Array(32), sample.sessionId);
      const stun = decoded(encodeSessionMessage(sample, keys.control.source));
      const result = decodeSessionMessage(stun.message);
      assert.ok(result.ok);
      assert.deepEqual(plain(result.value), plain(sample));
      assert.equal(verifyIntegrity(stun, 'sha256', keys.control.source), 'valid');
      assert.equal(verifyIntegrity(stun, 'sha256', keys.control.target), 'invalid');
    });
  }

  it('a session without its id is none', () => {
    const bytes = encodeStun({
      class: 'indication',
      method: 0x093,
      transactionId: new Uint8Array(12),
      attributes: [{ type: 'session-id', octets: new Uint8Array(15) }],
    });
    assert.deepEqual(decodeSessionMessage(decoded(bytes).message), { ok: false, reason: 'bad-attribute' });
  });

  it('each session has keys of its own', () => {
    const pairKey = new Uint8Array(32).fill(1);
    const [a, b] = [
      deriveSessionKeys(pairKey, new Uint8Array(16)),
      deriveSessionKeys(pairKey, new Uint8Array(16).fill(1)),
    ];
    const keys = [a, b].flatMap(({ control, probes }) => [
      control.source,
      control.target,
      probes.source,
      probes.target,
    ]);
    assert.equal(new Set(keys.map((key) => key.export().toString('hex'))).size, 8);
  });

  it('the STAMP session identifiers of the two sides differ, and are never 0', () => {
    assert.deepEqual(
      [sessionSsid(new Uint8Array(16), 'source'), sessionSsid(new Uint8Array(16), 'target')],
      [1, 0x8001],
    );
    const id = Uint8Array.of(0x92, 0x34);
    assert.deepEqual([sessionSsid(id, 'source'), sessionSsid(id, 'target')], [0x1234, 0x9234]);
  });
});

describe('a plan', () => {
  const plan: SessionPlan = {
    probeCount: 50,
    gapUs: 20_000,
    payloadBytes: 0,
    dscp: 0,
    toTarget: true,
    fromTarget: false,
    lossThresholdMs: 2000,
  };
  it('within the limits is taken', () => assert.deepEqual(decodePlan(encodePlan(plan)), plan));
  for (const [name, change] of [
    ['no probes', { probeCount: 0 }],
    ['too many probes', { probeCount: 501 }],
    ['a flood', { gapUs: 999 }],
    ['more than 8 s of sending', { probeCount: 401, gapUs: 20_000 }],
    ['more than a packet', { payloadBytes: 1401 }],
    ['no direction', { toTarget: false }],
    ['a DSCP of 64', { dscp: 64 }],
    ['a wait of a minute', { lossThresholdMs: 60_000 }],
  ] as const) {
    it(`with ${name} is refused`, () => assert.equal(decodePlan(encodePlan({ ...plan, ...change })), null));
  }
});

describe('tickets and credentials', () => {
  const secret = new Uint8Array(32).fill(9);
  const ticket = {
    testId: '18446744073709551615',
    sourceAgentId: '1',
    targetAgentId: '2',
    expiresAtS: 1_800_000_000,
  };

  it('a ticket opens with the secret that signed it', () => {
    assert.deepEqual(decodeTicket(secret, encodeTicket(secret, ticket)), { ok: true, ticket });
    assert.deepEqual(decodeTicket(new Uint8Array(32), encodeTicket(secret, ticket)), {
      ok: false,
      reason: 'signature',
    });
  });

  it('a ticket with one bit changed does not open', () => {
    const bytes = encodeTicket(secret, ticket);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Uint8Array.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      assert.equal(decodeTicket(secret, changed).ok, false);
    }
    assert.deepEqual(decodeTicket(secret, bytes.subarray(1)), { ok: false, reason: 'length' });
  });

  it('a password follows from the secret and the user name', () => {
    const { username, password } = traversalCredential(secret, '42', 1_800_000_000);
    assert.equal(username, '1800000000:42');
    assert.equal(traversalPassword(secret, username), password);
    assert.notEqual(traversalPassword(secret, '1800000001:42'), password);
    assert.deepEqual(parseTraversalUsername(username), { agentId: '42', expiresAtS: 1_800_000_000 });
    assert.equal(parseTraversalUsername('42'), null);
  });
});
