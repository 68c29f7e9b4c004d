import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { access, kinds, mapped, meet, moved, registration, sent, server } from './scene.ts';

describe('a connection', () => {
  /** Registered over UDP too: nothing but the connection itself is due before its keep-alive. */
  function registered() {
    const machine = registration();
    const to = machine.register();
    machine.hear({ kind: 'registered', lifetimeS: 60, mapped }, { transport: 'udp', to });
    return machine;
  }

  it('that is idle for 8 s is asked whether it is there, and again 8 s after each answer', () => {
    const machine = registered();
    for (let words = 0; words < 3; words++) {
      assert.deepEqual(kinds(machine.after(7_900)).includes('keep-alive'), false);
      assert.deepEqual(kinds(machine.after(100)).includes('keep-alive'), true);
      assert.deepEqual(machine.feed({ kind: 'kept-alive' }), []);
    }
  });

  for (const [name, speak] of [
    ['the server', (machine: ReturnType<typeof registration>) => machine.hear({ kind: 'ping' })],
    ['the agent', (machine: ReturnType<typeof registration>) => machine.feed({ kind: 'meet', body: meet })],
  ] as const) {
    it(`over which ${name} says something else is not asked meanwhile`, () => {
      const machine = registered();
      machine.after(5_000);
      speak(machine);
      assert.ok(!kinds(machine.after(5_000)).includes('keep-alive'));
    });
  }

  it('that does not answer within 10 s is lost, and not asked twice', () => {
    const machine = registered();
    machine.after(8_000);
    assert.ok(!kinds(machine.after(9_900)).includes('keep-alive'));
    assert.equal(machine.state.phase, 'registered');
    assert.ok(kinds(machine.after(100)).includes('disconnect'));
    assert.match(machine.state.detail ?? '', /did not answer for 10 s/);
    assert.deepEqual([machine.state.tcp, machine.state.udp], [null, null]);
  });
});

describe('a connection that is cut', () => {
  /** After a wait for `idleMs` the machine says something, and the connection is cut; then it is registered again. */
  function cut(machine: ReturnType<typeof registration>, by: 'silence' | 'reset' = 'reset') {
    machine.wake();
    for (let woken = 0; machine.state.unanswered === null && woken < 10; woken++) machine.wake();
    const before = machine.state.unanswered;
    if (by === 'reset') machine.feed({ kind: 'disconnected', detail: 'reset', cut: 'reset' });
    else while (machine.state.phase === 'registered') machine.wake();
    const waitMs = (machine.wakeAtMs ?? 0) - machine.nowMs;
    const connect = machine.wake().find((each) => each.kind === 'connect');
    return { idleMs: before?.idleMs, waitMs, keepAliveMs: connect?.keepAliveMs };
  }

  function again(machine: ReturnType<typeof registration>) {
    const to = sent(machine.feed({ kind: 'connected', server }));
    machine.hear({ kind: 'registered', lifetimeS: 60, mapped: moved }, { to });
  }

  for (const by of ['reset', 'silence'] as const) {
    it(`by ${by} after it was idle is followed at once by one that is kept alive twice as often`, () => {
      const machine = registration();
      machine.register();
      assert.deepEqual(cut(machine, by), { idleMs: 8_000, waitMs: 250, keepAliveMs: 4_000 });
      assert.equal(machine.state.losses.length, 0);
      again(machine);
      const [loss] = machine.state.losses;
      assert.deepEqual([loss?.by, loss?.idleMs, loss?.portAfter], [by, 8_000, moved.port]);
      assert.equal(machine.state.keepAliveMs, 4_000);
    });
  }

  it('again and again has a successor at once each time, which never costs more than a word in 4 s', () => {
    const machine = registration();
    machine.register();
    for (let cuts = 0; cuts < 5; cuts++) {
      const { waitMs, keepAliveMs } = cut(machine);
      assert.deepEqual([waitMs, keepAliveMs], [250, 4_000]);
      again(machine);
    }
  });

  it('leaves what it taught for as long as the agent runs', () => {
    const machine = registration();
    machine.register();
    cut(machine);
    again(machine);
    machine.feed({ kind: 'access', access: null });
    assert.equal(machine.state.keepAliveMs, 4_000);
    const connect = machine.feed({ kind: 'access', access }).find((each) => each.kind === 'connect');
    assert.equal(connect?.keepAliveMs, 4_000);
  });

  it('by an outage, after which nobody gets through for a while, teaches nothing', () => {
    const machine = registration();
    machine.register();
    cut(machine);
    machine.feed({ kind: 'connect-failed', detail: 'timeout' });
    machine.nowMs += 20_000;
    machine.wakeAtMs = machine.nowMs;
    machine.wake();
    again(machine);
    assert.deepEqual([machine.state.losses, machine.state.keepAliveMs], [[], 8_000]);
  });

  it('while nothing had been said for long is a fault like any other, and teaches nothing', () => {
    const machine = registration();
    const to = machine.register();
    machine.hear({ kind: 'registered', lifetimeS: 60, mapped }, { transport: 'udp', to });
    machine.after(5_000);
    machine.feed({ kind: 'disconnected', detail: 'reset', cut: 'reset' });
    machine.wake();
    again(machine);
    assert.deepEqual([machine.state.losses.length, machine.state.keepAliveMs], [1, 8_000]);
  });

  it('before it was registered is no loss', () => {
    const machine = registration();
    machine.connect();
    machine.feed({ kind: 'disconnected', detail: 'reset', cut: 'reset' });
    machine.wake();
    again(machine);
    assert.deepEqual(machine.state.losses, []);
  });
});

describe('a trial', () => {
  it('tells what it came to, which is a change', () => {
    const machine = registration();
    machine.register();
    const loss = {
      of: 'trial',
      atMs: 0,
      by: 'reset',
      livedMs: 1,
      idleMs: 1,
      portBefore: 1,
      portAfter: 1,
    } as const;
    assert.deepEqual(machine.feed({ kind: 'tried', losses: [] }), []);
    assert.deepEqual(machine.feed({ kind: 'tried', losses: [loss, loss] }), [{ kind: 'changed' }]);
    assert.equal(machine.state.losses.length, 2);
    assert.deepEqual(machine.feed({ kind: 'tried', losses: [] }), [{ kind: 'changed' }]);
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
