import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TraversalAccess } from '@pinhole/contract';
import type { Random } from '@pinhole/net';
import { endpoint, type RendezvousBody, refusalCodes, type Transport } from '@pinhole/wire';
import { stepRegistration } from './machine.ts';
import { newRegistration, type RegistrationEffect, type RegistrationEvent } from './state.ts';

const server = endpoint('198.51.100.9', 9119);
const mapped = endpoint('203.0.113.5', 40_000);
const moved = endpoint('203.0.113.5', 40_001);
const access: TraversalAccess = {
  servers: [
    { host: 'one.example', ports: [9119, 9120] },
    { host: null, ports: [9119] },
  ],
  username: '1800000000:11',
  password: 'secret',
  expiresAtMs: 1_800_000_000_000,
};
const sessionId = new Uint8Array(16).fill(9);
const meet = { kind: 'meet', sessionId, transport: 'udp', roundId: 60, ticket: new Uint8Array(65) } as const;

type Sent = Extract<RegistrationEffect, { kind: 'send' }>;

/** The machine under test, with the clock in the test's hand. Transaction ids count up. */
function registration(jitter: (limit: number) => number = () => 0) {
  let count = 0;
  const random: Random = { bytes: (length) => new Uint8Array(length).fill(++count), below: jitter };
  const machine = {
    state: newRegistration(),
    nowMs: 1_000,
    wakeAtMs: null as number | null,
    feed(event: RegistrationEvent): RegistrationEffect[] {
      const step = stepRegistration(machine.state, event, machine.nowMs, random);
      machine.state = step.state;
      machine.wakeAtMs = step.wakeAtMs;
      assert.ok(step.wakeAtMs === null || step.wakeAtMs > machine.nowMs, 'a wake-up that is due already');
      return step.effects;
    },
    /** Lets time pass to the next wake-up. */
    wake(): RegistrationEffect[] {
      assert.ok(machine.wakeAtMs !== null);
      machine.nowMs = machine.wakeAtMs;
      return machine.feed({ kind: 'tick' });
    },
    after(delayMs: number): RegistrationEffect[] {
      machine.nowMs += delayMs;
      return machine.feed({ kind: 'tick' });
    },
    hear(
      body: RendezvousBody,
      { transport = 'tcp', to, signed = true }: { transport?: Transport; to?: Sent; signed?: boolean } = {},
    ): RegistrationEffect[] {
      const transactionId = to?.message.transactionId ?? new Uint8Array(12).fill(200);
      const message = { transactionId, body, username: null, nonce: null };
      return machine.feed({ kind: 'message', transport, message, signed });
    },
    /** To where Register is sent over TCP. */
    connect(): Sent {
      machine.feed({ kind: 'access', access });
      return sent(machine.feed({ kind: 'connected', server }));
    },
    /** To where it is registered over TCP; the first Register over UDP. */
    register(): Sent {
      const register = machine.connect();
      return sent(machine.hear({ kind: 'registered', lifetimeS: 60, mapped }, { to: register }));
    },
  };
  return machine;
}

function sent(effects: readonly RegistrationEffect[]): Sent {
  const all = effects.filter((each) => each.kind === 'send');
  assert.equal(all.length, 1, JSON.stringify(effects));
  return all[0] as Sent;
}

function kinds(effects: readonly RegistrationEffect[]): string[] {
  return effects.map((each) =>
    each.kind === 'send' ? `${each.transport} ${each.message.body.kind}` : each.kind,
  );
}

function refusal(
  method: 'register' | 'meet',
  code: number,
  nonce: string | null = null,
): Extract<RendezvousBody, { kind: 'refused' }> {
  return { kind: 'refused', method, code, reason: 'no', nonce };
}

describe('registering', () => {
  it('connects as soon as there is access, and asks for nothing before', () => {
    const machine = registration();
    assert.deepEqual(machine.feed({ kind: 'tick' }), []);
    assert.equal(machine.wakeAtMs, null);
    const effects = machine.feed({ kind: 'access', access });
    assert.deepEqual(effects, [
      { kind: 'connect', server: { host: 'one.example', port: 9119 } },
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

describe('registering over UDP', () => {
  it('refreshes every 15 s while it is answered', () => {
    const machine = registration();
    let register = machine.register();
    for (let round = 0; round < 3; round++) {
      machine.nowMs += 40;
      const effects = machine.hear(
        { kind: 'registered', lifetimeS: 60, mapped },
        { transport: 'udp', to: register },
      );
      assert.deepEqual(kinds(effects), round === 0 ? ['changed'] : []);
      assert.deepEqual(machine.state.udp, mapped);
      assert.equal(machine.wakeAtMs, machine.nowMs + 15_000);
      register = sent(machine.wake());
      assert.equal(register.transport, 'udp');
      machine.hear({ kind: 'ping' });
    }
  });

  it('is repeated after 0.5, 1, 2, 4, 8 and then 15 s, and counts as lost after four', () => {
    const machine = registration();
    const first = machine.register();
    machine.hear({ kind: 'registered', lifetimeS: 60, mapped }, { transport: 'udp', to: first });
    machine.wake();
    const gaps: number[] = [];
    const known: boolean[] = [];
    for (let tries = 0; tries < 7; tries++) {
      const beforeMs = machine.nowMs;
      assert.deepEqual(kinds(machine.wake()).slice(0, 1), ['udp register']);
      gaps.push(machine.nowMs - beforeMs);
      known.push(machine.state.udp !== null);
      machine.hear({ kind: 'ping' });
    }
    assert.deepEqual(gaps, [500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
    assert.deepEqual(known, [true, true, true, false, false, false, false]);
    assert.equal(machine.state.phase, 'registered');
  });

  it('reports another public endpoint', () => {
    const machine = registration();
    const first = machine.register();
    machine.hear({ kind: 'registered', lifetimeS: 60, mapped }, { transport: 'udp', to: first });
    const second = sent(machine.wake());
    const effects = machine.hear(
      { kind: 'registered', lifetimeS: 60, mapped: moved },
      { transport: 'udp', to: second },
    );
    assert.deepEqual(kinds(effects), ['changed']);
    assert.deepEqual(machine.state.udp, moved);
  });

  it('takes a new nonce once, then waits for its time', () => {
    const machine = registration();
    let to = machine.register();
    to = sent(machine.hear(refusal('register', refusalCodes.staleNonce, 'u1'), { transport: 'udp', to }));
    assert.equal(to.message.nonce, 'u1');
    const effects = machine.hear(refusal('register', refusalCodes.staleNonce, 'u2'), {
      transport: 'udp',
      to,
    });
    assert.deepEqual(kinds(effects), []);
    assert.equal(machine.state.phase, 'registered');
    assert.deepEqual(kinds(machine.wake()), ['udp register']);
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

  const invite = {
    kind: 'invite',
    sessionId,
    transport: 'udp',
    roundId: 60,
    testId: '7',
    sourceAgentId: '22',
  } as const;
  const start = { kind: 'start', sessionId, peers: [moved], startInMs: 40 } as const;

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

  it('is over after 55 s of silence, which a ping ends', () => {
    const machine = registration();
    machine.register();
    machine.after(50_000);
    machine.hear({ kind: 'ping' });
    machine.after(54_000);
    assert.equal(machine.state.phase, 'registered');
    assert.ok(kinds(machine.after(1_000)).includes('disconnect'));
    assert.match(machine.state.detail ?? '', /silent for 55 s/);
    assert.deepEqual([machine.state.tcp, machine.state.udp], [null, null]);
  });

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
    assert.deepEqual(connect, { kind: 'connect', server: { host: 'two.example', port: 9119 } });
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

describe('meeting', () => {
  it('is asked for over TCP, and refused at once where there is no registration', () => {
    const machine = registration();
    machine.connect();
    assert.deepEqual(kinds(machine.feed({ kind: 'meet', body: meet })), ['meet-refused']);
    const other = registration();
    other.register();
    assert.deepEqual(kinds(other.feed({ kind: 'meet', body: meet })), ['tcp meet']);
  });

  it('ends with Start', () => {
    const machine = registration();
    machine.register();
    machine.feed({ kind: 'meet', body: meet });
    machine.hear({ kind: 'start', sessionId, peers: [moved], startInMs: 40 });
    assert.deepEqual(machine.state.meets, []);
  });

  it('is refused with what the server said', () => {
    const machine = registration();
    machine.register();
    const to = sent(machine.feed({ kind: 'meet', body: meet }));
    assert.deepEqual(machine.hear(refusal('meet', refusalCodes.targetNotRegistered), { to }), [
      { kind: 'meet-refused', sessionId, code: 404, reason: 'no' },
    ]);
    assert.deepEqual(machine.hear(refusal('meet', refusalCodes.targetNotRegistered), { to }), []);
  });

  it('is asked for again with a new nonce, once', () => {
    const machine = registration();
    machine.register();
    let to = sent(machine.feed({ kind: 'meet', body: meet }));
    to = sent(machine.hear(refusal('meet', refusalCodes.staleNonce, 'n1'), { to }));
    assert.equal(to.message.nonce, 'n1');
    assert.deepEqual(kinds(machine.hear(refusal('meet', refusalCodes.staleNonce, 'n2'), { to })), [
      'meet-refused',
    ]);
  });

  it('with a nonce that another meeting has renewed meanwhile is asked for again as well', () => {
    const machine = registration();
    machine.register();
    const other = { ...meet, sessionId: new Uint8Array(16).fill(8) };
    const first = sent(machine.feed({ kind: 'meet', body: meet }));
    const second = sent(machine.feed({ kind: 'meet', body: other }));
    machine.hear(refusal('meet', refusalCodes.staleNonce, 'n1'), { to: first });
    const effects = machine.hear(refusal('meet', refusalCodes.staleNonce, 'n1'), { to: second });
    assert.deepEqual(kinds(effects), ['tcp meet']);
  });

  it('fails when the server has not answered in 4.5 s, new nonce or not', () => {
    const machine = registration();
    const udp = machine.register();
    machine.hear({ kind: 'registered', lifetimeS: 60, mapped }, { transport: 'udp', to: udp });
    const to = sent(machine.feed({ kind: 'meet', body: meet }));
    machine.after(3_000);
    machine.hear(refusal('meet', refusalCodes.staleNonce, 'n1'), { to });
    assert.equal(machine.wakeAtMs, machine.nowMs + 1_500);
    assert.deepEqual(kinds(machine.wake()), ['meet-refused']);
  });

  it('fails with the connection', () => {
    const machine = registration();
    machine.register();
    machine.feed({ kind: 'meet', body: meet });
    const effects = machine.feed({ kind: 'disconnected', detail: 'lost', cut: null });
    assert.deepEqual(effects[0], { kind: 'meet-refused', sessionId, code: 0, reason: 'lost' });
  });
});

describe('standing aside', () => {
  it('gives up an attempt, and makes none for a while', () => {
    const machine = registration();
    machine.feed({ kind: 'access', access });
    assert.deepEqual(machine.feed({ kind: 'stand-aside', forMs: 8_000 }), [{ kind: 'disconnect' }]);
    assert.equal(machine.wakeAtMs, machine.nowMs + 8_000);
    assert.deepEqual(machine.wake(), [{ kind: 'connect', server: { host: 'one.example', port: 9119 } }]);
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

describe('a registration that is cut', () => {
  it('by silence has lost its connection, once it is registered again', () => {
    const machine = registration();
    machine.register();
    for (let woken = 0; machine.state.phase === 'registered' && woken < 100; woken++) machine.wake();
    assert.equal(machine.state.losses.length, 0);
    machine.wake();
    const again = sent(machine.feed({ kind: 'connected', server }));
    machine.hear({ kind: 'registered', lifetimeS: 60, mapped: moved }, { to: again });
    const [loss] = machine.state.losses;
    assert.deepEqual([loss?.by, loss?.idleMs, loss?.portAfter], ['silence', 55_000, moved.port]);
  });

  it('before it was registered has lost nothing', () => {
    const machine = registration();
    machine.connect();
    machine.feed({ kind: 'disconnected', detail: 'reset', cut: 'reset' });
    machine.wake();
    const again = sent(machine.feed({ kind: 'connected', server }));
    machine.hear({ kind: 'registered', lifetimeS: 60, mapped }, { to: again });
    assert.deepEqual(machine.state.losses, []);
  });
});

describe('trying again', () => {
  function attempts(machine: ReturnType<typeof registration>, count: number) {
    const waits: number[] = [];
    const places: unknown[] = [];
    let effects = machine.feed({ kind: 'access', access });
    for (let i = 0; i < count; i++) {
      places.push(effects.find((each) => each.kind === 'connect')?.server);
      machine.feed({ kind: 'connect-failed', detail: `failure ${i}` });
      assert.ok(machine.wakeAtMs !== null);
      waits.push(machine.wakeAtMs - machine.nowMs);
      effects = machine.wake();
    }
    return { waits, places };
  }

  it('goes through ports, then servers, and starts over', () => {
    const places = [
      { host: 'one.example', port: 9119 },
      { host: 'one.example', port: 9120 },
      { host: null, port: 9119 },
    ];
    assert.deepEqual(attempts(registration(), 5).places, [...places, ...places.slice(0, 2)]);
  });

  it('waits twice as long each time, up to 10 s', () => {
    const { waits } = attempts(registration(), 9);
    assert.deepEqual(waits, [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000]);
  });

  it('spreads each wait over half as much again', () => {
    const { waits } = attempts(
      registration((limit) => limit - 1),
      9,
    );
    assert.deepEqual(waits, [374, 749, 1499, 2999, 5999, 11_999, 14_999, 14_999, 14_999]);
  });

  it('waits half a second while somebody waits for the registration', () => {
    const machine = registration();
    attempts(machine, 6);
    machine.feed({ kind: 'connect-failed', detail: 'again' });
    machine.feed({ kind: 'hurry' });
    assert.equal((machine.wakeAtMs ?? 0) - machine.nowMs, 500);
  });

  it('begins anew after a registration that held', () => {
    const machine = registration();
    attempts(machine, 4);
    const to = sent(machine.feed({ kind: 'connected', server }));
    machine.hear({ kind: 'registered', lifetimeS: 60, mapped }, { to });
    machine.after(31_000);
    machine.feed({ kind: 'disconnected', detail: 'lost', cut: null });
    assert.equal(machine.wakeAtMs, machine.nowMs + 250);
  });

  it('does not hammer a server that accepts and drops the connection again and again', () => {
    const machine = registration();
    machine.feed({ kind: 'access', access });
    const waits: number[] = [];
    for (let i = 0; i < 5; i++) {
      const to = sent(machine.feed({ kind: 'connected', server }));
      machine.hear({ kind: 'registered', lifetimeS: 60, mapped }, { to });
      machine.feed({ kind: 'disconnected', detail: 'lost', cut: null });
      waits.push((machine.wakeAtMs ?? 0) - machine.nowMs);
      machine.wake();
    }
    assert.deepEqual(waits, [250, 500, 1000, 2000, 4000]);
  });

  it('does not mind what comes too late', () => {
    const machine = registration();
    machine.feed({ kind: 'access', access });
    machine.feed({ kind: 'access', access: null });
    for (const event of [
      { kind: 'connected', server },
      { kind: 'connect-failed', detail: 'late' },
      { kind: 'disconnected', detail: 'late', cut: null },
    ] as const) {
      assert.deepEqual(machine.feed(event), []);
    }
    assert.equal(machine.state.phase, 'idle');
  });
});
