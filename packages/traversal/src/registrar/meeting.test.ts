import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { maxRendezvousBytes } from '@pinhole/wire';
import {
  accepted,
  endpointOf,
  pair,
  register,
  type Scene,
  startS,
  startsOf,
  theOnly,
  ticketOf,
} from '../../test/scene.ts';
import type { Counter } from '../counters.ts';

describe('a meeting', () => {
  it('invites the target, and when that agrees tells each where the other is', () => {
    const { scene, source, target } = pair();
    const invite = theOnly(scene.meet(source, {}), 'invite');
    assert.deepEqual(invite.channel.from, target.channel.from);
    assert.ok(invite.signedBy(target.password));
    assert.deepEqual(invite.body, {
      kind: 'invite',
      sessionId: Buffer.alloc(16, 7),
      transport: 'tcp',
      roundId: startS,
      testId: '5',
      sourceAgentId: '11',
      attempt: 1,
    });
    const outcome = scene.reply(target, invite, accepted());
    const met = theOnly(outcome, 'met');
    assert.deepEqual(met.channel.from, source.channel.from);
    assert.ok(met.signedBy(source.password));
    assert.deepEqual(startsOf(outcome, source).peers, [target.channel.from]);
    assert.deepEqual(startsOf(outcome, target).peers, [source.channel.from]);
    assert.equal(scene.count('met'), 1);
    assert.equal(scene.state.pending.size, 0);
  });

  it('over UDP gives the UDP endpoints', () => {
    const { scene, source, target } = pair();
    scene.registerUdp(source, '198.51.100.1:40001');
    scene.registerUdp(target, '203.0.113.2:40002');
    const invite = theOnly(scene.meet(source, { transport: 'udp' }), 'invite');
    const outcome = scene.reply(target, invite, accepted());
    assert.deepEqual(startsOf(outcome, source).peers, [endpointOf('203.0.113.2:40002')]);
    assert.deepEqual(startsOf(outcome, target).peers, [endpointOf('198.51.100.1:40001')]);
  });

  it('tells their own addresses only to two that come from one public address', () => {
    const { scene, source, target } = pair({}, '198.51.100.1:50000');
    const outcome = scene.reply(target, theOnly(scene.meet(source, {}), 'invite'), accepted());
    assert.deepEqual(
      startsOf(outcome, source).peers,
      ['10.0.0.2:49153', '198.51.100.1:50000'].map(endpointOf),
    );
    assert.deepEqual(
      startsOf(outcome, target).peers,
      ['10.0.0.1:49153', '198.51.100.1:49153'].map(endpointOf),
    );
  });

  it('lets nobody be sent to what is no host of a network, and never leaves out the public endpoint', () => {
    const localAddresses = [
      '127.0.0.1:22',
      '0.0.0.0:9',
      '224.0.0.1:9',
      '255.255.255.255:9',
      '169.254.169.254:80',
      '[::1]:22',
      '[ff02::1]:9',
      '[fe80::1]:9',
      '10.0.0.2:0',
    ];
    const many = Array.from({ length: 16 }, (_, i) => `10.0.0.${i + 1}:49153`);
    for (const [given, told] of [
      [localAddresses, 0],
      [many, 15],
    ] as const) {
      const { scene, source, target } = pair({ localAddresses: [...given] }, '198.51.100.1:50000');
      const outcome = scene.reply(target, theOnly(scene.meet(source, {}), 'invite'), accepted());
      const { peers } = startsOf(outcome, source);
      assert.equal(peers.length, told + 1);
      assert.deepEqual(peers.at(-1), target.channel.from);
    }
  });

  it('makes the nearer one wait for half of what its round trip is shorter', () => {
    const { scene, source, target } = pair({ roundTripMs: 80 });
    const invite = theOnly(scene.meet(source, {}), 'invite');
    scene.now = { ...scene.now, ms: scene.now.ms + 80 };
    const outcome = scene.reply(target, invite, accepted());
    assert.deepEqual([startsOf(outcome, source).startInMs, startsOf(outcome, target).startInMs], [50, 10]);
  });

  it('tells the source in the words of the target that it does not take the session', () => {
    const { scene, source, target } = pair();
    const invite = theOnly(scene.meet(source, {}), 'invite');
    const refused = {
      kind: 'refused',
      method: 'invite',
      code: 403,
      reason: 'Unknown test',
      nonce: null,
    } as const;
    const { body, signedBy } = theOnly(scene.reply(target, invite, refused), 'refused');
    assert.deepEqual([body.code, body.reason], [487, 'Unknown test']);
    assert.ok(signedBy(source.password));
    assert.equal(scene.count('refused-by-target'), 1);
  });

  it('cuts what a target says to what its source takes', () => {
    const { scene, source, target } = pair();
    const invite = theOnly(scene.meet(source, {}), 'invite');
    const refused = { kind: 'refused', method: 'invite', code: 403, nonce: null } as const;
    const { octets } = theOnly(
      scene.reply(target, invite, { ...refused, reason: '€'.repeat(380) }),
      'refused',
    );
    assert.ok(octets <= maxRendezvousBytes, `${octets} octets`);
  });

  it('fails after 3 s with a target that says nothing, or nothing that it may', () => {
    const { scene, source, target } = pair();
    const invite = theOnly(scene.meet(source, {}), 'invite');
    scene.reply(target, invite, accepted(), 'wrong');
    scene.reply(target, invite, { kind: 'pong' });
    assert.deepEqual([scene.count('dropped-bad-signature'), scene.count('dropped-unexpected')], [1, 1]);
    assert.deepEqual(scene.pass(2_500).sent, []);
    assert.equal(theOnly(scene.pass(1_000), 'refused').body.code, 408);
    assert.equal(scene.count('refused-target-silent'), 1);
    // Its answer comes too late.
    assert.deepEqual(scene.reply(target, invite, accepted()).sent, []);
  });

  it('fails with a target that goes away before it answers', () => {
    const { scene, source, target } = pair();
    scene.meet(source, {});
    scene.feed({ kind: 'disconnected', connectionId: target.channel.connectionId });
    assert.equal(theOnly(scene.pass(3_500), 'refused').body.code, 408);
  });

  it('ends without a word for a source that has gone away', () => {
    const { scene, source, target } = pair();
    const invite = theOnly(scene.meet(source, {}), 'invite');
    scene.feed({ kind: 'disconnected', connectionId: source.channel.connectionId });
    assert.deepEqual(scene.reply(target, invite, accepted()).sent, []);
  });

  it('is one of 64 at most for a source, however often it registers', () => {
    const { scene, source } = pair();
    for (let i = 0; i < 64; i++) theOnly(scene.meet(source, {}), 'invite');
    scene.say(source.channel, register(), source);
    assert.equal(theOnly(scene.meet(source, {}), 'refused').body.code, 486);
    assert.equal(scene.count('refused-too-many-meetings'), 1);
    scene.pass(3_500);
    theOnly(scene.meet(source, {}), 'invite');
  });
});

describe('a request to meet is refused', () => {
  for (const [title, change, code, counter] of [
    ['with a ticket of another length', { ticket: new Uint8Array(3) }, 403, 'refused-ticket-signature'],
    ['with a forged ticket', { ticket: ticketOf({}, new Uint8Array(32)) }, 403, 'refused-ticket-signature'],
    ['with an expired ticket', { expiresAtS: startS - 1 }, 410, 'refused-ticket-expired'],
    ['with the ticket of another source', { sourceAgentId: '33' }, 403, 'refused-ticket-not-yours'],
    ['for a target that is not registered', { targetAgentId: '44' }, 404, 'refused-target-not-registered'],
    [
      'over UDP for a target that is registered over TCP only',
      { transport: 'udp' },
      404,
      'refused-target-not-registered',
    ],
  ] as const satisfies readonly [string, Parameters<Scene['meet']>[1], number, Counter][]) {
    it(`${title} (${code})`, () => {
      const { scene, source } = pair();
      const outcome = scene.meet(source, change);
      const { body, signedBy } = theOnly(outcome, 'refused');
      assert.equal(body.code, code);
      assert.ok(signedBy(source.password));
      assert.equal(outcome.sent.length, 1);
      assert.equal(scene.count(counter), 1);
    });
  }

  it('over UDP by a source that is registered over TCP only', () => {
    const { scene, source, target } = pair();
    scene.registerUdp(target, '203.0.113.2:40002');
    assert.equal(theOnly(scene.meet(source, { transport: 'udp' }), 'refused').body.code, 400);
  });

  it('over UDP when the UDP registration was not renewed', () => {
    const { scene, source, target } = pair();
    scene.registerUdp(source, '198.51.100.1:40001', 120);
    scene.registerUdp(target, '203.0.113.2:40002', 20);
    scene.pass(20_000);
    assert.equal(theOnly(scene.meet(source, { transport: 'udp' }), 'refused').body.code, 404);
  });

  it('on a connection that has not registered', () => {
    const { scene, source } = pair();
    const channel = scene.connect('198.51.100.9:1000');
    const elsewhere = { ...source, channel, nonce: scene.nonceFor(channel) };
    assert.equal(theOnly(scene.meet(elsewhere, {}), 'refused').body.code, 400);
  });

  it('over UDP, where an answer could be lost', () => {
    const { scene, source } = pair();
    const channel = scene.udp('198.51.100.1:49153');
    const body = {
      kind: 'meet',
      sessionId: new Uint8Array(16),
      transport: 'tcp',
      roundId: 1,
      ticket: ticketOf({}),
      attempt: 1,
      profile: null,
      mapped: null,
    } as const;
    const outcome = scene.say(channel, body, { ...source, nonce: scene.nonceFor(channel) });
    assert.equal(theOnly(outcome, 'refused').body.code, 400);
  });
});
