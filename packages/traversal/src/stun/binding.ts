// Binding requests (RFC 8489 §12 and §6.3.1) and what RFC 5780 adds to them, answered without state.

import {
  addressFamily,
  type DecodedStun,
  type Endpoint,
  encodeStun,
  findAttribute,
  type IpAddress,
  type StunAttribute,
  stunMethods,
} from '@pinhole/wire';

/** The addresses and ports that the server answers on: one address or two, two ports. */
export interface ServerEndpoints {
  readonly addresses: readonly IpAddress[];
  readonly ports: readonly number[];
}

export interface BindingAnswer {
  readonly bytes: Uint8Array;
  /** Which of the server's own endpoints it leaves from. */
  readonly from: Endpoint;
  readonly to: Endpoint;
}

/** The answer to a Binding request that came from `source` to `local`; `overTcp` there is no other way back. */
export function answerBinding(
  { message, unknownRequired }: DecodedStun,
  source: Endpoint,
  local: Endpoint,
  server: ServerEndpoints,
  overTcp: boolean,
): BindingAnswer {
  const other = otherEndpoint(local, server);
  const change = findAttribute(message, 'change-request');
  const cannotChange =
    change !== undefined && (overTcp || (change.changeAddress && other.address === local.address));
  const unknown = [...unknownRequired, ...(cannotChange ? [0x0003] : [])];
  if (unknown.length > 0) {
    const attributes: StunAttribute[] = [
      { type: 'error-code', code: 420, reason: 'Unknown Attribute' },
      { type: 'unknown-attributes', codes: unknown },
    ];
    const bytes = encodeStun({ ...message, class: 'error', attributes });
    return { bytes, from: local, to: source };
  }

  const from: Endpoint = {
    address: change?.changeAddress === true ? other.address : local.address,
    port: change?.changePort === true ? other.port : local.port,
  };
  const responsePort = overTcp ? undefined : findAttribute(message, 'response-port')?.value;
  const padding = findAttribute(message, 'padding');
  const bytes = encodeStun({
    ...message,
    class: 'success',
    attributes: [
      ...addressAttributes(message.transactionId.length === 16, source, from, other, server),
      // RFC 5780 §7.6: a padded request is answered with as much padding, which is never more than was sent.
      ...(padding === undefined ? [] : [padding]),
    ],
  });
  return { bytes, from, to: responsePort === undefined ? source : { ...source, port: responsePort } };
}

function addressAttributes(
  classic: boolean,
  source: Endpoint,
  from: Endpoint,
  other: Endpoint,
  server: ServerEndpoints,
): StunAttribute[] {
  const twoAddresses = otherAddress(from.address, server) !== undefined;
  if (classic) {
    // RFC 3489 §11.2.
    return [
      { type: 'mapped-address', endpoint: source },
      { type: 'source-address', endpoint: from },
      ...(twoAddresses ? [{ type: 'changed-address' as const, endpoint: other }] : []),
    ];
  }
  return [
    { type: 'xor-mapped-address', endpoint: source },
    // RFC 5780 §6.1 wants it beside the XORed one, so that a client notices a NAT that rewrites payloads.
    { type: 'mapped-address', endpoint: source },
    // Bound to the unspecified address, the portable sockets do not say which one was asked.
    ...(isUnspecified(from.address) ? [] : [{ type: 'response-origin' as const, endpoint: from }]),
    ...(twoAddresses ? [{ type: 'other-address' as const, endpoint: secondEndpoint(other, server) }] : []),
  ];
}

/** The endpoint with the other address and the other port, as far as there are any. */
function otherEndpoint(local: Endpoint, server: ServerEndpoints): Endpoint {
  return {
    address: otherAddress(local.address, server) ?? local.address,
    port: server.ports.find((port) => port !== local.port) ?? local.port,
  };
}

/**
 * What OTHER-ADDRESS names. Asked at the first address, as clients do, that is where CHANGE-REQUEST leads. Asked at the
 * second it is still the second, with the other port: coturn answers so, and its client goes on from each answer to the
 * next, where it expects the second address with both ports (RFC 5780 §4.3, test III).
 */
function secondEndpoint(other: Endpoint, { addresses }: ServerEndpoints): Endpoint {
  const ofFamily = addresses.filter((each) => addressFamily(each) === addressFamily(other.address));
  return { address: ofFamily[1] ?? other.address, port: other.port };
}

/** Of the same family: a client that is to hear from it has no other. */
export function otherAddress(own: IpAddress, { addresses }: ServerEndpoints): IpAddress | undefined {
  return addresses.find((each) => each !== own && addressFamily(each) === addressFamily(own));
}

export function isBindingRequest({ message }: DecodedStun): boolean {
  return message.class === 'request' && message.method === stunMethods.binding;
}

export function isUnspecified(address: IpAddress): boolean {
  return address === '0.0.0.0' || address === '::';
}
