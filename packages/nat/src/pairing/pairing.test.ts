import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  decodeRendezvous,
  decodeStun,
  encodeRendezvous,
  type SessionRole,
  sessionIdBytes,
  type Transport,
} from '@pinhole/wire';
import fc from 'fast-check';
import { type Pairing, pairingOf } from './pairing.ts';
import { between, type Kind, names } from './profiles.example.ts';

/** A letter for each pair: rows are sources, columns targets in the same order. */
function grid(transport: Transport, letter: (pairing: Pairing) => string): string {
  const rows = names.map((source) => {
    const cells = names.map((target) => letter(between(source, target, transport)));
    return `${source.padEnd(30)}${cells.join(' ')}`;
  });
  return `\n${rows.join('\n')}\n`;
}

const how = ({ hopeless, method }: Pairing) =>
  hopeless ? 'x' : { punched: '.', predicted: 'p', searched: 's' }[method];
const whoIsFirst = ({ source, target }: Pairing) =>
  source.delayMs === target.delayMs ? '=' : source.delayMs < target.delayMs ? 's' : 't';

describe('the pairing of all kinds of NAT', () => {
  /** . punched   p predicted   s searched   x hopeless */
  const methods = `
none                          . . . . . . . . . . . . . . . . . .
eim-eif                       . . . . . . . . . . . . . . . . . .
eim-adf                       . . . . . . . . . . . . . . . . . .
eim-apdf                      . . . . . . . . . s s . s s s p p .
eim-cgn                       . . . . . . . . . s s . s s s p p .
eim-apdf-rst                  . . . . . . . . . s s . s s s p p .
eim-apdf-poisonable           . . . . . . . . . s s . s s s p p .
eim-apdf-poisonable-silent    . . . . . . . . . s s . s s s p p .
eim-apdf-no-simultaneous-open . . . . . . . . . s s . s s s p p .
adm-adf                       . . . s s s s s s s s . s s s s s s
adm-apdf                      . . . s s s s s s s x . x x x x x s
apdm-eif                      . . . . . . . . . . . . . . . . . .
apdm-apdf                     . . . s s s s s s s x . x x x x x s
apdm-apdf-block               . . . s s s s s s s x . x s s s s s
apdm-apdf-block2016           . . . s s s s s s s x . x s s s s s
apdm-apdf-sequential          . . . p p p p p p s x . x s s p p p
apdm-apdf-sequential2         . . . p p p p p p s x . x s s p p p
unknown                       . . . . . . . . . s s . s s s p p .
`;
  it('over UDP', () => assert.equal(grid('udp', how), methods));

  it('over TCP is the same, but that two of which neither lets a SYN in never meet', () => {
    const row = 'eim-apdf-no-simultaneous-open . . . . . . . . ';
    assert.equal(grid('tcp', how), methods.replace(`${row}.`, `${row}x`));
  });

  /** = together   s source   t target */
  it('lets begin over UDP the holder of a search, but before it, as before all, whoever is poisonable', () => {
    assert.equal(
      grid('udp', whoIsFirst),
      `
none                          = = = = = = t t = = = = = = = = = =
eim-eif                       = = = = = = t t = = = = = = = = = =
eim-adf                       = = = = = = t t = = = = = = = = = =
eim-apdf                      = = = = = = t t = t t = t t t t t =
eim-cgn                       = = = = = = t t = t t = t t t t t =
eim-apdf-rst                  = = = = = = t t = t t = t t t t t =
eim-apdf-poisonable           s s s s s s = = s s s s s s s s s s
eim-apdf-poisonable-silent    s s s s s s = = s s s s s s s s s s
eim-apdf-no-simultaneous-open = = = = = = t t = t t = t t t t t =
adm-adf                       = = = s s s t t s t s = s s s s s t
adm-apdf                      = = = s s s t t s t = = = = = = = t
apdm-eif                      = = = = = = t t = = = = = = = = = =
apdm-apdf                     = = = s s s t t s t = = = = = = = t
apdm-apdf-block               = = = s s s t t s t = = = = = = = t
apdm-apdf-block2016           = = = s s s t t s t = = = = = = = t
apdm-apdf-sequential          = = = s s s t t s t = = = = = = = t
apdm-apdf-sequential2         = = = s s s t t s t = = = = = = = t
unknown                       = = = = = = t t = s s = s s s s s =
`,
    );
  });

  it('lets begin over TCP also whoever answers SYNs, and if nobody does, not the one that lets none in', () => {
    assert.equal(
      grid('tcp', whoIsFirst),
      `
none                          = = = = = t t t s = = = = = = = = =
eim-eif                       = = = = = t t t s = = = = = = = = =
eim-adf                       = = = = = t t t s = = = = = = = = =
eim-apdf                      = = = = = t t t s t t = t t t t t =
eim-cgn                       = = = = = t t t s t t = t t t t t =
eim-apdf-rst                  s s s s s = = = s s s s s s s s s s
eim-apdf-poisonable           s s s s s = = = s s s s s s s s s s
eim-apdf-poisonable-silent    s s s s s = = = s s s s s s s s s s
eim-apdf-no-simultaneous-open t t t t t t t t = t t t t t t t t t
adm-adf                       = = = s s t t t s t s = s s s s s t
adm-apdf                      = = = s s t t t s t = = = = = = = t
apdm-eif                      = = = = = t t t s = = = = = = = = =
apdm-apdf                     = = = s s t t t s t = = = = = = = t
apdm-apdf-block               = = = s s t t t s t = = = = = = = t
apdm-apdf-block2016           = = = s s t t t s t = = = = = = = t
apdm-apdf-sequential          = = = s s t t t s t = = = = = = = t
apdm-apdf-sequential2         = = = s s t t t s t = = = = = = = t
unknown                       = = = = = t t t s s s = s s s s s =
`,
    );
  });

  it('lays it to the symmetric NAT, the target’s first, and else to the only one that lets no SYN in', () => {
    const isSymmetric = (kind: Kind) => kind.startsWith('adm') || kind.startsWith('apdm');
    const letsNoSynIn = 'eim-apdf-no-simultaneous-open';
    for (const transport of ['udp', 'tcp'] as const) {
      for (const source of names) {
        for (const target of names) {
          const isAlone = transport === 'tcp' && source === letsNoSynIn && target !== letsNoSynIn;
          const ofSource = !isSymmetric(target) && (isSymmetric(source) || isAlone);
          const { atFault } = between(source, target, transport);
          assert.equal(atFault, ofSource ? 'source' : 'target', `${transport} ${source} ${target}`);
        }
      }
    }
  });

  it('opens a NAT ahead over UDP, one hop beyond it, unless it is known to be no use', () => {
    const openers = names.map((kind) => between(kind, 'eim-apdf', 'udp').source.openerTtl);
    const ofSymmetric = 2;
    assert.deepEqual(
      Object.fromEntries(names.map((kind, i) => [kind, openers[i]]).filter(([, ttl]) => ttl !== null)),
      {
        'eim-apdf-poisonable': 2,
        'eim-apdf-poisonable-silent': 2,
        'adm-adf': ofSymmetric,
        'adm-apdf': ofSymmetric,
        'apdm-eif': ofSymmetric,
        'apdm-apdf': ofSymmetric,
        'apdm-apdf-block': ofSymmetric,
        'apdm-apdf-block2016': ofSymmetric,
        'apdm-apdf-sequential': ofSymmetric,
        'apdm-apdf-sequential2': ofSymmetric,
        unknown: 3,
      },
    );
    for (const kind of names) assert.equal(between(kind, 'eim-apdf', 'tcp').source.openerTtl, null, kind);
  });
});

describe('whatever agents tell of their NATs', () => {
  const dependence = fc.constantFrom(
    'unknown' as const,
    'endpoint-independent' as const,
    'address-dependent' as const,
    'address-and-port-dependent' as const,
  );
  const truth = fc.constantFrom('unknown' as const, 'yes' as const, 'no' as const);
  /** Numbers of all sizes: of evenly drawn ones hardly any is small. */
  const size = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 65_535 }));
  const allocation = fc.oneof(
    fc.constantFrom({ kind: 'unknown' as const }, { kind: 'preserving' as const }),
    fc.record({
      kind: fc.constant('sequential' as const),
      step: fc.integer({ min: -32_768, max: 32_767 }).filter((step) => step !== 0),
      lastPort: fc.integer({ min: 0, max: 65_535 }),
    }),
    size.chain((most) =>
      fc.record({
        kind: fc.constant('range' as const),
        firstPort: fc.integer({ min: 1, max: 65_536 - most }),
        size: fc.constant(most),
      }),
    ),
  );
  const side = fc.record({
    profile: fc.record({
      mapping: dependence,
      filtering: dependence,
      allocation,
      answersSyn: truth,
      poisonable: truth,
      simultaneousOpen: truth,
      natHops: fc.option(fc.integer({ min: 0, max: 254 })),
    }),
    port: fc.integer({ min: 1, max: 65_535 }),
  });
  const transport = fc.constantFrom('udp' as const, 'tcp' as const);
  const roles = ['source', 'target'] as const;

  it('what the two are told keeps within the limits, and arrives as it was sent', () => {
    fc.assert(
      fc.property(side, side, transport, (source, target, over) => {
        const pairing = pairingOf(source, target, over);
        for (const role of roles) assert.deepEqual(throughWire(pairing, role), pairing[role]);
      }),
      { numRuns: 2000 },
    );
  });

  it('one of them begins at once, and the other 1.2 s later at most', () => {
    fc.assert(
      fc.property(side, side, transport, (source, target, over) => {
        const pairing = pairingOf(source, target, over);
        const delaysMs = roles.map((role) => pairing[role].delayMs);
        assert.equal(Math.min(...delaysMs), 0);
        assert.ok(Math.max(...delaysMs) <= 1200);
      }),
    );
  });

  it('it is the same for source and target, but where both could wait, or both count', () => {
    fc.assert(
      fc.property(side, side, transport, (a, b, over) => {
        const [one, swapped] = [pairingOf(a, b, over), pairingOf(b, a, over)];
        const profiles = [a.profile, b.profile];
        fc.pre(!profiles.every(({ filtering }) => filtering === 'address-dependent'));
        fc.pre(!profiles.every(({ allocation: { kind } }) => kind === 'sequential'));
        assert.deepEqual(swapped, {
          ...one,
          source: one.target,
          target: one.source,
          atFault: swapped.atFault,
        });
      }),
      { numRuns: 2000 },
    );
  });
});

/** What of a side's plan the NAT traversal server's message to it says; the rest is in its time. */
function throughWire(pairing: Pairing, role: SessionRole): Pairing[SessionRole] {
  const { search, openerTtl, delayMs } = pairing[role];
  const { method, atFault } = pairing;
  const body = {
    kind: 'start',
    sessionId: new Uint8Array(sessionIdBytes),
    peers: [],
    startInMs: delayMs,
    method,
    atFault,
    openerTtl,
    search,
  } as const;
  const message = { transactionId: new Uint8Array(12), body, username: null, nonce: null };
  const stun = decodeStun(encodeRendezvous(message, null));
  assert.ok(stun.ok);
  const decoded = decodeRendezvous(stun.value.message);
  assert.ok(decoded.ok && decoded.value.body.kind === 'start');
  const { search: found, openerTtl: ttl, startInMs } = decoded.value.body;
  return { search: found, openerTtl: ttl, delayMs: startInMs };
}
