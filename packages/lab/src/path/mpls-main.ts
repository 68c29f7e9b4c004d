// The program that answers for all routers of a lab that tell labels: mpls-main.ts TASK, an MplsTask as JSON. The kernel
// forwards for them, but drops the packets whose TTL ends there; of these this program tells their sender, with the labels
// (RFC 4950). First a line `ready`; it ends with its standard input.

import { openSync, readSync, writeSync } from 'node:fs';
import { inNetworkNamespace } from '@pinhole/net';
import { addressBytes, encodeTimeExceeded, type IpAddress, type MplsLabel } from '@pinhole/wire';
import { readPacket } from '../capture/packet.ts';
import { call, fail, memory } from '../libc.ts';
import { attachFilter, bindPacketSocket, linkAddressOctets, openPacketSocket, socket } from '../sockets.ts';
import { ErrorBudget } from './budget.ts';
import { labelStack } from './label-stack.ts';

export interface MplsTask {
  readonly routers: readonly MplsRouter[];
}

export interface MplsRouter {
  /** The file of its namespace. */
  readonly namespace: string;
  readonly interfaces: readonly { readonly name: string; readonly address: IpAddress }[];
  /** Outermost first. */
  readonly labels: readonly number[];
}

interface Emulated {
  readonly reading: number;
  readonly sending: number;
  readonly addresses: ReadonlyMap<number, IpAddress>;
  readonly mpls: readonly MplsLabel[];
  /** The file with the setting that its kernel would heed. */
  readonly rateLimit: number;
  readonly budget: ErrorBudget;
}

const poll = call('int poll(uintptr_t, unsigned long, int)');
const recvfrom = call('intptr_t recvfrom(int, uintptr_t, size_t, int, uintptr_t, uintptr_t)');
const sendto = call('intptr_t sendto(int, uintptr_t, size_t, int, uintptr_t, uint32_t)');
const if_nametoindex = call('uint if_nametoindex(const char *)') as unknown as (name: string) => number;

const AF_INET = 2;
/** Without the link's header. */
const SOCK_DGRAM = 2;
/** With an IP header of one's own (raw(7)). */
const SOCK_RAW = 3;
const IPPROTO_RAW = 255;
const ETH_P_IP = 0x0800;
const MSG_DONTWAIT = 0x40;
const POLLIN = 1;
const PACKET_HOST = 0;

const ipHeaderOctets = 20;
/** What routers quote that tell labels (RFC 4884 section 5.5). */
const quotedOctets = 128;
/** Internetwork control, which Linux gives its own errors (RFC 1812 section 4.3.2.5). */
const errorTos = 0xc0;
const icmpErrorTypes = [3, 4, 5, 11, 12];

const packet = memory(2048);
const from = memory(linkAddressOctets);
const fromLength = memory(4);
const answer = memory(1024);
const to = memory(16);

const task = JSON.parse(process.argv[2]!) as MplsTask;
const routers = task.routers.map(emulate);
const waiting = memory(8 * (routers.length + 1));
[0, ...routers.map(({ reading }) => reading)].forEach((descriptor, index) => {
  waiting.data.setInt32(8 * index, descriptor, true);
  waiting.data.setInt16(8 * index + 4, POLLIN, true);
});
writeSync(1, 'ready\n');
do {
  poll(waiting.pointer, routers.length + 1, -1);
  for (const router of routers) answerAll(router);
} while (waiting.data.getInt16(6, true) === 0);

function emulate({ namespace, interfaces, labels }: MplsRouter): Emulated {
  return inNetworkNamespace(namespace, () => {
    const sending = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
    if (sending < 0) fail('open a raw socket');
    return {
      reading: openReading(),
      sending,
      addresses: new Map(interfaces.map(({ name, address }) => [if_nametoindex(name), address])),
      mpls: labelStack(labels),
      rateLimit: openSync('/proc/sys/net/ipv4/icmp_ratelimit', 'r'),
      budget: new ErrorBudget(),
    };
  });
}

/** A packet socket that sees IPv4 packets whose TTL ends here, and no others. */
function openReading(): number {
  const descriptor = openPacketSocket(SOCK_DGRAM);
  // The TTL; above 1?; keep; drop.
  attachFilter(descriptor, [
    [0x30, 0, 0, 8],
    [0x25, 1, 0, 1],
    [0x06, 0, 0, 0xffff],
    [0x06, 0, 0, 0],
  ]);
  bindPacketSocket(descriptor, ETH_P_IP);
  return descriptor;
}

function answerAll(router: Emulated): void {
  for (;;) {
    fromLength.data.setUint32(0, linkAddressOctets, true);
    const length = recvfrom(
      router.reading,
      packet.pointer,
      packet.bytes.length,
      MSG_DONTWAIT,
      from.pointer,
      fromLength.pointer,
    );
    if (length < 0) return;
    const address = router.addresses.get(from.data.getInt32(4, true));
    if (address !== undefined && from.bytes[10] === PACKET_HOST) {
      tell(router, packet.bytes.subarray(0, length), address);
    }
  }
}

/** RFC 1812 section 4.3.2.7: never about an error, nor about a fragment but the first. */
function tell({ sending, mpls, rateLimit, budget }: Emulated, bytes: Uint8Array, address: IpAddress): void {
  const headers = readPacket(bytes);
  const isFragment = ((bytes[6]! & 0x1f) | bytes[7]!) !== 0;
  if (headers === null || isFragment) return;
  if (headers.protocol === 'icmp' && icmpErrorTypes.includes(headers.icmpType ?? -1)) return;
  if (!budget.take(headers.source, readNumber(rateLimit), performance.now())) return;
  const message = encodeTimeExceeded(bytes.subarray(0, quotedOctets), { mpls });
  const source = addressBytes(headers.source);
  // The kernel fills in length, identification and checksum (raw(7)).
  answer.bytes.fill(0, 0, ipHeaderOctets);
  answer.bytes.set([0x45, errorTos]);
  answer.bytes.set([64, 1], 8);
  answer.bytes.set(addressBytes(address), 12);
  answer.bytes.set(source, 16);
  answer.bytes.set(message, ipHeaderOctets);
  to.data.setUint16(0, AF_INET, true);
  to.bytes.set(source, 4);
  // One that finds no way is lost, as any packet.
  sendto(sending, answer.pointer, ipHeaderOctets + message.length, 0, to.pointer, 16);
}

/** Of a file of /proc. */
function readNumber(descriptor: number): number {
  const text = Buffer.alloc(16);
  return Number(text.toString('latin1', 0, readSync(descriptor, text, 0, text.length, 0)));
}
