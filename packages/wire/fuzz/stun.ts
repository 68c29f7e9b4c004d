import assert from 'node:assert/strict';
import { endpoint } from '../src/address.ts';
import type { RendezvousBody } from '../src/rendezvous/bodies.ts';
import { decodeRendezvous, encodeRendezvous } from '../src/rendezvous/messages.ts';
import type { NatProfile } from '../src/rendezvous/pairing.ts';
import { decodeSessionMessage, encodeSessionMessage, type SessionBody } from '../src/session/messages.ts';
import { StunFramer } from '../src/stun/framing.ts';
import { decodeStun, encodeStun, looksLikeStun, verifyIntegrity } from '../src/stun/index.ts';
import { plain } from './plain.ts';
import type { FuzzTarget } from './target.ts';

const transactionId = new Uint8Array(12).fill(3);
const sessionId = new Uint8Array(16).fill(5);
const key = new Uint8Array(32).fill(7);
const here = endpoint('192.0.2.1', 49153);
const there = endpoint('2001:db8::1', 9119);

const session = { sessionId, transport: 'udp', roundId: 1_800_000_000 } as const;
const sequentialNat: NatProfile = {
  mapping: 'address-and-port-dependent',
  filtering: 'address-dependent',
  allocation: { kind: 'sequential', step: -2, lastPort: 40_000 },
  answersSyn: 'yes',
  poisonable: 'no',
  simultaneousOpen: 'yes',
  natHops: 2,
};
const randomNat: NatProfile = {
  mapping: 'address-dependent',
  filtering: 'unknown',
  allocation: { kind: 'range', firstPort: 1024, size: 64_512 },
  answersSyn: 'unknown',
  poisonable: 'unknown',
  simultaneousOpen: 'no',
  natHops: null,
};
const punched = { method: 'punched', openerTtl: null, search: null, atFault: 'target' } as const;
const searched = {
  method: 'searched',
  openerTtl: 3,
  search: {
    sockets: 16,
    tries: 64,
    ports: { first: 2048, step: 1, count: 512 },
    order: 'drawn',
    accept: true,
  },
  atFault: 'source',
} as const;
const rendezvous: RendezvousBody[] = [
  { kind: 'register', lifetimeS: 60, localAddresses: [here, there] },
  { kind: 'registered', lifetimeS: 60, mapped: here },
  { kind: 'meet', ...session, ticket: new Uint8Array(65), attempt: 1, profile: null, mapped: null },
  { kind: 'meet', ...session, ticket: new Uint8Array(65), attempt: 2, profile: sequentialNat, mapped: here },
  { kind: 'met' },
  { kind: 'invite', ...session, testId: '12', sourceAgentId: '34', attempt: 2 },
  { kind: 'accepted', profile: null, mapped: null },
  { kind: 'accepted', profile: randomNat, mapped: there },
  { kind: 'start', sessionId, peers: [here, there], startInMs: 20, ...punched },
  { kind: 'start', sessionId, peers: [here], startInMs: 20, ...searched },
  { kind: 'ping' },
  { kind: 'pong' },
  { kind: 'probe', probe: 'unsolicited-syn', changeAddress: true },
  { kind: 'probed', result: 'connected', from: there, elapsedMs: 40 },
  { kind: 'refused', method: 'meet', code: 404, reason: 'not registered', nonce: 'abc' },
];
const plan = {
  probeCount: 50,
  gapUs: 20_000,
  payloadBytes: 0,
  dscp: 46,
  toTarget: true,
  fromTarget: true,
  lossThresholdMs: 2000,
};
const sessions: SessionBody[] = [
  { kind: 'check', testId: '12', sourceAgentId: '34', roundId: 1_800_000_000 },
  { kind: 'checked', mapped: there },
  { kind: 'open', plan, sentTo: there },
  { kind: 'opened' },
  {
    kind: 'report',
    records: {
      first: 0,
      total: 2,
      entries: [
        { sentAt: 5n, reflectionAt: null },
        { sentAt: 6n, reflectionAt: 7n },
      ],
    },
    tcp: null,
  },
  {
    kind: 'report',
    records: { first: 0, total: 1, entries: [{ sentAt: 5n, reflectionAt: 7n }] },
    tcp: {
      retransmissions: 2,
      roundTripUs: 20_000,
      roundTripDeviationUs: 300,
      leastRoundTripUs: null,
      mss: 1448,
      pathMtu: 1500,
    },
  },
  { kind: 'reported' },
  { kind: 'trace', paddingBytes: 0 },
  { kind: 'trace', paddingBytes: 400 },
  { kind: 'traced', receivedTtl: 1, mapped: there },
  { kind: 'traced', receivedTtl: null, mapped: here },
  { kind: 'flows', from: [here, there] },
  { kind: 'flows-opened' },
  {
    kind: 'throughput',
    plan: { direction: 'from-target', durationMs: 10_000, rateKbps: 20_000, tag: new Uint8Array(8).fill(9) },
  },
  {
    kind: 'granted',
    plan: { direction: null, durationMs: 30_000, rateKbps: null, tag: new Uint8Array(8) },
  },
  { kind: 'arrived', report: { count: 3, stop: true } },
  { kind: 'finish', packets: 20_000 },
  { kind: 'finished' },
  { kind: 'close' },
  { kind: 'refused', method: 'open', code: 487, reason: 'busy' },
];
export const rendezvousSamples = rendezvous.map((body) => ({
  transactionId,
  body,
  username: body.kind === 'register' ? '1800000000:7' : null,
  nonce: body.kind === 'refused' ? 'abc' : null,
}));
export const sessionSamples = sessions.map((body) => ({ transactionId, sessionId, body }));

/** STUN itself, the messages of ours that it carries, and its framing on streams. */
export const target: FuzzTarget = {
  name: 'stun',
  seeds: [
    ...rendezvousSamples.map((message) => encodeRendezvous(message, 'password')),
    ...sessionSamples.map((message) => encodeSessionMessage(message, key)),
    encodeStun({
      class: 'error',
      method: 1,
      transactionId,
      attributes: [
        { type: 'error-code', code: 420, reason: 'Unknown' },
        { type: 'unknown-attributes', codes: [1, 2, 3] },
        { type: 'change-request', changeAddress: true, changePort: false },
        { type: 'password-algorithms', algorithms: [{ algorithm: 2, parameters: new Uint8Array(3) }] },
        { type: 'other-address', endpoint: there },
        { type: 'response-port', value: 9 },
      ],
    }),
  ],
  run(input) {
    new StunFramer(500).push(input);
    looksLikeStun(input);
    const decoded = decodeStun(input);
    if (!decoded.ok) return;
    for (const kind of ['sha1', 'sha256'] as const) verifyIntegrity(decoded.value, kind, 'key');
    const again = decodeStun(encodeStun(decoded.value.message, { fingerprint: true }));
    assert.ok(again.ok);
    // Text that was no UTF-8 comes back as the replacement character the first time, and the same from then on.
    assert.deepEqual(plain(again.value.message), plain(decoded.value.message));

    const asRendezvous = decodeRendezvous(decoded.value.message);
    if (asRendezvous.ok) {
      const second = decodeStun(encodeRendezvous(asRendezvous.value, 'password'));
      assert.ok(second.ok);
      assert.deepEqual(plain(decodeRendezvous(second.value.message)), plain(asRendezvous));
    }
    const asSession = decodeSessionMessage(decoded.value.message);
    if (asSession.ok) {
      const second = decodeStun(encodeSessionMessage(asSession.value, key));
      assert.ok(second.ok);
      assert.deepEqual(plain(decodeSessionMessage(second.value.message)), plain(asSession));
    }
  },
};
