import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Endpoint, endpoint, type SessionBody } from '@pinhole/wire';
import { countOf, peer, session } from './scene.ts';
import type { SessionEffect } from './state.ts';

const trace: SessionBody = { kind: 'trace', paddingBytes: 0 };
const answers = (effects: readonly SessionEffect[]) =>
  effects.flatMap((effect) => (effect.kind === 'send' ? [effect.body] : []));
const opened = (effects: readonly SessionEffect[]) =>
  effects.flatMap((effect) => (effect.kind === 'open-way' ? [effect.to] : []));

type End = ReturnType<typeof session>;

function target(): End {
  const end = session('target');
  end.open();
  return end;
}

let transactions = 0;
function newTransaction(): Uint8Array {
  const id = new Uint8Array(12);
  new DataView(id.buffer).setUint32(0, ++transactions);
  return id;
}

function ask(
  end: End,
  from: Endpoint = peer,
  receivedTtl: number | null = 1,
  transactionId = newTransaction(),
): SessionEffect[] {
  return end.feed({ kind: 'message', from, receivedTtl, transactionId, body: trace });
}

describe('a session whose peer traces the path', () => {
  it('answers where the request came from, with what was left of its TTL', () => {
    const flow = endpoint('198.51.100.7', 40_000);
    assert.deepEqual(answers(ask(target(), flow, 3)), [{ kind: 'traced', receivedTtl: 3, mapped: flow }]);
  });

  it('does not before there is a way to the peer, which has shown to be there', () => {
    assert.equal(countOf(ask(session('target')), 'traced'), 0);
  });

  it('answers each request once: a copy gets nothing, wherever it comes from, and does not make it stay', () => {
    const end = target();
    const transactionId = newTransaction();
    assert.equal(countOf(ask(end, peer, 1, transactionId), 'traced'), 1);
    end.run(() => end.state.phase === 'lingering');
    const finishedAtMs = end.nowMs;
    end.nowMs += 4_000;
    for (const from of [peer, endpoint('192.0.2.99', 7)])
      assert.deepEqual(ask(end, from, 1, transactionId), []);
    const flows: SessionBody = { kind: 'flows', from: [endpoint(peer.address, 40_001)] };
    const copied = { kind: 'message', from: peer, receivedTtl: 1, transactionId: newTransaction() } as const;
    assert.equal(opened(end.feed({ ...copied, body: flows })).length, 1);
    assert.deepEqual(end.feed({ ...copied, body: flows }), []);
    end.run();
    assert.equal(end.nowMs - finishedAtMs, 9_000);
  });

  it('opens the way to flows from the peer, and to nobody else', () => {
    const own = endpoint(peer.address, 40_001);
    const effects = target().hear({ kind: 'flows', from: [own, endpoint('192.0.2.99', 40_001)] });
    assert.deepEqual(opened(effects), [own]);
    assert.deepEqual(answers(effects), [{ kind: 'flows-opened' }]);
  });

  it('opens 40 ways and no more', () => {
    const end = target();
    const from = Array.from({ length: 10 }, (_, i) => endpoint(peer.address, 40_000 + i));
    for (let i = 0; i < 4; i++)
      assert.equal(opened(end.hear({ kind: 'flows', from }, newTransaction())).length, 10);
    assert.equal(opened(end.hear({ kind: 'flows', from }, newTransaction())).length, 0);
  });

  it('answers 512 requests and no more', () => {
    const end = target();
    for (let i = 0; i < 512; i++) assert.equal(countOf(ask(end), 'traced'), 1);
    assert.equal(countOf(ask(end), 'traced'), 0);
  });

  it('stays for 5 s after the last request, and for 30 s at most', () => {
    const lingering = () => {
      const end = target();
      end.run(() => end.state.phase === 'lingering');
      return { end, finishedAtMs: end.nowMs };
    };
    const { end, finishedAtMs } = lingering();
    end.nowMs += 4_000;
    ask(end);
    end.run();
    assert.equal(end.nowMs - finishedAtMs, 9_000);
    const busy = lingering();
    while (busy.end.state.phase !== 'gone' && busy.end.nowMs - busy.finishedAtMs < 60_000) {
      busy.end.nowMs += 1_000;
      ask(busy.end);
    }
    assert.equal(busy.end.nowMs - busy.finishedAtMs, 30_000);
  });

  it('stays while it measures throughput, and 5 s from then on, for what the peer may ask', () => {
    const end = target();
    end.feed({ kind: 'throughput', underWay: true });
    end.run(() => end.state.phase === 'lingering');
    end.nowMs += 70_000;
    end.feed({ kind: 'tick' });
    end.feed({ kind: 'throughput', underWay: false });
    const overAtMs = end.nowMs;
    end.nowMs += 4_000;
    assert.equal(countOf(ask(end), 'traced'), 1);
    end.run();
    assert.equal(end.nowMs - overAtMs, 9_000);
  });

  it('stays while it traces itself', () => {
    const end = target();
    end.feed({ kind: 'tracing', underWay: true });
    end.run(() => end.state.phase === 'lingering');
    end.nowMs += 20_000;
    end.feed({ kind: 'tick' });
    assert.equal(end.state.phase, 'lingering');
    end.feed({ kind: 'tracing', underWay: false });
    assert.equal(end.state.phase, 'gone');
  });
});
