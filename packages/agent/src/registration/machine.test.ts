import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endpoint, refusalCodes } from '@pinhole/wire';
import { access, invite, kinds, mapped, meet, refusal, registration, sent, server, start } from './scene.ts';

describe('registering', () => {
  it('connects as soon as there is access, and asks for nothing before', () => {
    const machine = registration();
    assert.deepEqual(machine.feed({ kind: 'tick' }), []);
    assert.equal(machine.wakeAtMs, null);
    const effects = machine.feed({ kind: 'access', access });
    assert.deepEqual(effects, [
      { kind: 'connect', server: { host: 'one.example', port: 9119 }, keepAliveMs: 8_000 },
      { kind: 'changed' },
    ]);
  });

  it('sends Register over TCP with its local addresses, once connected', () => {
    const machine = registration();
    const localAddresses = [endpoint('10.0.0.2', 49_153)];
    machine.feed({ kind: 'local-addresses', localAddresses });
    const register = machine.connect();
    assert.equal(register.transport, 'tcp');
    assert.deepEqual(register.to, server);
    assert.deepEqual(register.message.body, { kind: 'register', lifetimeS: 60, localAddresses });
    assert.equal(register.message.username, access.username);
    assert.equal(register.message.nonce, null);
  });

  it('sends it again with the nonce that the refusal brings', () => {
    const machine = registration();
    const first = machine.connect();
    const effects = machine.hear(refusal('register', refusalCodes.unauthenticated, 'n1'), {
      to: first,
      signed: false,
    });
    assert.equal(sent(effects).message.nonce, 'n1');
    assert.notDeepEqual(sent(effects).message.transactionId, first.message.transactionId);
  });

  it('is registered when the server accepts, and registers over UDP at once', () => {
    const machine = registration();
    const register = machine.connect();
    const effects = machine.hear({ kind: 'registered', lifetimeS: 60, mapped }, { to: register });
    assert.deepEqual(kinds(effects), ['udp register', 'changed']);
    assert.equal(machine.state.phase, 'registered');
    assert.deepEqual(machine.state.tcp, mapped);
    assert.equal(machine.state.udp, null);
  });

  for (const [name, options] of [
    ['unsigned', { signed: false }],
    ['to another transaction', { to: undefined }],
  ] as const) {
    it(`takes no acceptance that is ${name}`, () => {
      const machine = registration();
      const to = machine.connect();
      machine.hear({ kind: 'registered', lifetimeS: 60, mapped }, { to, ...options });
      assert.equal(machine.state.phase, 'connected');
    });
  }

  it('takes no public endpoint with port 0, which could not be reported', () => {
    const machine = registration();
    const to = machine.connect();
    machine.hear({ kind: 'registered', lifetimeS: 60, mapped: { ...mapped, port: 0 } }, { to });
    assert.equal(machine.state.phase, 'connected');
  });

  it('gives up a connection on which Register is not answered in 5 s', () => {
    const machine = registration();
    machine.connect();
    assert.equal(machine.wakeAtMs, 6_000);
    assert.deepEqual(kinds(machine.wake()), ['disconnect', 'changed']);
    assert.match(machine.state.detail ?? '', /did not answer Register/);
  });

  it('does not go round in circles with a server that gives a new nonce each time', () => {
    const machine = registration();
    let to = machine.connect();
    to = sent(machine.hear(refusal('register', refusalCodes.staleNonce, 'n1'), { to }));
    const effects = machine.hear(refusal('register', refusalCodes.staleNonce, 'n2'), { to });
    assert.deepEqual(kinds(effects), ['disconnect', 'changed']);
    assert.equal(machine.state.phase, 'waiting');
  });

  it('says why it was refused for good, and tries again later', () => {
    const machine = registration();
    const to = machine.connect();
    const effects = machine.hear(refusal('register', refusalCodes.unauthenticated), { to, signed: false });
    assert.deepEqual(kinds(effects), ['disconnect', 'changed']);
    assert.equal(machine.state.detail, 'The NAT traversal server refused: no (unsigned)');
    assert.equal(machine.wakeAtMs, 1_250);
  });
});

describe('a registration', () => {
  it('answers a ping under its transaction', () => {
    const machine = registration();
    machine.register();
    const pong = sent(machine.hear({ kind: 'ping' }));
    assert.equal(pong.transport, 'tcp');
    assert.deepEqual(pong.message, {
      transactionId: new Uint8Array(12).fill(200),
      body: { kind: 'pong' },
      username: null,
      nonce: null,
    });
  });

  it('passes on invitations and starts', () => {
    const machine = registration();
    machine.register();
    assert.deepEqual(machine.hear(invite), [
      { kind: 'invited', transactionId: new Uint8Array(12).fill(200), invitation: invite },
    ]);
    assert.deepEqual(machine.hear(start), [{ kind: 'start', start }]);
  });

  for (const [name, options] of [
    ['unsigned', { signed: false }],
    ['come over UDP', { transport: 'udp' }],
  ] as const) {
    it(`takes no ping, invitation or start that is ${name}`, () => {
      const machine = registration();
      machine.register();
      for (const body of [{ kind: 'ping' }, invite, start] as const) {
        assert.deepEqual(machine.hear(body, options), []);
      }
    });
  }

  it('ends when access is taken away, and leaves nothing to wait for', () => {
    const machine = registration();
    machine.register();
    machine.feed({ kind: 'meet', body: meet });
    const effects = machine.feed({ kind: 'access', access: null });
    assert.deepEqual(kinds(effects), ['meet-refused', 'disconnect', 'changed']);
    assert.equal(machine.state.phase, 'idle');
    assert.equal(machine.wakeAtMs, null);
    assert.deepEqual(machine.feed({ kind: 'access', access: null }), []);
  });

  it('goes to the first of other servers at once', () => {
    const machine = registration();
    machine.register();
    const servers = [{ host: 'two.example', ports: [9119] }];
    const effects = machine.feed({ kind: 'access', access: { ...access, servers } });
    assert.deepEqual(kinds(effects), ['disconnect', 'connect', 'changed']);
    const connect = effects.find((each) => each.kind === 'connect');
    assert.deepEqual(connect?.server, { host: 'two.example', port: 9119 });
  });

  it('is renewed on its connection with renewed credentials, over UDP too', () => {
    const machine = registration();
    machine.register();
    const renewed = { ...access, username: '1800003600:11', password: 'other' };
    const register = sent(machine.feed({ kind: 'access', access: renewed }));
    assert.equal(register.message.username, renewed.username);
    assert.equal(machine.state.phase, 'registered');
    const effects = machine.hear({ kind: 'registered', lifetimeS: 60, mapped }, { to: register });
    assert.equal(sent(effects).transport, 'udp');
    assert.deepEqual(machine.feed({ kind: 'access', access: renewed }), []);
  });

  it('waits for an event, not for a time, where the collector names no server', () => {
    const machine = registration();
    machine.feed({ kind: 'access', access: { ...access, servers: [] } });
    assert.equal(machine.wakeAtMs, null);
    assert.match(machine.state.detail ?? '', /names no NAT traversal server/);
    assert.ok(kinds(machine.feed({ kind: 'access', access })).includes('connect'));
  });
});

describe('standing aside', () => {
  it('gives up an attempt, and makes none for a while', () => {
    const machine = registration();
    machine.feed({ kind: 'access', access });
    assert.deepEqual(machine.feed({ kind: 'stand-aside', forMs: 8_000 }), [{ kind: 'disconnect' }]);
    assert.equal(machine.wakeAtMs, machine.nowMs + 8_000);
    assert.deepEqual(kinds(machine.wake()), ['connect']);
  });

  it('ends when somebody is in a hurry', () => {
    const machine = registration();
    machine.feed({ kind: 'access', access });
    machine.feed({ kind: 'stand-aside', forMs: 8_000 });
    machine.feed({ kind: 'hurry' });
    assert.equal(machine.wakeAtMs, machine.nowMs + 500);
  });

  it('leaves a connection alone', () => {
    const machine = registration();
    machine.register();
    assert.deepEqual(machine.feed({ kind: 'stand-aside', forMs: 8_000 }), []);
    assert.equal(machine.state.phase, 'registered');
  });
});
