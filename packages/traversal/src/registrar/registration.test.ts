import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { traversalCredential } from '@pinhole/wire';
import { accepted, endpointOf, register, Scene, secret, startS, theOnly } from '../../test/scene.ts';
import { step } from './step.ts';

describe('registering over TCP', () => {
  it('tells the agent its public endpoint, signed with its password, and pings it', () => {
    const scene = new Scene();
    const channel = scene.connect('198.51.100.1:49153');
    const credential = traversalCredential(secret, '11', startS + 60);
    const nonce = scene.nonceFor(channel);
    const outcome = scene.say(channel, register(), { ...credential, nonce });
    const { body, signedBy } = theOnly(outcome, 'registered');
    assert.deepEqual(body.mapped, endpointOf('198.51.100.1:49153'));
    assert.ok(signedBy(credential.password));
    assert.ok(theOnly(outcome, 'ping').signedBy(credential.password));
    assert.equal(scene.count('registered-tcp'), 1);
  });

  it('again on another connection closes the earlier one: the latest counts', () => {
    const scene = new Scene();
    const first = scene.register('11', '198.51.100.1:49153');
    const second = scene.connect('198.51.100.1:50000');
    const { username, password } = first;
    const nonce = scene.nonceFor(second);
    const { closed } = scene.say(second, register(), { username, password, nonce });
    assert.deepEqual(closed, [first.channel.connectionId]);
    assert.equal(scene.count('closed-replaced'), 1);
    // The end of the earlier connection must not take the new registration with it.
    scene.feed({ kind: 'disconnected', connectionId: first.channel.connectionId });
    assert.deepEqual(scene.state.registrations.get('11')?.tcp, endpointOf('198.51.100.1:50000'));
  });

  it('again on the same connection renews the credential and keeps the UDP endpoint', () => {
    const scene = new Scene();
    const agent = scene.register('11', '198.51.100.1:49153');
    scene.registerUdp(agent, '198.51.100.1:40000');
    const renewed = traversalCredential(secret, '11', startS + 7200);
    const outcome = scene.say(agent.channel, register(), { ...renewed, nonce: agent.nonce });
    assert.ok(theOnly(outcome, 'registered').signedBy(renewed.password));
    assert.deepEqual(outcome.closed, []);
    assert.deepEqual(scene.state.registrations.get('11')?.udp?.endpoint, endpointOf('198.51.100.1:40000'));
  });

  it('as another agent on the same connection is refused', () => {
    const scene = new Scene();
    const agent = scene.register('11', '198.51.100.1:49153');
    const other = traversalCredential(secret, '22', startS + 60);
    const outcome = scene.say(agent.channel, register(), { ...other, nonce: agent.nonce });
    assert.equal(theOnly(outcome, 'refused').body.code, 400);
    assert.equal(scene.state.registrations.has('22'), false);
    assert.equal(scene.count('refused-bad-request'), 1);
  });

  it('ends with the connection', () => {
    const scene = new Scene();
    const agent = scene.register('11', '198.51.100.1:49153');
    scene.feed({ kind: 'disconnected', connectionId: agent.channel.connectionId });
    assert.equal(scene.state.registrations.size, 0);
  });

  it('ends with the credential', () => {
    const scene = new Scene();
    const agent = scene.register('11', '198.51.100.1:49153', { expiresAtS: startS + 10 });
    assert.deepEqual(scene.pass(9_000).closed, []);
    assert.deepEqual(scene.pass(2_000).closed, [agent.channel.connectionId]);
    assert.equal(scene.count('closed-expired'), 1);
  });
});

describe('registering over UDP', () => {
  it('tells the public endpoint of UDP, and its lifetime', () => {
    const scene = new Scene();
    const agent = scene.register('11', '198.51.100.1:49153');
    const { body, channel, signedBy } = theOnly(scene.registerUdp(agent, '198.51.100.1:40000'), 'registered');
    assert.deepEqual(body, {
      kind: 'registered',
      lifetimeS: 60,
      mapped: endpointOf('198.51.100.1:40000'),
    });
    assert.ok(signedBy(agent.password));
    assert.equal(channel.transport, 'udp');
  });

  it('lasts for two minutes at most', () => {
    const scene = new Scene();
    const agent = scene.register('11', '198.51.100.1:49153');
    const outcome = scene.registerUdp(agent, '198.51.100.1:40000', 100_000);
    assert.equal(theOnly(outcome, 'registered').body.lifetimeS, 120);
  });

  it('for no time at all ends it', () => {
    const scene = new Scene();
    const agent = scene.register('11', '198.51.100.1:49153');
    scene.registerUdp(agent, '198.51.100.1:40000');
    scene.registerUdp(agent, '198.51.100.1:40000', 0);
    assert.equal(scene.state.registrations.get('11')?.udp, null);
  });

  it('is refused without a registration over TCP', () => {
    const scene = new Scene();
    const agent = scene.register('11', '198.51.100.1:49153');
    scene.feed({ kind: 'disconnected', connectionId: agent.channel.connectionId });
    const outcome = scene.registerUdp(agent, '198.51.100.1:40000');
    assert.equal(theOnly(outcome, 'refused').body.code, 400);
    assert.equal(scene.count('refused-udp-without-tcp'), 1);
  });
});

describe('keeping a registration', () => {
  it('pings every 20 s, and closes who answers none for 50 s', () => {
    const scene = new Scene();
    const agent = scene.register('11', '198.51.100.1:49153');
    const { sent, closed } = scene.pass(49_500);
    assert.deepEqual([sent.map(({ body }) => body.kind), closed], [['ping', 'ping'], []]);
    assert.deepEqual(scene.pass(500).closed, [agent.channel.connectionId]);
    assert.equal(scene.count('closed-unresponsive'), 1);
    assert.equal(scene.state.registrations.size, 0);
  });

  it('goes on for whom answers, and measures the round trip', () => {
    const scene = new Scene();
    const agent = scene.register('11', '198.51.100.1:49153');
    for (let i = 0; i < 10; i++) {
      const ping = theOnly(scene.pass(20_000), 'ping');
      scene.now = { ...scene.now, ms: scene.now.ms + 30 + i };
      scene.reply(agent, ping, { kind: 'pong' });
    }
    assert.deepEqual(scene.state.registrations.get('11')?.roundTripsMs, [32, 33, 34, 35, 36, 37, 38, 39]);
  });

  for (const [title, replyWith, counter] of [
    ['signed by another', [{ kind: 'pong' }, 'wrong'], 'dropped-bad-signature'],
    ['to something that was not asked', [accepted(), null], 'dropped-unexpected'],
  ] as const) {
    it(`takes no answer ${title}`, () => {
      const scene = new Scene();
      const agent = scene.register('11', '198.51.100.1:49153');
      const ping = theOnly(scene.pass(20_000), 'ping');
      scene.reply(agent, ping, replyWith[0], replyWith[1] ?? agent.password);
      assert.equal(scene.count(counter), 1);
      assert.deepEqual(scene.pass(30_000).closed, [agent.channel.connectionId]);
    });
  }

  it('takes no answer on the connection of another', () => {
    const scene = new Scene();
    const agent = scene.register('11', '198.51.100.1:49153');
    const other = scene.register('22', '198.51.100.2:49153');
    const [ping] = scene.pass(20_000).sent.filter(({ channel }) => channel.from === agent.channel.from);
    assert.ok(ping !== undefined);
    scene.reply({ ...agent, channel: other.channel }, ping, { kind: 'pong' });
    assert.equal(scene.count('dropped-unexpected'), 1);
  });
});

describe('a connection that has not registered', () => {
  it('is closed after 20 s, whatever it said in them', () => {
    const scene = new Scene();
    const silent = scene.connect('198.51.100.1:1000');
    const talking = scene.connect('198.51.100.1:1001');
    scene.pass(5_000);
    scene.nonceFor(talking);
    assert.deepEqual(scene.pass(14_500).closed, []);
    assert.deepEqual(scene.pass(500).closed, [silent.connectionId, talking.connectionId]);
    assert.equal(scene.count('closed-silent'), 2);
    assert.equal(scene.state.connections.size, 0);
  });

  it('may be silent for five and a half minutes once it has asked for its public endpoint', () => {
    const scene = new Scene();
    const { connectionId } = scene.connect('198.51.100.1:1000');
    step(scene.state, { kind: 'bound', connectionId }, scene.now);
    assert.deepEqual(scene.pass(329_500).closed, []);
    assert.deepEqual(scene.pass(500).closed, [connectionId]);
  });

  it('is closed when it sends more than 16 messages', () => {
    const scene = new Scene();
    const channel = scene.connect('198.51.100.1:1000');
    for (let i = 0; i < 16; i++) assert.deepEqual(scene.say(channel, register()).closed, []);
    assert.deepEqual(scene.say(channel, register()).closed, [channel.connectionId]);
    assert.deepEqual(scene.say(channel, register()).sent, []);
    assert.equal(scene.count('closed-too-many-messages'), 1);
  });

  it('makes room for the 257th of its address, and of no other', () => {
    const scene = new Scene();
    const other = scene.connect('198.51.100.2:1000');
    const first = scene.connect('198.51.100.1:1000');
    for (let i = 1; i < 256; i++)
      assert.deepEqual(scene.connect(`198.51.100.1:${1000 + i}`).outcome.closed, []);
    assert.deepEqual(scene.connect('198.51.100.1:2000').outcome.closed, [first.connectionId]);
    assert.ok(scene.state.connections.has(other.connectionId));
    assert.equal(scene.count('closed-crowded'), 1);
  });

  it('counts for its /64 with IPv6, of which one host has all addresses', () => {
    const scene = new Scene();
    for (let i = 0; i < 300; i++) scene.connect(`[2001:db8::${i.toString(16)}]:1000`);
    assert.equal(scene.state.connections.size, 256);
    scene.connect('[2001:db8:0:1::1]:1000');
    assert.equal(scene.state.connections.size, 257);
  });

  it('makes room for the 4,097th of all', () => {
    const scene = new Scene();
    const first = scene.connect('10.0.0.0:1000');
    for (let i = 1; i < 4096; i++) scene.connect(`10.0.${i >> 8}.${i & 255}:1000`);
    assert.deepEqual(scene.connect('10.1.0.0:1000').outcome.closed, [first.connectionId]);
    assert.equal(scene.state.connections.size, 4096);
  });

  it('gives its place to who comes when the server is full, and never a registered one', () => {
    const scene = new Scene(3);
    scene.register('11', '198.51.100.1:49153');
    scene.register('22', '198.51.100.2:49153');
    const waiting = scene.connect('198.51.100.3:1000');
    assert.deepEqual(scene.connect('198.51.100.4:1000').outcome.closed, [waiting.connectionId]);
    scene.register('33', '198.51.100.5:49153');
    const late = scene.connect('198.51.100.6:1000');
    assert.deepEqual(late.outcome.closed, [late.connectionId]);
    assert.equal(scene.state.registrations.size, 3);
  });
});
