import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { refusalCodes } from '@pinhole/wire';
import { kinds, mapped, meet, moved, refusal, registration, sent, sessionId, start } from './scene.ts';

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
      const heardAtMs = machine.nowMs;
      register = machine.refresh();
      assert.equal(machine.nowMs - heardAtMs, 15_000);
    }
  });

  it('is repeated after 0.5, 1, 2, 4, 8 and then 15 s, and counts as lost after four', () => {
    const machine = registration();
    const first = machine.register();
    machine.hear({ kind: 'registered', lifetimeS: 60, mapped }, { transport: 'udp', to: first });
    machine.refresh();
    const gaps: number[] = [];
    const known: boolean[] = [];
    for (let tries = 0; tries < 7; tries++) {
      const beforeMs = machine.nowMs;
      machine.refresh();
      gaps.push(machine.nowMs - beforeMs);
      known.push(machine.state.udp !== null);
    }
    assert.deepEqual(gaps, [500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
    assert.deepEqual(known, [true, true, true, false, false, false, false]);
    assert.equal(machine.state.phase, 'registered');
  });

  it('reports another public endpoint', () => {
    const machine = registration();
    const first = machine.register();
    machine.hear({ kind: 'registered', lifetimeS: 60, mapped }, { transport: 'udp', to: first });
    const second = machine.refresh();
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
    machine.hear(start);
    assert.deepEqual(machine.state.meets, []);
  });

  it('is asked for again under the same session, which the latest alone ends', () => {
    const machine = registration();
    machine.register();
    const first = sent(machine.feed({ kind: 'meet', body: meet }));
    const second = sent(machine.feed({ kind: 'meet', body: { ...meet, attempt: 2 } }));
    assert.deepEqual(second.message.body, { ...meet, attempt: 2 });
    assert.deepEqual(machine.hear(refusal('meet', refusalCodes.targetSilent), { to: first }), []);
    machine.hear(start);
    machine.feed({ kind: 'meet', body: { ...meet, attempt: 3 } });
    assert.equal(machine.state.meets.length, 1);
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

  it('that is refused has shown that the connection works', () => {
    const machine = registration();
    machine.register();
    const asked = sent(machine.feed({ kind: 'meet', body: meet }));
    assert.notEqual(machine.state.unanswered, null);
    machine.nowMs += 50;
    machine.hear(refusal('meet', refusalCodes.targetNotRegistered, null), { to: asked });
    assert.equal(machine.state.unanswered, null);
    assert.equal(machine.state.heardAtMs, machine.nowMs);
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
