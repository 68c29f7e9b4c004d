// One end of a session with a test as its peer.

import assert from 'node:assert/strict';
import type { Random } from '@pinhole/net';
import {
  endpoint,
  type SentRecords,
  type SessionBody,
  type SessionPlan,
  type SessionRole,
} from '@pinhole/wire';
import { stepSession } from './machine.ts';
import { type SessionEffect, type SessionEvent, startSession } from './state.ts';
import { ntpFromNs } from './time.ts';

export const peer = endpoint('198.51.100.1', 49_153);
export const elsewhere = endpoint('198.51.100.1', 50_000);
export const mapped = endpoint('203.0.113.5', 49_153);
export const originUnixNs = 1_800_000_000_000_000_000n;
export const twoProbes: SessionPlan = {
  probeCount: 2,
  gapUs: 20_000,
  payloadBytes: 0,
  dscp: 0,
  toTarget: true,
  fromTarget: true,
  lossThresholdMs: 2_000,
};

export type Sent = Extract<SessionEffect, { kind: 'send' }>;

/** A session at one end; the test is its peer, and has the clock in its hand. Transaction ids count up. */
export function session(role: SessionRole, plan: SessionPlan = twoProbes, byConnection = false) {
  let count = 0;
  const random: Random = { bytes: (length) => new Uint8Array(length).fill(++count), below: () => 0 };
  const candidates = role === 'source' ? [peer] : [];
  const end = {
    state: startSession({
      role,
      plan: role === 'source' ? plan : null,
      punch: { candidates, startAtMs: 0, deadlineMs: 8_000, byConnection },
      check: { kind: 'check', testId: '7', sourceAgentId: '11', roundId: 60 },
      originUnixNs,
    }),
    nowMs: 0,
    wakeAtMs: 0 as number | null,
    effects: [] as SessionEffect[],
    feed(event: SessionEvent): SessionEffect[] {
      const { effects, wakeAtMs } = stepSession(end.state, event, end.nowMs, random);
      end.wakeAtMs = wakeAtMs;
      end.effects.push(...effects);
      // As the driver does: a probe is logged when it was sent.
      for (const effect of effects) {
        if (effect.kind === 'send-probe') {
          end.feed({ kind: 'probe-sent', sequence: effect.sequence, atNs: end.nowMs * 1e6 });
        }
      }
      return effects;
    },
    hear(body: SessionBody, transactionId: Uint8Array = new Uint8Array(12).fill(200)): SessionEffect[] {
      return end.feed({ kind: 'message', from: peer, receivedTtl: null, transactionId, body });
    },
    wake(): SessionEffect[] {
      assert.ok(end.wakeAtMs !== null && Number.isFinite(end.wakeAtMs));
      end.nowMs = Math.max(end.nowMs, end.wakeAtMs);
      return end.feed({ kind: 'tick' });
    },
    /** Lets time pass, from wake-up to wake-up, until `done` or until it is gone. */
    run(done: () => boolean = () => false): SessionEffect[] {
      const from = end.effects.length;
      for (let wakes = 0; end.wakeAtMs !== null && !done(); wakes++) {
        assert.ok(wakes < 200, `still awake at ${end.nowMs} ms`);
        end.wake();
      }
      return end.effects.slice(from);
    },
    outcome() {
      const finished = end.effects.filter((each) => each.kind === 'finished');
      assert.ok(finished.length <= 1, 'finished twice');
      return finished[0]?.outcome;
    },
    /** A source, to where it has sent Open. */
    check(): Sent {
      const check = sent(end.feed({ kind: 'tick' }), 'check');
      end.nowMs += 30;
      return sent(end.hear({ kind: 'checked', mapped }, check.transactionId), 'open');
    },
    /** The peer's check came, and it answered ours. */
    confirmPeer(): void {
      const check = sent(end.hear({ kind: 'check', testId: '7', sourceAgentId: '11', roundId: 60 }), 'check');
      end.hear({ kind: 'checked', mapped }, check.transactionId);
    },
    /** To where it measures. */
    open(): void {
      if (role === 'source') end.hear({ kind: 'opened' }, end.check().transactionId);
      else {
        end.confirmPeer();
        end.hear({ kind: 'open', plan, sentTo: mapped });
      }
      assert.equal(end.state.phase, 'measuring');
    },
    /** A probe of ours came back. */
    reflect(sequence: number): SessionEffect[] {
      const atNs = end.nowMs * 1e6;
      return end.feed({ kind: 'reflection-received', sequence, t2Ns: atNs, t3Ns: atNs, t4Ns: atNs });
    },
    /** The peer's probes came, and its report of them. */
    peerReports(records: SentRecords = reportOf(plan.probeCount)): SessionEffect[] {
      return end.hear({ kind: 'report', tcp: null, records });
    },
  };
  return end;
}

export function sent(effects: readonly SessionEffect[], kind: SessionBody['kind']): Sent {
  const all = effects.filter((each): each is Sent => each.kind === 'send' && each.body.kind === kind);
  assert.equal(all.length, 1, `${all.length} times ${kind}`);
  return all[0] as Sent;
}

export function countOf(effects: readonly SessionEffect[], kind: SessionBody['kind']): number {
  return effects.filter((each) => each.kind === 'send' && each.body.kind === kind).length;
}

export function reportOf(total: number, first = 0): SentRecords {
  const at = ntpFromNs(0, originUnixNs);
  const entries = Array.from({ length: Math.min(60, total - first) }, () => ({
    sentAt: at,
    reflectionAt: at,
  }));
  return { first, total, entries };
}

/** The reports that are waited for now. */
export function openReports(end: ReturnType<typeof session>): Uint8Array[] {
  return end.state.requests.map(({ transactionId }) => transactionId);
}
