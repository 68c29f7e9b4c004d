import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pairingOf, unknownProfile } from '@pinhole/nat';
import {
  decodeStun,
  type Endpoint,
  encodeRendezvous,
  encodeStun,
  maxRendezvousBytes,
  type NatProfile,
} from '@pinhole/wire';
import { accepted, endpointOf, pair, startsOf, theOnly, ticketOf } from '../../test/scene.ts';
import { startDelays } from './start.ts';

describe('start delays', () => {
  for (const [source, target, sourceMs, targetMs] of [
    [0, 0, 10, 10],
    [100, 100, 10, 10],
    [20, 100, 50, 10],
    [100, 20, 10, 50],
    // Who claims a round trip of 10 s holds nobody up for longer than a second.
    [10, 10_000, 1010, 10],
  ] as const) {
    it(`of round trips ${source} and ${target} ms are ${sourceMs} and ${targetMs} ms`, () => {
      assert.deepEqual(startDelays(source, target), { sourceMs, targetMs });
    });
  }
});

/** A symmetric NAT that draws from all ports, and the commonest one. */
const symmetric: NatProfile = {
  ...unknownProfile,
  mapping: 'address-and-port-dependent',
  filtering: 'address-and-port-dependent',
  allocation: { kind: 'range', firstPort: 1024, size: 64_512 },
};
const easy: NatProfile = {
  ...unknownProfile,
  mapping: 'endpoint-independent',
  filtering: 'address-and-port-dependent',
  allocation: { kind: 'preserving' },
  answersSyn: 'no',
  poisonable: 'no',
  natHops: 1,
};

describe('what the two tell of their NATs', () => {
  it('decides how each goes about it, and when', () => {
    const { scene, source, target } = pair();
    const invite = theOnly(scene.meet(source, { profile: easy }), 'invite');
    const outcome = scene.reply(target, invite, accepted({ profile: symmetric }));
    const [atSource, atTarget] = [startsOf(outcome, source), startsOf(outcome, target)];
    const [sourcePort, targetPort] = [source, target].map(({ channel }) => channel.from.port);
    const pairing = pairingOf(
      { profile: easy, port: sourcePort! },
      { profile: symmetric, port: targetPort! },
      'tcp',
    );
    assert.deepEqual([atSource.method, atTarget.method], ['searched', 'searched']);
    assert.deepEqual([atSource.search, atTarget.search], [pairing.source.search, pairing.target.search]);
    assert.deepEqual(atTarget.search?.ports, { first: sourcePort!, step: 1, count: 1 });
    assert.equal(atSource.startInMs - atTarget.startInMs, pairing.source.delayMs);
    assert.deepEqual([atSource.atFault, atTarget.atFault], ['target', 'target']);
  });

  it('decides over UDP with which TTL each opens its own', () => {
    const { scene, source, target } = pair();
    scene.registerUdp(source, '198.51.100.1:40001');
    scene.registerUdp(target, '203.0.113.2:40002');
    const poisonable = { ...easy, poisonable: 'yes', natHops: 1 } as const;
    const invite = theOnly(scene.meet(source, { transport: 'udp', profile: poisonable }), 'invite');
    const outcome = scene.reply(target, invite, accepted({ profile: easy }));
    assert.deepEqual([startsOf(outcome, source).openerTtl, startsOf(outcome, target).openerTtl], [2, null]);
  });

  it('may be nothing: then they are punched', () => {
    const { scene, source, target } = pair();
    const outcome = scene.reply(target, theOnly(scene.meet(source, {}), 'invite'), accepted());
    for (const actor of [source, target]) {
      const { method, search, openerTtl, atFault, startInMs } = startsOf(outcome, actor);
      assert.deepEqual(
        [method, search, openerTtl, atFault, startInMs],
        ['punched', null, null, 'target', 10],
      );
    }
  });

  it('is of no account to two behind one public address, who begin together', () => {
    const { scene, source, target } = pair({}, '198.51.100.1:50000');
    const invite = theOnly(scene.meet(source, { profile: easy }), 'invite');
    const outcome = scene.reply(target, invite, accepted({ profile: symmetric }));
    for (const actor of [source, target]) {
      const { method, search, startInMs } = startsOf(outcome, actor);
      assert.deepEqual([method, search, startInMs], ['punched', null, 10]);
    }
  });

  it('fits into a message with all addresses that a neighbour may have', () => {
    const sixteen = Array.from({ length: 16 }, (_, i) => `[fd00::${i + 1}]:49153`);
    const { scene, source, target } = pair({ localAddresses: sixteen }, '198.51.100.1:50000');
    const outcome = scene.reply(target, theOnly(scene.meet(source, {}), 'invite'), accepted());
    assert.equal(startsOf(outcome, source).peers.length, 16);
    const start = { ...startsOf(outcome, source), search: searchOfAll, openerTtl: 3 };
    const message = { transactionId: new Uint8Array(12), body: start, username: null, nonce: null };
    const octets = encodeRendezvous(message, source.password).length;
    assert.ok(octets <= maxRendezvousBytes, `${octets} octets`);
  });
});

const searchOfAll = {
  sockets: 64,
  tries: 64,
  ports: { first: 1024, step: 1, count: 64_512 },
  order: 'drawn',
  accept: true,
} as const;

describe('a later attempt', () => {
  it('is announced to the target, which makes a fresh port for it as well', () => {
    const { scene, source } = pair();
    assert.equal(theOnly(scene.meet(source, { attempt: 2 }), 'invite').body.attempt, 2);
  });

  for (const [transport, sourceAt, targetAt] of [
    ['tcp', '198.51.100.1:49153', '203.0.113.2:49153'],
    ['udp', '198.51.100.1:40001', '203.0.113.2:40002'],
  ] as const) {
    /** Where each is told that the other is. */
    const toldBy = (ofSource: Endpoint | null, ofTarget: Endpoint | null) => {
      const { scene, source, target } = pair();
      scene.registerUdp(source, '198.51.100.1:40001');
      scene.registerUdp(target, '203.0.113.2:40002');
      const invite = theOnly(scene.meet(source, { transport, attempt: 2, mapped: ofSource }), 'invite');
      const outcome = scene.reply(target, invite, accepted({ mapped: ofTarget }));
      return [startsOf(outcome, target).peers, startsOf(outcome, source).peers];
    };
    const registered = [[endpointOf(sourceAt)], [endpointOf(targetAt)]];

    it(`over ${transport.toUpperCase()} goes from and to the ports that both have made for it`, () => {
      const fresh = ['198.51.100.1:50001', '203.0.113.2:50002'].map(endpointOf);
      assert.deepEqual(toldBy(fresh[0]!, fresh[1]!), [[fresh[0]], [fresh[1]]]);
      assert.deepEqual(toldBy(null, fresh[1]!), [registered[0], [fresh[1]]]);
      assert.deepEqual(toldBy(fresh[0]!, null), [[fresh[0]], registered[1]]);
    });

    it(`over ${transport.toUpperCase()} sends nobody to an address that is not the other's, nor to port 0`, () => {
      const victim = endpointOf('192.0.2.99:22');
      assert.deepEqual(toldBy(victim, victim), registered);
      assert.deepEqual(toldBy(endpointOf('203.0.113.2:50001'), endpointOf('198.51.100.1:50002')), registered);
      assert.deepEqual(
        toldBy(endpointOf('[2001:db8::1]:50001'), endpointOf('[2001:db8::2]:50002')),
        registered,
      );
      assert.deepEqual(toldBy(endpointOf('198.51.100.1:0'), endpointOf('203.0.113.2:0')), registered);
    });
  }

  it('has its ports tried where the fresh one is', () => {
    const { scene, source, target } = pair();
    const mapped = endpointOf('198.51.100.1:50001');
    const invite = theOnly(scene.meet(source, { attempt: 2, profile: easy, mapped }), 'invite');
    const outcome = scene.reply(target, invite, accepted({ profile: symmetric }));
    assert.equal(startsOf(outcome, target).search?.ports.first, 50_001);
  });
});

describe('what is malformed, however well it is signed', () => {
  /** The message with a profile of a behaviour that there is not. */
  const withBadProfile = (octets: Uint8Array, password: string): Uint8Array => {
    const decoded = decodeStun(octets);
    assert.ok(decoded.ok);
    const { message } = decoded.value;
    const attributes = message.attributes.map((attribute) =>
      attribute.type === 'nat-profile' ? { ...attribute, octets: new Uint8Array(12).fill(9) } : attribute,
    );
    return encodeStun({ ...message, attributes }, { sha256Key: password, fingerprint: true });
  };

  it('in a request to meet is dropped, and the target hears nothing of it', () => {
    const { scene, source } = pair();
    const { username, nonce, password } = source;
    const body = {
      kind: 'meet',
      sessionId: new Uint8Array(16),
      transport: 'tcp',
      roundId: 1,
      ticket: ticketOf({}),
      attempt: 1,
      profile: symmetric,
      mapped: null,
    } as const;
    const octets = encodeRendezvous({ transactionId: new Uint8Array(12), body, username, nonce }, password);
    theOnly(scene.sayOctets(source.channel, octets), 'invite');
    const dropped = scene.sayOctets(source.channel, withBadProfile(octets, password));
    assert.deepEqual([dropped.sent, scene.count('dropped-unexpected')], [[], 1]);
  });

  it('in the answer of a target is dropped, as if it had not answered', () => {
    const { scene, source, target } = pair();
    const { transactionId } = theOnly(scene.meet(source, {}), 'invite');
    const body = accepted({ profile: symmetric });
    const octets = encodeRendezvous({ transactionId, body, username: null, nonce: null }, target.password);
    const dropped = scene.sayOctets(target.channel, withBadProfile(octets, target.password));
    assert.deepEqual([dropped.sent, scene.count('dropped-unexpected')], [[], 1]);
    assert.equal(theOnly(scene.pass(3_500), 'refused').body.code, 408);
  });
});
