import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addressFromBytes, decodeStun, type Endpoint, encodeStun, endpoint, ip } from '@pinhole/wire';
import fc from 'fast-check';
import { answerBinding, type ServerEndpoints } from './binding.ts';
import { isPlainBinding, PlainAnswers } from './plain.ts';

const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const requests = octets(12).map((transactionId) =>
  encodeStun({ class: 'request', method: 1, transactionId, attributes: [] }),
);
const sourceOfFamily = (bytes: 4 | 16): fc.Arbitrary<Endpoint> =>
  fc.record({
    address: octets(bytes).map((each) => addressFromBytes(each)!),
    port: fc.integer({ min: 0, max: 65_535 }),
  });

describe('the short way to an answer', () => {
  for (const [title, addresses, bytes] of [
    ['IPv4', ['203.0.113.10'], 4],
    ['IPv4 with two addresses', ['203.0.113.10', '203.0.113.11'], 4],
    ['IPv6', ['2001:db8::10'], 16],
    ['IPv6 with two addresses', ['2001:db8::10', '2001:db8::11'], 16],
    ['both', ['203.0.113.10', '2001:db8::10'], 16],
  ] as const) {
    it(`gives the octets of the long one: ${title}`, () => {
      const server: ServerEndpoints = { addresses: addresses.map(ip), ports: [9119, 9120] };
      const local = endpoint(addresses.at(-1)!, 9120);
      const answers = new PlainAnswers(local, server);
      fc.assert(
        fc.property(requests, sourceOfFamily(bytes), (request, source) => {
          assert.ok(isPlainBinding(request));
          const decoded = decodeStun(request);
          assert.ok(decoded.ok);
          const { bytes: expected } = answerBinding(decoded.value, source, local, server, false);
          assert.deepEqual(Buffer.from(answers.answer(request, source)), Buffer.from(expected));
        }),
      );
    });
  }

  it('gives each answer its own octets: many wait in one batch', () => {
    const local = endpoint('203.0.113.10', 9119);
    const answers = new PlainAnswers(local, { addresses: [local.address], ports: [9119] });
    const [request = new Uint8Array()] = fc.sample(requests, 1);
    const first = answers.answer(request, endpoint('198.51.100.1', 1));
    const asFirst = Uint8Array.from(first);
    answers.answer(request, endpoint('198.51.100.2', 2));
    assert.deepEqual(first, asFirst);
  });

  it('is for requests without attributes, with the cookie of RFC 8489', () => {
    const [request = new Uint8Array()] = fc.sample(requests, 1);
    const changed = (at: number) => request.map((octet, i) => (i === at ? octet ^ 1 : octet));
    for (let at = 0; at < 8; at++) assert.equal(isPlainBinding(changed(at)), false);
    for (let at = 8; at < 20; at++) assert.equal(isPlainBinding(changed(at)), true);
    assert.equal(isPlainBinding(request.subarray(0, 19)), false);
    assert.equal(isPlainBinding(Buffer.concat([request, new Uint8Array(4)])), false);
  });
});
