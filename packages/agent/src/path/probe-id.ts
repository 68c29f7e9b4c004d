// What names a probe: the transaction id of its Trace request, which every router quotes that quotes more than 28 octets.
//
//   nonce of the trace, 8 octets │ TTL │ attempt │ 2 octets of no meaning
//
// The nonce keeps those who have not seen the packets from answering for a router.

import { stunHeaderBytes } from '@pinhole/wire';

export const nonceBytes = 8;
const idOffset = 8;
const idBytes = 12;

export interface ProbeName {
  /** 0 for a packet with the usual TTL. */
  readonly ttl: number;
  readonly attempt: number;
}

export function probeId(nonce: Uint8Array, { ttl, attempt }: ProbeName): Uint8Array {
  const id = new Uint8Array(idBytes);
  id.set(nonce);
  id[nonceBytes] = ttl;
  id[nonceBytes + 1] = attempt;
  return id;
}

/** Null for a probe of another trace. */
export function probeOfId(nonce: Uint8Array, id: Uint8Array): ProbeName | null {
  if (id.length !== idBytes || nonce.some((octet, i) => id[i] !== octet)) return null;
  return { ttl: id[nonceBytes] as number, attempt: id[nonceBytes + 1] as number };
}

/** Of the quoted payload of a datagram. */
export function probeOfQuote(nonce: Uint8Array, quoted: Uint8Array): ProbeName | null {
  return quoted.length < stunHeaderBytes
    ? null
    : probeOfId(nonce, quoted.subarray(idOffset, idOffset + idBytes));
}
