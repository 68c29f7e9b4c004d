import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Random } from '@pinhole/net';
import { type Endpoint, endpoint, ip, sameEndpoint } from '@pinhole/wire';
import { startDiscovery, stepDiscovery } from './machine.ts';
import type { AnswerBody, DiscoveryEffect, DiscoveryEvent, DiscoveryInput } from './state.ts';

const input: DiscoveryInput = {
  serverAddress: ip('203.0.113.10'),
  serverPorts: [9119, 9120],
  registered: null,
  localAddresses: [ip('10.0.0.2')],
  keepAlives: { heldForMs: null, lostAfterMs: [] },
};
const server = [endpoint('203.0.113.10', 9119), endpoint('203.0.113.10', 9120)] as const;
const other = endpoint('203.0.113.11', 9120);
const local = endpoint('10.0.0.2', 49153);
const mapped = endpoint('198.51.100.1', 40000);
const bound: AnswerBody = { kind: 'bound', mapped, other };

type Asked = Extract<DiscoveryEffect, { kind: 'ask' }>;
type Made = DiscoveryEffect & { readonly atMs: number };

/** A discovery, what it wanted done and when; time goes on from one wake-up to the next. */
class Run {
  readonly made: Made[] = [];
  nowMs = 0;
  state;
  wakeAtMs: number | null = 0;
  #count = 0;
  readonly #random: Random = {
    bytes: (length) => new Uint8Array(length).fill(++this.#count),
    below: () => 0,
  };

  constructor(change: Partial<DiscoveryInput> = {}) {
    this.state = startDiscovery({ ...input, ...change });
    this.feed({ kind: 'tick' });
  }

  feed(event: DiscoveryEvent): readonly DiscoveryEffect[] {
    const { state, effects, wakeAtMs } = stepDiscovery(this.state, event, this.nowMs, this.#random);
    this.state = state;
    this.wakeAtMs = wakeAtMs;
    this.made.push(...effects.map((effect) => ({ ...effect, atMs: this.nowMs })));
    return effects;
  }

  /** Ticks until there is nothing more to wait for, or to `untilMs`. */
  pass(untilMs = Number.POSITIVE_INFINITY): this {
    while (this.wakeAtMs !== null && this.wakeAtMs <= untilMs) {
      this.nowMs = Math.max(this.nowMs, this.wakeAtMs);
      this.feed({ kind: 'tick' });
    }
    return this;
  }

  asked(transport: 'udp' | 'tcp', slot: string, to?: Endpoint): (Asked & Made)[] {
    return this.made.filter(
      (each): each is Asked & Made =>
        each.kind === 'ask' &&
        each.transport === transport &&
        each.slot === slot &&
        (to === undefined || sameEndpoint(each.to, to)),
    );
  }

  answer(
    { transport, slot, to, transactionId }: Asked,
    body: AnswerBody = bound,
  ): readonly DiscoveryEffect[] {
    return this.feed({ kind: 'answer', transport, slot, from: to, local, transactionId, body });
  }

  /** Answers the first phase. */
  answerFirst(): this {
    for (const asked of this.made.filter((each) => each.kind === 'ask')) this.answer(asked);
    return this;
  }
}

describe('a discovery', () => {
  it('begins at the test port with both ports of the server, over UDP and TCP', () => {
    const { made } = new Run();
    assert.deepEqual(
      made.map((each) => each.kind === 'ask' && [each.transport, each.slot, each.to.port]),
      [
        ['udp', 'test', 9119],
        ['udp', 'test', 9120],
        ['tcp', 'test', 9119],
        ['tcp', 'test', 9120],
      ],
    );
  });

  it('asks again over UDP after 0.5 and 1.5 s, over TCP never', () => {
    const run = new Run().pass();
    assert.deepEqual(
      run.asked('udp', 'test', server[0]).map(({ atMs }) => atMs),
      [0, 500, 1500],
    );
    assert.equal(run.asked('tcp', 'test', server[0]).length, 1);
  });

  it('ends where nothing answers, and knows nothing', () => {
    const { report } = new Run().pass().state;
    assert.ok(report !== null);
    for (const found of [report.udp, report.tcp]) {
      assert.equal(found.reachable.value, 'no');
      assert.equal(found.mapping.value, 'unknown');
      assert.equal(found.allocation.value, null);
    }
    assert.deepEqual(report.tcp.reachable.evidence[1], {
      sent: 'Binding over TCP from the test port to 203.0.113.10:9120',
      received: 'no answer',
    });
  });

  it('takes an answer to any of its tries', () => {
    const run = new Run().pass(600);
    const [first] = run.asked('udp', 'test', server[0]);
    run.answer(first!);
    run.pass();
    assert.equal(run.asked('udp', 'test', server[0]).length, 2);
    assert.deepEqual(run.state.report?.udp.mapped.value, mapped);
  });

  it('takes no answer to what it has not asked, nor one that came to another port', () => {
    const run = new Run();
    const [asked] = run.asked('udp', 'test', server[0]);
    run.answer({ ...asked!, transactionId: new Uint8Array(12).fill(99) });
    run.answer({ ...asked!, slot: 'sample.0' });
    run.answer({ ...asked!, transport: 'tcp' });
    assert.equal(run.state.open.length, 4);
  });

  it('goes on to the other address that an answer has named', () => {
    const run = new Run().answerFirst().pass(400);
    assert.deepEqual(
      run.asked('tcp', 'test').map(({ to }) => to),
      [...server, endpoint('203.0.113.11', 9119), other],
    );
  });

  it('asks nobody else to speak for a server with one address', () => {
    const run = new Run();
    for (const asked of run.made.filter((each) => each.kind === 'ask')) {
      run.answer(asked, { ...bound, other: null });
    }
    run.pass();
    assert.ok(run.made.every((each) => each.kind === 'listen' || each.to.address === input.serverAddress));
  });

  it("does not make the registration's connection a second time", () => {
    const run = new Run({ registered: { server: server[0], mapped, local } });
    assert.equal(run.asked('tcp', 'test', server[0]).length, 0);
    run.pass();
    assert.deepEqual(run.state.report?.tcp.mapped.value, mapped);
  });

  describe('where the test port is seen at several endpoints', () => {
    const elsewhere: AnswerBody = { kind: 'bound', mapped: endpoint('198.51.100.1', 1030), other };

    /** With the test port's second answer and, if asked, the fresh port's as these say. */
    function run(fresh: AnswerBody) {
      const found = new Run();
      for (const asked of found.made.filter((each) => each.kind === 'ask')) {
        found.answer(
          asked,
          asked.transport === 'udp' && sameEndpoint(asked.to, server[1]) ? elsewhere : bound,
        );
      }
      found.pass(400);
      for (const asked of found.asked('udp', 'sample.2')) found.answer(asked);
      found.pass(5000);
      for (const asked of found.asked('udp', 'sample.2').slice(1)) found.answer(asked, fresh);
      return found.pass();
    }

    it('asks the same of a fresh port, which has the last word', () => {
      const { udp } = run(bound).state.report!;
      assert.equal(udp.mappingDependsOnPort.value, 'no');
      assert.equal(run(elsewhere).state.report?.udp.mappingDependsOnPort.value, 'yes');
      assert.equal(udp.mapping.evidence.filter(({ sent }) => sent.includes('a fresh port')).length > 1, true);
    });

    it('and nothing where it is at one', () => {
      assert.equal(new Run().answerFirst().pass().asked('udp', 'sample.2', server[1]).length, 0);
    });
  });

  it('draws its samples one after the other, and those over TCP when UDP is through', () => {
    const run = new Run().answerFirst().pass(2000);
    const first = (transport: 'udp' | 'tcp', i: number) => run.asked(transport, `sample.${i}`)[0]?.atMs;
    assert.deepEqual(
      [0, 1, 23].map((i) => first('udp', i)),
      [0, 10, 230],
    );
    assert.deepEqual(
      [0, 11].map((i) => first('tcp', i)),
      [400, 510],
    );
  });

  describe('asks for a probe', () => {
    /** Up to the request for a SYN, which is still open. */
    function atProbe() {
      const run = new Run().answerFirst().pass(1000);
      for (const asked of run.asked('tcp', 'unsolicited')) run.answer(asked);
      run.pass(5000);
      const probes = run.asked('tcp', 'unsolicited').filter(({ ask }) => ask.kind === 'probe');
      assert.ok(probes.length === 2);
      return { run, probe: probes[0]! };
    }
    const refused = { kind: 'refused', code: 401, reason: 'Unauthorized', nonce: 'abc' } as const;

    it('where it listens', () => {
      const { run } = atProbe();
      assert.ok(run.made.some((each) => each.kind === 'listen' && each.slot === 'unsolicited'));
    });

    it('again with the nonce that it is given, but only once', () => {
      const { run, probe } = atProbe();
      assert.equal(probe.nonce, null);
      const again = run.answer(probe, refused).filter((each) => each.kind === 'ask');
      assert.deepEqual(
        again.map(({ ask, nonce }) => [ask, nonce]),
        [[probe.ask, 'abc']],
      );
      assert.deepEqual(run.answer(again[0]!, refused), []);
    });

    it('and believes what the server saw', () => {
      const { run, probe } = atProbe();
      run.answer(probe, { kind: 'probed', result: 'refused', from: null, elapsedMs: 20 });
      run.pass();
      assert.equal(run.state.report?.tcp.unsolicitedSyn.value, 'rst');
    });
  });

  describe('looks for the TTL that opens a filter', () => {
    const answered = () => new Run({ limitsTtl: true }).answerFirst().pass(400);
    const openers = ({ made }: Run) => made.filter((each) => each.kind === 'opener');

    it('from a fresh port for each, by an opener just before it asks for an answer from elsewhere', () => {
      const run = answered();
      assert.deepEqual(
        openers(run).map(({ slot, to, ttl }) => [slot, to, ttl]),
        Array.from({ length: 12 }, (_, i) => [`hop.${i + 1}`, other, i + 1]),
      );
      const [asked] = run.asked('udp', 'hop.3');
      assert.deepEqual([asked?.to, asked?.ask.kind === 'binding' && asked.ask.changePort], [server[0], true]);
      assert.equal(
        run.made.indexOf(asked!),
        run.made.findIndex((each) => each.kind === 'opener' && each.ttl === 3) + 1,
      );
    });

    it('not where the sockets do not heed it', () => {
      assert.deepEqual(openers(new Run().answerFirst().pass()), []);
    });

    it('in two phases with an opener for each of three tries, and with no more once it is answered', () => {
      const run = answered();
      run.answer(run.asked('udp', 'hop.2')[0]!);
      run.pass();
      const sent = (slot: string) => openers(run).filter((each) => each.slot === slot).length;
      assert.deepEqual([sent('hop.1'), sent('hop.2')], [6, 1]);
    });

    it('and believes no answer that comes in where each destination has a mapping of its own', () => {
      const natHops = (mapping: AnswerBody) => {
        const run = new Run({ limitsTtl: true });
        for (const asked of run.made.filter((each) => each.kind === 'ask'))
          run.answer(asked, asked.transport === 'udp' && sameEndpoint(asked.to, server[1]) ? mapping : bound);
        run.pass(400);
        run.answer(run.asked('udp', 'filtering')[0]!);
        run.answer(run.asked('udp', 'hop.6')[0]!);
        return run.pass().state.report?.natHops.value;
      };
      const elsewhere: AnswerBody = { kind: 'bound', mapped: endpoint('198.51.100.1', 1030), other };
      assert.equal(natHops(bound), 5);
      assert.equal(natHops(elsewhere), null);
    });

    it('and takes the routers at which others end for the way', () => {
      const run = answered();
      run.feed({ kind: 'expired', slot: 'hop.1', by: ip('10.0.0.1') });
      run.feed({ kind: 'expired', slot: 'hop.2', by: ip('198.51.100.254') });
      run.feed({ kind: 'expired', slot: 'hop.2', by: ip('192.0.2.99') });
      run.pass();
      const { value, evidence } = run.state.report!.natLayers;
      assert.deepEqual(value, [{ hop: 1, address: '10.0.0.1', kind: 'private' }]);
      assert.equal(evidence[0]?.received, 'expired at 1 10.0.0.1, 2 198.51.100.254');
    });
  });

  it('is not held up by a port that cannot be opened', () => {
    const run = new Run();
    for (const to of server) {
      run.feed({ kind: 'failed', transport: 'tcp', slot: 'test', to, detail: 'not connected: refused' });
    }
    run.pass();
    const [evidence] = run.state.report?.tcp.reachable.evidence ?? [];
    assert.equal(evidence?.received, 'not connected: refused');
  });
});

describe('keep-alives', () => {
  for (const [name, keepAlives, expected] of [
    ['held since the last check', { heldForMs: 300_000, lostAfterMs: [] }, 'yes'],
    ['of a connection still young', { heldForMs: 299_000, lostAfterMs: [] }, 'unknown'],
    ['lost once, which may have any cause', { heldForMs: 900_000, lostAfterMs: [60_000] }, 'unknown'],
    [
      'lost twice, after times that have nothing in common',
      { heldForMs: 900_000, lostAfterMs: [60_000, 700_000] },
      'unknown',
    ],
    ['lost again and again', { heldForMs: 900_000, lostAfterMs: [60_000, 60_000] }, 'no'],
    ['of no connection', { heldForMs: null, lostAfterMs: [] }, 'unknown'],
  ] as const) {
    it(name, () => {
      assert.equal(new Run({ keepAlives }).pass().state.report?.keepAlives.value, expected);
    });
  }
});
