// Answers to questions for the name of an IPv4 address. Pure.
//
//   header   id 2 · flags 2 · questions 2 · answers 2 · authorities 2 · additional 2    (RFC 1035 §4.1.1)
//   question labels, each its length and its octets, 0 · type 2 · class 2               (§4.1.2)
//   answer   where the name stands 2 · type 2 · class 2 · TTL 4 · length 2 · name       (§4.1.3)

import type { IpAddress } from '@pinhole/wire';

const headerOctets = 12;
const typePtr = 12;
const classInternet = 1;
const lifetimeS = 3600;
/** Response, by whom the zone belongs to. */
const answerFlags = 0x8400;
const recursionDesired = 0x0100;
const noSuchName = 3;
/** To the question's name, behind the header (§4.1.4). */
const questionPointer = 0xc000 | headerOctets;

/** The answer to a query; null where it is none that has one. A name that nobody has is answered as such. */
export function answerPtr(query: Uint8Array, names: ReadonlyMap<IpAddress, string>): Uint8Array | null {
  const bytes = Buffer.from(query);
  if (bytes.length < headerOctets) return null;
  const flags = bytes.readUInt16BE(2);
  const isPlainQuery = (flags & 0xf800) === 0 && bytes.readUInt16BE(4) === 1;
  const end = nameEnd(bytes);
  if (!isPlainQuery || end === null || bytes.length < end + 4) return null;
  const asksPtr = bytes.readUInt16BE(end) === typePtr && bytes.readUInt16BE(end + 2) === classInternet;
  const name = asksPtr ? names.get(addressOf(bytes.subarray(headerOctets, end))) : undefined;
  const header = Buffer.alloc(headerOctets);
  bytes.copy(header, 0, 0, 2);
  header.writeUInt16BE(answerFlags | (flags & recursionDesired) | (name === undefined ? noSuchName : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(name === undefined ? 0 : 1, 6);
  const question = bytes.subarray(headerOctets, end + 4);
  return Buffer.concat([header, question, name === undefined ? Buffer.alloc(0) : record(name)]);
}

/** Behind the question's name; null where it does not end in the message. */
function nameEnd(bytes: Buffer): number | null {
  for (let at = headerOctets; at < bytes.length; ) {
    const length = bytes[at]!;
    if (length === 0) return at + 1;
    if (length > 63) return null;
    at += 1 + length;
  }
  return null;
}

/** Of `10.2.0.192.in-addr.arpa`; text that is no address where the name is another one. */
function addressOf(name: Buffer): IpAddress {
  const labels: string[] = [];
  for (let at = 0; name[at]! > 0; at += 1 + name[at]!) {
    labels.push(name.toString('latin1', at + 1, at + 1 + name[at]!).toLowerCase());
  }
  const isReverse = labels.splice(4).join('.') === 'in-addr.arpa';
  return (isReverse ? labels.reverse().join('.') : '') as IpAddress;
}

function record(name: string): Buffer {
  const labels = name
    .split('.')
    .flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')]);
  const data = Buffer.concat([...labels, Buffer.from([0])]);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(questionPointer, 0);
  head.writeUInt16BE(typePtr, 2);
  head.writeUInt16BE(classInternet, 4);
  head.writeUInt32BE(lifetimeS, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}
