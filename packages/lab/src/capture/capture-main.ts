// The capturing program: capture-main.ts INTERFACE… writes a line of JSON for each IP packet on these interfaces of
// the namespace it runs in. First a line `ready`; when its standard input ends, what is still waiting, then the
// number of packets that the kernel had no room for.

import { call, memory } from '../libc.ts';
import { bindPacketSocket, openPacketSocket, setReceiveBuffer } from '../sockets.ts';
import { readPacket } from './packet.ts';

const interfaceNames = new Set(process.argv.slice(2));

const poll = call('int poll(uintptr_t, unsigned long, int)');
const recvfrom = call('intptr_t recvfrom(int, uintptr_t, size_t, int, uintptr_t, uintptr_t)');
const getsockopt = call('int getsockopt(int, int, int, uintptr_t, uintptr_t)');
const ioctl = call('int ioctl(int, unsigned long, uintptr_t)');
const if_indextoname = call('uintptr_t if_indextoname(uint32_t, uintptr_t)');

/** Without the link's header. */
const SOCK_DGRAM = 2;
const ETH_P_ALL = 3;
const SOL_PACKET = 263;
const PACKET_STATISTICS = 6;
const SIOCGSTAMPNS = 0x8907;
const MSG_DONTWAIT = 0x40;
const MSG_TRUNC = 0x20;
const POLLIN = 1;
const PACKET_OUTGOING = 4;

/** Headers are all that is read: 60 octets of IPv4's, 20 of TCP's, with room. */
const snapLength = 128;
const bufferBytes = 64 * 1024 * 1024;
/** How soon the end of standard input is noticed. */
const pollMs = 20;

const packet = memory(snapLength);
const address = memory(20);
const number = memory(4);
const statistics = memory(8);
const stamp = memory(16);
const nameBuffer = memory(16);
const waiting = memory(8);

const descriptor = openPacketSocket(SOCK_DGRAM);
setReceiveBuffer(descriptor, bufferBytes);
// The first call finds no stamp, and has every later packet stamped as it arrives.
ioctl(descriptor, SIOCGSTAMPNS, stamp.pointer);
bindPacketSocket(descriptor, ETH_P_ALL);

const names = new Map<number, string>();

function interfaceName(index: number): string {
  let name = names.get(index);
  if (name === undefined) {
    nameBuffer.bytes.fill(0);
    if_indextoname(index, nameBuffer.pointer);
    name = Buffer.from(nameBuffer.bytes).toString().replace(/\0.*$/, '');
    names.set(index, name);
  }
  return name;
}

/** Takes all that is waiting, as lines. */
function drain(): string {
  let lines = '';
  for (;;) {
    number.data.setUint32(0, 20, true);
    const length = recvfrom(
      descriptor,
      packet.pointer,
      snapLength,
      MSG_DONTWAIT | MSG_TRUNC,
      address.pointer,
      number.pointer,
    );
    if (length < 0) return lines;
    const name = interfaceName(address.data.getInt32(4, true));
    if (!interfaceNames.has(name)) continue;
    const headers = readPacket(packet.bytes.subarray(0, Math.min(length, snapLength)));
    if (headers === null) continue;
    ioctl(descriptor, SIOCGSTAMPNS, stamp.pointer);
    const atNs = Number(stamp.data.getBigInt64(0, true)) * 1e9 + Number(stamp.data.getBigInt64(8, true));
    const outgoing = address.data.getUint8(10) === PACKET_OUTGOING;
    lines += `${JSON.stringify({ atNs, interfaceName: name, outgoing, ...headers })}\n`;
  }
}

let ending = false;
process.stdin.on('end', () => {
  ending = true;
});
process.stdin.resume();
process.stdout.write('ready\n');

function turn(): void {
  waiting.data.setInt32(0, descriptor, true);
  waiting.data.setInt16(4, POLLIN, true);
  if (!ending) poll(waiting.pointer, 1, pollMs);
  const lines = drain();
  if (lines !== '') process.stdout.write(lines);
  if (!ending) return void setImmediate(turn);
  number.data.setUint32(0, 8, true);
  getsockopt(descriptor, SOL_PACKET, PACKET_STATISTICS, statistics.pointer, number.pointer);
  process.stdout.write(`${JSON.stringify({ dropped: statistics.data.getUint32(4, true) })}\n`, () =>
    process.exit(0),
  );
}
turn();
