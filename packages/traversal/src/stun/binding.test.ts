import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeStun, encodeStun, endpoint, findAttribute, ip, type StunAttribute } from '@pinhole/wire';
import { answerBinding, type ServerEndpoints } from './binding.ts';

const two: ServerEndpoints = { addresses: [ip('203.0.113.10'), ip('203.0.113.11')], ports: [9119, 9120] };
const one: ServerEndpoints = { ...two, addresses: [ip('203.0.113.10')] };
const source = endpoint('198.51.100.1', 40000);
const local = endpoint('203.0.113.10', 9119);

function ask(attributes: StunAttribute[], server = two, { idBytes = 12, overTcp = false } = {}) {
  const request = decodeStun(
    encodeStun({ class: 'request', method: 1, transactionId: new Uint8Array(idBytes).fill(9), attributes }),
  );
  assert.ok(request.ok);
  const { bytes, from, to } = answerBinding(request.value, source, local, server, overTcp);
  const answer = decodeStun(bytes);
  assert.ok(answer.ok);
  return { message: answer.value.message, from, to };
}

describe('a Binding request', () => {
  it('is told where it came from, and from where it is answered', () => {
    const { message, from, to } = ask([]);
    assert.equal(message.class, 'success');
    assert.deepEqual(findAttribute(message, 'xor-mapped-address')?.endpoint, source);
    assert.deepEqual(findAttribute(message, 'response-origin')?.endpoint, local);
    assert.deepEqual(findAttribute(message, 'other-address')?.endpoint, endpoint('203.0.113.11', 9120));
    assert.deepEqual([from, to], [local, source]);
  });

  it('at the second address is told of the second address again, with the other port', () => {
    const request = decodeStun(
      encodeStun({ class: 'request', method: 1, transactionId: new Uint8Array(12), attributes: [] }),
    );
    assert.ok(request.ok);
    const { bytes } = answerBinding(request.value, source, endpoint('203.0.113.11', 9119), two, false);
    const answer = decodeStun(bytes);
    assert.ok(answer.ok);
    assert.deepEqual(
      findAttribute(answer.value.message, 'other-address')?.endpoint,
      endpoint('203.0.113.11', 9120),
    );
  });

  it('of RFC 3489 is answered in its words', () => {
    const { message } = ask([], two, { idBytes: 16 });
    assert.deepEqual(
      message.attributes.map((each) => each.type),
      ['mapped-address', 'source-address', 'changed-address'],
    );
    assert.deepEqual(message.transactionId.length, 16);
  });

  for (const [changeAddress, changePort, from] of [
    [false, true, endpoint('203.0.113.10', 9120)],
    [true, false, endpoint('203.0.113.11', 9119)],
    [true, true, endpoint('203.0.113.11', 9120)],
  ] as const) {
    it(`to change ${changeAddress ? 'address ' : ''}${changePort ? 'port' : ''} is answered from there`, () => {
      const answer = ask([{ type: 'change-request', changeAddress, changePort }]);
      assert.deepEqual(answer.from, from);
      assert.deepEqual(findAttribute(answer.message, 'response-origin')?.endpoint, from);
    });
  }

  it('to change the address of a server with one is refused, and it names no other', () => {
    const { message } = ask([{ type: 'change-request', changeAddress: true, changePort: false }], one);
    assert.equal(findAttribute(message, 'error-code')?.code, 420);
    assert.deepEqual(findAttribute(message, 'unknown-attributes')?.codes, [3]);
    assert.equal(findAttribute(ask([], one).message, 'other-address'), undefined);
  });

  it('over TCP cannot be answered from elsewhere', () => {
    const { message } = ask([{ type: 'change-request', changeAddress: false, changePort: true }], two, {
      overTcp: true,
    });
    assert.equal(findAttribute(message, 'error-code')?.code, 420);
  });

  it('goes back to the port it names', () => {
    assert.deepEqual(ask([{ type: 'response-port', value: 5 }]).to, endpoint('198.51.100.1', 5));
  });

  it('with an attribute that must be understood and is not, is refused', () => {
    const { message } = ask([{ type: 'unknown', code: 0x0024, octets: new Uint8Array(4) }]);
    assert.deepEqual(findAttribute(message, 'unknown-attributes')?.codes, [0x0024]);
  });

  it('is answered with its own padding and no more', () => {
    assert.equal(
      findAttribute(ask([{ type: 'padding', octets: new Uint8Array(100) }]).message, 'padding')?.octets
        .length,
      100,
    );
  });
});
