// Whatever comes in: nothing throws, and nothing that goes out is much larger than what came in.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeStun, encodeRendezvous, endpoint, ip } from '@pinhole/wire';
import fc from 'fast-check';
import { Counters } from '../src/counters.ts';
import { Datagrams } from '../src/datagrams.ts';
import { provesItsSource } from '../src/registrar/authenticate.ts';
import type { Effect } from '../src/registrar/state.ts';
import { step } from '../src/registrar/step.ts';
import { bindingRequest } from './client.ts';
import { register, Scene, ticketOf } from './scene.ts';

/** IPv4 and UDP. */
const headerBytes = 28;
/** What an attacker who forges a source gains: in octets on the wire, twice what he spends. */
const maxAmplification = 2;

const ownAddress = ip('192.0.2.1');
const source = endpoint('198.51.100.9', 40_000);

/** The datagrams of a server, without its sockets. */
async function datagrams() {
  const scene = new Scene();
  scene.register('11', '198.51.100.1:49153');
  let receive: (data: Uint8Array) => void = () => undefined;
  const sent: Uint8Array[] = [];
  const udp = new Datagrams({
    own: { addresses: [ownAddress, ip('192.0.2.2')], ports: [9119, 9120] },
    budget: { perSecond: 1e9, burst: 1e9, maxSources: 10 },
    counters: new Counters(),
    now: () => scene.now,
    onMessage: (channel, decoded) => {
      const carryOut = (effect: Effect) => {
        if (effect.kind === 'send' && effect.channel.transport === 'udp') sent.push(effect.bytes);
      };
      step(scene.state, { kind: 'message', channel, decoded }, scene.now).effects.forEach(carryOut);
    },
    provesItsSource: (channel, decoded) => provesItsSource(scene.state, decoded, channel, scene.now),
  });
  const opener = (local: ReturnType<typeof endpoint>) =>
    udp.open(
      {
        features: { receiveStamps: false, transmitStamps: false, packetOptions: false, errorQueue: false },
        async open(_options, handler) {
          receive = (data) =>
            handler.onDatagrams([{ data, from: source, to: null, receivedAtNs: 0, ttl: null, dscp: null }]);
          const send = ({ data }: { data: Uint8Array }) => {
            sent.push(data);
            return { sent: true, id: 0, atNs: 0 } as const;
          };
          return { local, send, sendBatch: (requests) => requests.map(send), close: () => undefined };
        },
      },
      local,
    );
  await opener(endpoint('192.0.2.2', 9120));
  await opener(endpoint('192.0.2.2', 9119));
  await opener(endpoint('192.0.2.1', 9120));
  await opener(endpoint('192.0.2.1', 9119));
  return { receive: (data: Uint8Array) => receive(data), sent };
}

// Codes that this server gives a meaning to, and some that it does not know.
const attributeCodes = [
  0x0001, 0x0003, 0x0006, 0x0008, 0x0009, 0x000a, 0x000d, 0x0014, 0x0015, 0x001c, 0x001d, 0x0020, 0x0024,
  0x0026, 0x0027, 0x8002, 0x8022, 0x8028, 0x802b, 0xe800, 0xe801, 0xe804, 0xe806, 0xe807, 0xe808,
];
const messageTypes = [0x0001, 0x0011, 0x0101, 0x0111, 0x0200, 0x0201, 0x0202, 0x0203, 0x0204, 0x0301, 0x0304];

const attribute = fc
  .record({ code: fc.constantFrom(...attributeCodes), value: fc.uint8Array({ maxLength: 40 }) })
  .map(({ code, value }) => {
    const bytes = Buffer.alloc(4 + ((value.length + 3) & ~3));
    bytes.writeUInt16BE(code, 0);
    bytes.writeUInt16BE(value.length, 2);
    bytes.set(value, 4);
    return bytes;
  });

const message = fc
  .record({
    type: fc.constantFrom(...messageTypes),
    classic: fc.boolean(),
    id: fc.uint8Array({ minLength: 12, maxLength: 12 }),
    attributes: fc.array(attribute, { maxLength: 8 }),
    wrongBy: fc.constantFrom(0, 0, 0, 0, 4, -4, 0x8000),
  })
  .map(({ type, classic, id, attributes, wrongBy }) => {
    const body = Buffer.concat(attributes);
    const header = Buffer.alloc(20);
    header.writeUInt16BE(type, 0);
    header.writeUInt16BE((body.length + wrongBy) & 0xffff, 2);
    if (!classic) header.writeUInt32BE(0x2112a442, 4);
    header.set(id, 8);
    return Buffer.concat([header, body]);
  });

describe('a datagram from anybody', () => {
  const assertModest = (sent: readonly Uint8Array[], data: Uint8Array) => {
    const spent = data.length + headerBytes;
    const gained = sent.reduce((sum, each) => sum + each.length + headerBytes, 0);
    assert.ok(gained <= maxAmplification * spent, `${gained} octets for ${spent}`);
  };

  it('is answered with twice its size at most, whatever it is', async () => {
    const { receive, sent } = await datagrams();
    fc.assert(
      fc.property(fc.oneof(message, fc.uint8Array({ maxLength: 200 })), (data) => {
        sent.length = 0;
        receive(data);
        assertModest(sent, data);
      }),
      { numRuns: 5_000 },
    );
  });

  for (const [title, data] of [
    ['a Binding request', bindingRequest()],
    ['one of RFC 3489', bindingRequest([], 16)],
    [
      'one to be answered from elsewhere',
      bindingRequest([{ type: 'change-request', changeAddress: true, changePort: true }]),
    ],
    ['one with padding', bindingRequest([{ type: 'padding', octets: new Uint8Array(1400) }])],
    [
      'one with many unknown attributes',
      bindingRequest(
        Array.from({ length: 100 }, () => ({ type: 'unknown', code: 0x24, octets: new Uint8Array() })),
      ),
    ],
    [
      'a Register',
      encodeRendezvous(
        { transactionId: new Uint8Array(12), body: register(), username: null, nonce: null },
        null,
      ).subarray(0, -8),
    ],
  ] as const) {
    it(`is answered with twice its size at most: ${title}`, async () => {
      const { receive, sent } = await datagrams();
      const bytes = Uint8Array.from(data);
      // Where a fingerprint was cut off.
      bytes[2] = (bytes.length - 20) >> 8;
      bytes[3] = (bytes.length - 20) & 0xff;
      receive(bytes);
      assert.equal(sent.length, 1);
      assertModest(sent, bytes);
    });
  }
});

describe('a message from an enrolled agent', () => {
  it('changes nothing for others, whatever attributes it has', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 20 }), (messages) => {
        const scene = new Scene();
        const victim = scene.register('22', '203.0.113.2:49153');
        const agent = scene.register('11', '198.51.100.1:49153');
        for (const bytes of messages) {
          const decoded = decodeStun(bytes);
          if (decoded.ok) scene.feed({ kind: 'message', channel: agent.channel, decoded: decoded.value });
        }
        assert.deepEqual(scene.state.registrations.get('22')?.tcp, victim.channel.from);
        scene.meet(victim, { ticket: ticketOf({ sourceAgentId: '22', targetAgentId: '11' }) });
        assert.equal(scene.count('refused-bad-request'), 0);
      }),
      { numRuns: 500 },
    );
  });
});
