// The shortest way to the commonest answer: a Binding request of RFC 8489 without attributes. What answerBinding()
// makes of one is kept as a template, in which each source finds its transaction id and its own endpoint.

import { addressBytes, decodeStun, type Endpoint, encodeStun, type IpAddress } from '@pinhole/wire';
import { answerBinding, type ServerEndpoints } from './binding.ts';

const request = encodeStun({
  class: 'request',
  method: 0x001,
  transactionId: new Uint8Array(12),
  attributes: [],
});
const idAt = 8;
// The first two attributes are XOR-MAPPED-ADDRESS and MAPPED-ADDRESS: 4 octets of header and 2 before the port.
const xorPortAt = 20 + 6;
const cookieAt = 4;

/** Whether it is one. */
export function isPlainBinding(data: Uint8Array): boolean {
  if (data.length !== request.length) return false;
  for (let i = 0; i < idAt; i++) if (data[i] !== request[i]) return false;
  return true;
}

/** The answers that one of the server's endpoints gives; the same octets as answerBinding()'s. */
export class PlainAnswers {
  readonly #template: Uint8Array;

  constructor(local: Endpoint, server: ServerEndpoints) {
    const decoded = decodeStun(request);
    if (!decoded.ok) throw new TypeError('the plain request is no STUN');
    // No Buffer: slice() of that would not copy.
    this.#template = Uint8Array.from(answerBinding(decoded.value, local, local, server, false).bytes);
  }

  /** The answer to `data`, for which isPlainBinding() holds. `source` is of the endpoint's own family. */
  answer(data: Uint8Array, source: Endpoint): Uint8Array {
    const bytes = this.#template.slice();
    const octets = octetsOf(source.address);
    const portAt = xorPortAt + octets.length + 8;
    for (let i = idAt; i < request.length; i++) bytes[i] = data[i]!;
    const [high, low] = [source.port >>> 8, source.port & 0xff];
    bytes[portAt] = high;
    bytes[portAt + 1] = low;
    bytes[xorPortAt] = high ^ bytes[cookieAt]!;
    bytes[xorPortAt + 1] = low ^ bytes[cookieAt + 1]!;
    for (let i = 0; i < octets.length; i++) {
      bytes[portAt + 2 + i] = octets[i]!;
      bytes[xorPortAt + 2 + i] = octets[i]! ^ bytes[cookieAt + i]!;
    }
    return bytes;
  }
}

/** Reading an address's text costs more than all the rest of an answer. */
const maxKnown = 4096;
const known = new Map<IpAddress, Uint8Array>();

function octetsOf(address: IpAddress): Uint8Array {
  let octets = known.get(address);
  if (octets === undefined) {
    octets = addressBytes(address);
    if (known.size >= maxKnown) known.clear();
    known.set(address, octets);
  }
  return octets;
}
