import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endpoint } from '@pinhole/wire';
import { pino } from 'pino';
import { assignment } from '../../test/samples.ts';
import { newSessionId, outside, testPort, twoAgents } from '../port/scene.ts';
import type { SessionOutcome } from '../session/state.ts';
import { RoundSessions } from './sessions.ts';

describe('a session that has failed', () => {
  it('gives back the ports of its search at once, though its path is being traced', async () => {
    const { simulation, source, udp } = await twoAgents({ source: {}, target: {} }, 1, 'udp');
    const { port } = source;
    const sessions = new RoundSessions({
      log: pino({ level: 'silent' }),
      trace: () => Promise.resolve(),
      onPhase: () => undefined,
      measureThroughput: () => Promise.resolve(),
      onResults: () => undefined,
    });
    const finished = Promise.withResolvers<SessionOutcome>();
    const session = sessions.make(
      port,
      assignment({ kind: 'once', roundIds: [] }),
      newSessionId(),
      {
        role: 'source',
        plan: null,
        punch: { candidates: [], startAtMs: 0, deadlineMs: 4_000 },
        check: { kind: 'check', testId: '7', sourceAgentId: '11', roundId: 60 },
      },
      {
        onConnected: () => undefined,
        onFinished: (outcome) => {
          session.setTracing(true);
          finished.resolve(outcome);
        },
      },
    );
    port.sessions.add(session);
    session.start();
    port.reach(session, {
      candidates: [endpoint(outside.target, testPort)],
      startAtMs: simulation.nowMs,
      openerTtl: null,
      search: {
        sockets: 16,
        tries: 16,
        ports: { first: 10_000, step: 1, count: 16 },
        order: 'in-turn',
        accept: false,
      },
    });
    await simulation.run({ untilMs: simulation.nowMs + 1_000 });
    assert.equal(udp.source.open.size, 1 + 16);
    assert.equal((await simulation.runUntil(finished.promise)).kind, 'failed');
    assert.equal(udp.source.open.size, 1);
    assert.match(port.evidence(session) ?? '', /768 checks sent/);
    assert.equal(port.sessions.get(session.sessionId), session);
  });
});
