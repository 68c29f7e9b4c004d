import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NatProfile, PortSearch } from '@pinhole/wire';
import { type Pairing, pairingOf } from './pairing.ts';
import {
  between,
  counting,
  easy,
  type Kind,
  kinds,
  names,
  sourcePort,
  symmetric,
  targetPort,
} from './profiles.example.ts';

describe('a search', () => {
  const sourceSearch = (source: Kind, target: Kind) => between(source, target, 'tcp').source.search;
  const port = (first: number) => ({ first, step: 1, count: 1 });

  it('for a NAT that draws from all ports is 252 ports that wait for 1,024 tries', () => {
    const { source, target } = between('eim-apdf', 'apdm-apdf', 'udp');
    assert.deepEqual(target.search, {
      sockets: 252,
      tries: 1,
      ports: port(sourcePort),
      order: 'in-turn',
      accept: false,
    });
    assert.deepEqual(source.search, {
      sockets: 0,
      tries: 1024,
      ports: { first: 1024, step: 1, count: 64_512 },
      order: 'drawn',
      accept: false,
    });
  });

  it('for a block of ports tries them all', () => {
    const { source, target } = between('eim-apdf', 'apdm-apdf-block2016', 'udp');
    assert.deepEqual(
      [source.search?.tries, source.search?.ports.count, target.search?.sockets],
      [2016, 2016, 16],
    );
  });

  it('for a NAT that counts tries its next ports, as many as others may have had', () => {
    const { source, target } = between('eim-apdf', 'apdm-apdf-sequential2', 'udp');
    assert.deepEqual(source.search?.ports, { first: 40_002, step: 2, count: 32 });
    assert.deepEqual([source.search?.order, target.search?.sockets], ['in-turn', 1]);
  });

  it('of two that count goes through the next ports of both, so that they meet whoever else has had some', () => {
    const [source, target] = [kinds['apdm-apdf-sequential'], kinds['apdm-apdf-sequential2']];
    const pairing = between('apdm-apdf-sequential', 'apdm-apdf-sequential2', 'udp');
    const packets = [pairing.source, pairing.target].map(({ search }) => search!.sockets * search!.tries);
    assert.deepEqual([pairing.method, packets], ['predicted', [256, 16]]);
    for (let ofSource = 0; ofSource < 16; ofSource++) {
      for (let ofTarget = 0; ofTarget < 16; ofTarget++) {
        const sourceNow = { ...source, allocation: counting(1, 40_000 + ofSource) };
        const targetNow = { ...target, allocation: counting(2, 40_000 + 2 * ofTarget) };
        assert.ok(meets(sourceNow, targetNow, pairing, 1), `${ofSource} and ${ofTarget} ports of others`);
      }
    }
  });

  it('of which one side takes what comes from any port of the peer’s lets that one accept', () => {
    assert.equal(sourceSearch('adm-adf', 'apdm-apdf')?.accept, true);
    assert.equal(sourceSearch('apdm-apdf', 'adm-adf')?.accept, false);
    assert.equal(sourceSearch('adm-apdf', 'eim-apdf')?.accept, false);
  });

  it('of two such sides lets that one wait which is easier to find', () => {
    const drawing = kinds['adm-adf'];
    const counted: NatProfile = { ...drawing, allocation: counting(1, 40_000) };
    const { method, source, target } = pairingOf(
      { profile: counted, port: 1 },
      { profile: drawing, port: 2 },
      'tcp',
    );
    assert.deepEqual([method, source.search?.sockets, target.search?.tries], ['predicted', 1, 32]);
  });

  it('of one that counts and one that draws has the latter try the more, whoever is the source', () => {
    const packets = ({ source, target }: Pairing) =>
      [source, target].map(({ search }) => (search === null ? 0 : search.sockets * search.tries));
    assert.deepEqual(packets(between('apdm-apdf-sequential', 'apdm-apdf-block', 'udp')), [512, 4096]);
    assert.deepEqual(packets(between('apdm-apdf-block', 'apdm-apdf-sequential', 'udp')), [4096, 512]);
  });

  it('begins again where the ports of a NAT that counts are at their end', () => {
    const next = (step: number, lastPort: number) =>
      pairingOf(
        { profile: easy, port: sourcePort },
        { profile: { ...symmetric, allocation: counting(step, lastPort) }, port: targetPort },
        'udp',
      ).source.search?.ports.first;
    assert.deepEqual([next(1, 65_535), next(-2, 1), next(-2, 3)], [1024, 65_535, 1]);
  });

  describe('waits for the other side to be ready', () => {
    for (const [name, source, target, transport, sourceMs, targetMs] of [
      ['252 ports over UDP', 'eim-apdf', 'apdm-apdf', 'udp', 91, 0],
      ['252 ports over TCP', 'eim-apdf', 'apdm-apdf', 'tcp', 267, 0],
      ['one port', 'eim-apdf', 'apdm-apdf-sequential', 'tcp', 16, 0],
      ['a poisonable one that tries 1,024 ports', 'eim-apdf-poisonable', 'apdm-apdf', 'udp', 0, 323],
      ['one that answers SYNs and tries 1,024 ports', 'eim-apdf-rst', 'apdm-apdf', 'tcp', 0, 1000],
      ['one of which it is not known', 'unknown', 'apdm-apdf', 'tcp', 0, 1000],
      ['none, where both draw', 'apdm-apdf-block', 'apdm-apdf-block', 'tcp', 0, 0],
    ] as const) {
      it(name, () => {
        const pairing = between(source, target, transport);
        assert.deepEqual([pairing.source.delayMs, pairing.target.delayMs], [sourceMs, targetMs]);
      });
    }
  });

  it('waits for a holder that answers SYNs, where it is not known that the other side does', () => {
    const answering: NatProfile = { ...symmetric, answersSyn: 'yes' };
    const delays = (other: NatProfile) => {
      const sides = [other, answering].map((profile) => ({ profile, port: sourcePort }));
      const { source, target } = pairingOf(sides[0]!, sides[1]!, 'tcp');
      return [source.delayMs, target.delayMs];
    };
    assert.deepEqual(delays(kinds.unknown), [267, 0]);
    assert.deepEqual(delays(kinds['eim-apdf-rst']), [0, 1000]);
  });

  it('finds a way, in two of three runs at least on NATs of these kinds', () => {
    for (const source of names) {
      for (const target of names) {
        const pairing = between(source, target, 'udp');
        if (source === 'unknown' || target === 'unknown' || pairing.source.search === null) continue;
        const found = Array.from({ length: 12 }, (_, run) =>
          meets(kinds[source], kinds[target], pairing, run),
        );
        const count = found.filter(Boolean).length;
        assert.ok(count >= 8, `${source} ${target}: ${count} of 12`);
      }
    }
  });
});

interface Packet {
  readonly from: number;
  readonly to: number;
}

/** Whether a packet of one side's search comes in at the other, once all have left. */
function meets(source: NatProfile, target: NatProfile, pairing: Pairing, seed: number): boolean {
  const random = seeded(seed);
  const sent = {
    source: packetsOf(source, pairing.source.search!, sourcePort, random),
    target: packetsOf(target, pairing.target.search!, targetPort, random),
  };
  const comesIn = (profile: NatProfile, own: readonly Packet[], others: readonly Packet[]) => {
    const mapped = new Set(own.map(({ from }) => from));
    const pairs = new Set(own.map(({ from, to }) => from * 65_536 + to));
    return others.some(({ from, to }) =>
      profile.filtering === 'address-dependent' ? mapped.has(to) : pairs.has(to * 65_536 + from),
    );
  };
  return comesIn(source, sent.source, sent.target) || comesIn(target, sent.target, sent.source);
}

/** The packets of a search, as they leave the NAT. */
function packetsOf(
  { mapping, allocation }: NatProfile,
  { sockets, tries, ports, order }: PortSearch,
  ownPort: number,
  random: (limit: number) => number,
): Packet[] {
  let last = allocation.kind === 'sequential' ? allocation.lastPort : 0;
  const newMapping = () => {
    if (allocation.kind === 'range') return allocation.firstPort + random(allocation.size);
    if (allocation.kind === 'sequential') last += allocation.step;
    return allocation.kind === 'sequential' ? last : ownPort;
  };
  const own = Array.from({ length: Math.max(1, sockets) }, (_, socket) => {
    const places = new Set<number>();
    while (places.size < tries) places.add(order === 'drawn' ? random(ports.count) : places.size);
    return [...places].map((place) => ({ socket, place }));
  });
  // In turn, the first port is tried from all own ports before the second one is.
  const all = order === 'drawn' ? own.flat() : own[0]!.flatMap((_, i) => own.map((tried) => tried[i]!));
  const ofSockets = new Map<number, number>();
  return all.map(({ socket, place }) => {
    const from = (mapping === 'address-dependent' && ofSockets.get(socket)) || newMapping();
    ofSockets.set(socket, from);
    return { from, to: ports.first + ports.step * place };
  });
}

/** Numbers below a limit, the same in each run (mulberry32). */
function seeded(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}
