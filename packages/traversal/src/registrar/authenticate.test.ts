import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeStun, encodeRendezvous, traversalCredential } from '@pinhole/wire';
import { register, Scene, type Signature, secret, startS, theOnly } from '../../test/scene.ts';
import type { Counter } from '../counters.ts';
import { provesItsSource } from './authenticate.ts';

const good = traversalCredential(secret, '11', startS + 3600);

function attempt(change: Signature, waitMs = 0) {
  const scene = new Scene();
  const channel = scene.udp('198.51.100.1:49153');
  const nonce = scene.nonceFor(channel);
  scene.pass(waitMs);
  // A registration over TCP, so that nothing but the credentials stands in the way.
  scene.register('11', '198.51.100.1:49153', { expiresAtS: startS + 86_400 });
  const outcome = scene.say(channel, register(), { ...good, nonce, ...change });
  return { scene, outcome };
}

describe('a request', () => {
  it('with good credentials and the nonce of its endpoint is let in', () => {
    theOnly(attempt({}).outcome, 'registered');
  });

  for (const [title, change, code, counter, nonceGiven] of [
    ['without a user name', { username: null }, 401, 'refused-no-credentials', true],
    ['without a nonce', { nonce: null }, 401, 'refused-no-credentials', true],
    ['without a signature', { password: null }, 401, 'refused-no-credentials', true],
    ['with a user name that is none of ours', { username: 'root' }, 401, 'refused-no-credentials', true],
    ['with a foreign nonce', { nonce: 'A'.repeat(22) }, 438, 'refused-stale-nonce', true],
    ['with a nonce that is no base64', { nonce: '!'.repeat(22) }, 438, 'refused-stale-nonce', true],
    ['with a nonce of another length', { nonce: 'A' }, 438, 'refused-stale-nonce', true],
    ['with a wrong password', { password: 'wrong' }, 401, 'refused-wrong-password', false],
    [
      'with expired credentials',
      traversalCredential(secret, '11', startS - 1),
      401,
      'refused-expired-credentials',
      false,
    ],
    [
      'with a later expiry written into the user name',
      { username: `${startS + 999_999}:11` },
      401,
      'refused-wrong-password',
      false,
    ],
    [
      'with the user name of another agent and its own password',
      { username: `${startS + 3600}:22` },
      401,
      'refused-wrong-password',
      false,
    ],
    [
      'with credentials made with another secret',
      traversalCredential(new Uint8Array(32), '11', startS + 3600),
      401,
      'refused-wrong-password',
      false,
    ],
  ] as const satisfies readonly [string, Signature, number, Counter, boolean][]) {
    it(`${title} is refused with ${code}${nonceGiven ? ' and a nonce' : ''}, unsigned`, () => {
      const { scene, outcome } = attempt(change);
      const { body, signedBy } = theOnly(outcome, 'refused');
      assert.equal(body.code, code);
      assert.equal(body.nonce !== null, nonceGiven);
      assert.equal(signedBy(good.password), false);
      assert.equal(scene.count(counter), counter === 'refused-no-credentials' ? 3 : 1);
    });
  }

  it('is refused when its octets were changed on the way', () => {
    const scene = new Scene();
    const channel = scene.connect('198.51.100.1:49153');
    const message = {
      transactionId: new Uint8Array(12),
      body: register(60),
      username: good.username,
      nonce: scene.nonceFor(channel),
    };
    const octets = encodeRendezvous(message, good.password).slice();
    octets[27] = octets[27]! ^ 1; // the lifetime
    const withoutFingerprint = octets.subarray(0, -8);
    withoutFingerprint[3] = withoutFingerprint[3]! - 8;
    theOnly(scene.sayOctets(channel, withoutFingerprint), 'refused');
    assert.equal(scene.count('refused-wrong-password'), 1);
  });
});

describe('a nonce', () => {
  it('holds for five minutes at least and ten at most', () => {
    theOnly(attempt({}, 299_000).outcome, 'registered');
    assert.equal(theOnly(attempt({}, 600_000).outcome, 'refused').body.code, 438);
  });

  it('of one endpoint does not hold for another: what was copied is worth nothing elsewhere', () => {
    const scene = new Scene();
    scene.register('11', '198.51.100.1:49153');
    const nonce = scene.nonceFor(scene.udp('198.51.100.1:49153'));
    for (const from of ['198.51.100.1:49154', '198.51.100.2:49153']) {
      assert.equal(
        theOnly(scene.say(scene.udp(from), register(), { ...good, nonce }), 'refused').body.code,
        438,
      );
    }
  });

  it('of one connection does not hold for the next, even from the same endpoint', () => {
    const scene = new Scene();
    const agent = scene.register('11', '198.51.100.1:49153');
    scene.feed({ kind: 'disconnected', connectionId: agent.channel.connectionId });
    const next = scene.connect('198.51.100.1:49153');
    assert.equal(theOnly(scene.say(next, register(), agent), 'refused').body.code, 438);
    assert.equal(scene.state.registrations.size, 0);
  });

  it('shows for two hours who receives at an endpoint, though it lets nobody in', () => {
    const scene = new Scene();
    const channel = scene.udp('198.51.100.1:49153');
    const nonce = scene.nonceFor(channel);
    const proves = (from: string) => {
      const message = { transactionId: new Uint8Array(12), body: register(), username: null, nonce };
      const decoded = decodeStun(encodeRendezvous(message, null));
      assert.ok(decoded.ok);
      return provesItsSource(scene.state, decoded.value, scene.udp(from), scene.now);
    };
    assert.equal(proves('198.51.100.1:49153'), true);
    assert.equal(proves('198.51.100.1:49154'), false);
    scene.pass(7_000_000);
    assert.equal(proves('198.51.100.1:49153'), true);
    scene.pass(1_000_000);
    assert.equal(proves('198.51.100.1:49153'), false);
  });
});
