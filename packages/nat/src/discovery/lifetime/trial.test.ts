import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Random } from '@pinhole/net';
import { endpoint } from '@pinhole/wire';
import { startTrial, stepTrial, type TrialEffect, type TrialPlan, type TrialSlot } from './trial.ts';

const subject = endpoint('198.51.100.1', 40_000);
const watcher = endpoint('198.51.100.1', 40_001);
const publicOf = { subject, watcher };

/** A trial and the time; what it asks for is answered by the test. */
class Run {
  nowMs = 0;
  state;
  wakeAtMs: number | null = 0;
  asked: TrialEffect[] = [];
  #count = 0;
  readonly #random: Random = {
    bytes: (length) => new Uint8Array(length).fill(++this.#count),
    below: () => 0,
  };

  constructor(plan: TrialPlan) {
    this.state = startTrial(plan, 0);
    this.tick();
  }

  result() {
    return this.state.outcome?.kind ?? null;
  }

  tick(): void {
    this.#feed({ kind: 'tick' });
  }

  lose(slot: TrialSlot): void {
    this.#feed({ kind: 'lost', slot, detail: 'the connection ended: reset' });
  }

  /** To what was asked last from this port; it comes to this port, or to the one given. */
  answer(asked: TrialSlot, arrivesAt: TrialSlot = asked, mapped = publicOf[asked]): void {
    const { transactionId } = this.last(asked);
    this.#feed({ kind: 'answer', slot: arrivesAt, transactionId, mapped });
  }

  /** The proof is what asks for its answer at the subject's public port. */
  prove(): void {
    const proof = this.asked.findLast(({ responsePort }) => responsePort === subject.port);
    assert.ok(proof !== undefined);
    const { transactionId } = proof;
    this.#feed({ kind: 'answer', slot: 'subject', transactionId, mapped: watcher });
  }

  control(): void {
    const control = this.asked.findLast((each) => each.slot === 'watcher' && each.responsePort === null);
    assert.ok(control !== undefined);
    const { transactionId } = control;
    this.#feed({ kind: 'answer', slot: 'watcher', transactionId, mapped: watcher });
  }

  last(slot: TrialSlot): TrialEffect {
    const found = this.asked.findLast((each) => each.slot === slot);
    assert.ok(found !== undefined, `nothing was asked from the ${slot}`);
    return found;
  }

  /** Up to this moment; everything that is asked in between. */
  until(untilMs: number): TrialEffect[] {
    const before = this.asked.length;
    while (this.wakeAtMs !== null && this.wakeAtMs <= untilMs) {
      this.nowMs = this.wakeAtMs;
      this.tick();
    }
    this.nowMs = untilMs;
    return this.asked.slice(before);
  }

  #feed(event: Parameters<typeof stepTrial>[1]): void {
    const { state, effects, wakeAtMs } = stepTrial(this.state, event, this.nowMs, this.#random);
    this.state = state;
    this.wakeAtMs = wakeAtMs;
    this.asked.push(...effects);
  }
}

/** A UDP mapping that has been in use for 2.5 s, and is idle since then. */
function idle(idleMs = 20_000): Run {
  const run = new Run({ kind: 'udp', idleMs });
  run.answer('subject');
  run.until(2_500);
  run.answer('subject');
  return run;
}

describe('a trial of a UDP mapping', () => {
  it('uses it for more than 2 s, and then sends nothing from it', () => {
    const run = idle();
    assert.equal(run.asked.length, 2);
    assert.deepEqual(run.until(22_499), []);
    const proof = run.until(22_500);
    assert.deepEqual(
      proof.map(({ slot, responsePort }) => [slot, responsePort]),
      [
        ['watcher', subject.port],
        ['watcher', null],
      ],
    );
  });

  it('has lived where the answer comes to it', () => {
    const run = idle();
    run.until(22_500);
    run.prove();
    assert.deepEqual(run.state.outcome, { kind: 'lived', idleMs: 20_000 });
    assert.equal(run.wakeAtMs, null);
  });

  it('has lived where only the last of three comes', () => {
    const run = idle();
    run.until(24_500);
    run.prove();
    assert.equal(run.result(), 'lived');
  });

  it('has died where none comes and the server is there', () => {
    const run = idle();
    run.until(22_500);
    run.control();
    assert.equal(run.result(), null);
    run.until(30_000);
    assert.deepEqual(run.state.outcome, { kind: 'died', idleMs: 20_000 });
  });

  it('tells nothing where the server is not there any more', () => {
    const run = idle();
    run.until(30_000);
    assert.equal(run.result(), 'unclear');
  });

  it('tells nothing where the public address is another now', () => {
    const run = idle();
    run.until(22_500);
    run.answer('watcher', 'watcher', endpoint('198.51.100.9', 40_001));
    assert.equal(run.result(), 'unclear');
  });

  it('tells nothing where the server is not there to begin with, after three tries', () => {
    const run = new Run({ kind: 'udp', idleMs: 20_000 });
    run.until(60_000);
    assert.equal(run.asked.length, 3);
    assert.equal(run.result(), 'unclear');
  });

  it('does not take its own request for the proof', () => {
    const run = idle();
    run.until(22_500);
    run.answer('watcher', 'subject', subject);
    assert.equal(run.result(), null);
  });

  it('on which nothing comes back has its first answer sent to the watcher', () => {
    const run = new Run({ kind: 'udp-unreplied', idleMs: 20_000 });
    run.answer('watcher');
    run.until(10);
    assert.equal(run.last('subject').responsePort, watcher.port);
    run.answer('subject', 'watcher');
    assert.deepEqual(run.until(20_000 - 1), []);
    run.until(20_010);
    run.prove();
    assert.equal(run.result(), 'lived');
  });

  it('to which packets come in has them at their times, and counts from what went out', () => {
    const run = new Run({ kind: 'udp-inbound', idleMs: 20_000, inboundEveryMs: 6_000 });
    run.answer('subject');
    run.until(2_500);
    run.answer('subject');
    const inbound = run.until(22_499);
    assert.deepEqual(
      inbound.map(({ slot, responsePort }) => [slot, responsePort]),
      Array(3).fill(['watcher', subject.port]),
    );
    run.prove();
    assert.equal(run.result(), null);
    run.until(22_500);
    run.prove();
    assert.deepEqual(run.state.outcome, { kind: 'lived', idleMs: 20_000 });
  });
});

describe('a trial of a TCP mapping', () => {
  function asking(): Run {
    const run = new Run({ kind: 'tcp', idleMs: 20_000 });
    run.answer('subject');
    assert.deepEqual(run.until(19_999), []);
    assert.deepEqual(
      run.until(20_000).map(({ slot }) => slot),
      ['subject', 'watcher'],
    );
    return run;
  }

  it('has lived where the connection still answers', () => {
    const run = asking();
    run.answer('subject');
    assert.equal(run.result(), 'lived');
  });

  it('has died where the connection is reset, and the server is there', () => {
    const run = asking();
    run.lose('subject');
    assert.equal(run.result(), null);
    run.control();
    assert.equal(run.result(), 'died');
  });

  it('has died where nothing comes back, and the server is there', () => {
    const run = asking();
    run.control();
    run.until(25_999);
    assert.equal(run.result(), null);
    run.until(26_000);
    assert.equal(run.result(), 'died');
  });

  it('tells nothing where the connection ends by itself, as when the server is stopped', () => {
    const run = new Run({ kind: 'tcp', idleMs: 20_000 });
    run.answer('subject');
    run.lose('subject');
    assert.equal(run.result(), 'unclear');
  });

  it('tells nothing where the server is not there any more', () => {
    const run = asking();
    run.lose('subject');
    run.lose('watcher');
    assert.equal(run.result(), 'unclear');
  });
});
