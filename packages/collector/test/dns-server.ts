// A DNS server on loopback that knows some names (RFC 1035 §4), for tests.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { TestContext } from 'node:test';

/** Names for a reverse name, 'none' for NXDOMAIN, 'fault' for SERVFAIL, 'silence' for no answer. */
export type Zone = (question: string) => readonly string[] | 'none' | 'fault' | 'silence';

export interface DnsServer {
  /** `127.0.0.1:5353` */
  readonly server: string;
  /** `1.2.0.192.in-addr.arpa` */
  readonly questions: string[];
}

export async function startDnsServer(t: Pick<TestContext, 'after'>, zone: Zone): Promise<DnsServer> {
  const socket = createSocket('udp4');
  const questions: string[] = [];
  socket.on('message', (query, from) => {
    const question = labelsOf(query).join('.');
    questions.push(question);
    const found = zone(question);
    if (found !== 'silence') socket.send(answer(query, found), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => socket.close());
  return { server: `127.0.0.1:${socket.address().port}`, questions };
}

function labelsOf(query: Buffer): string[] {
  const labels: string[] = [];
  for (let at = 12; query[at] !== 0; at += query[at]! + 1) {
    labels.push(query.toString('latin1', at + 1, at + 1 + query[at]!));
  }
  return labels;
}

const responseCodes = { none: 3, fault: 2 } as const;

function answer(query: Buffer, found: readonly string[] | 'none' | 'fault'): Buffer {
  const isCode = found === 'none' || found === 'fault';
  const names = isCode ? [] : found;
  let end = 12;
  while (query[end] !== 0) end += query[end]! + 1;
  const response = Buffer.from(query.subarray(0, end + 5));
  // A response, recursion available.
  response.writeUInt16BE(0x8180 | (isCode ? responseCodes[found] : 0), 2);
  response.writeUInt16BE(names.length, 6);
  // No authority, and nothing additional.
  response.writeUInt32BE(0, 8);
  return Buffer.concat([response, ...names.map(pointer)]);
}

/** One PTR record for the name asked for, which stands at octet 12. */
function pointer(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label, 'latin1')]));
  const data = Buffer.concat([...labels, Buffer.from([0])]);
  const head = Buffer.from([0xc0, 12, 0, 12, 0, 1, 0, 0, 0x0e, 0x10, 0, data.length]);
  return Buffer.concat([head, data]);
}
