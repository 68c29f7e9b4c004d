// What passes an interface, from a packet socket (packet(7)) on the shared poller.
//
// struct sockaddr_ll:  0 family  2 protocol  4 interface  8 hatype  10 packet type  11 address length  12 address

import { monotonicNs } from '../node/clock.ts';
import { SocketError } from '../types.ts';
import { noControl, readControl } from './control.ts';
import { sampleRealtimeOffset } from './kernel-time.ts';
import { EACCES, EPERM, errorName, libc } from './libc.ts';
import { scratchMemory } from './memory.ts';
import { CONTROL_OCTETS } from './message-ring.ts';
import {
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_TIMESTAMPING,
  SOF_TIMESTAMPING_RX_SOFTWARE,
  SOF_TIMESTAMPING_SOFTWARE,
  SOL_SOCKET,
  setOption,
} from './options.ts';
import { sharedPoller } from './poller.ts';
import { sharedReceiveRing } from './receive-ring.ts';
import { SOCKADDR_OCTETS } from './sockaddr.ts';

const AF_PACKET = 17;
const SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0o4000 | 0o2000000;
const SOCKADDR_LL_OCTETS = 20;
const ETH_P_ALL = 0x0003;
const ETH_P_IP = 0x0800;
const ETH_P_IPV6 = 0x86dd;
const PACKET_OUTGOING = 4;
const SOL_PACKET = 263;
const PACKET_STATISTICS = 6;

/** Holds about a second of a fast link while the event loop is busy. */
const BUFFER_BYTES = 16 << 20;
const BATCHES_PER_TURN = 4;

export interface CaptureOptions {
  /** `packet` is an IPv4 or IPv6 packet from its header on, and only lent; `atNs` the kernel's stamp on the monotonic
   *  scale. `outgoing`: this host sent it by this interface. On loopback each packet is seen both ways. */
  readonly handler: (packet: Uint8Array, atNs: number, outgoing: boolean) => void;
  /** @default all interfaces of the network namespace */
  readonly interfaceName?: string;
}

export interface Capture {
  /** Packets that the kernel had no room for, since the last call. */
  takeDropCount(): number;
  /** The handler is not called after this. */
  close(): void;
}

/**
 * Captures in the network namespace of the caller (inNetworkNamespace). Takes CAP_NET_RAW there. Throws SocketError:
 * not-permitted without it, address-not-available where there is no such interface.
 */
export function openCapture({ handler, interfaceName }: CaptureOptions): Capture {
  const fd = openDescriptor(interfaceName);
  const ring = sharedReceiveRing();
  const control = noControl();
  let open = true;

  const onReady = () => {
    const { messages } = ring;
    for (let batch = 0; open && batch < BATCHES_PER_TURN; batch++) {
      const count = ring.receive(fd, 0);
      if (count <= 0) return;
      const realtime = sampleRealtimeOffset();
      for (let i = 0; open && i < count; i++) {
        const protocol = messages.names.view.getUint16(i * SOCKADDR_OCTETS + 2);
        if (protocol !== ETH_P_IP && protocol !== ETH_P_IPV6) continue;
        const outgoing = messages.names.bytes[i * SOCKADDR_OCTETS + 10] === PACKET_OUTGOING;
        readControl(messages.controls, i * CONTROL_OCTETS, messages.controlLength(i), realtime, control);
        handler(ring.data(i), control.stampNs ?? monotonicNs(), outgoing);
      }
    }
  };

  const key = sharedPoller().add(fd, { onReady });
  return {
    takeDropCount() {
      const { view, address } = scratchMemory();
      view.setUint32(8, 8, true);
      if (!open || libc().getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, address, address + 8) !== 0) return 0;
      return view.getUint32(4, true);
    },
    close() {
      if (!open) return;
      open = false;
      sharedPoller().remove(key);
      libc().close(fd);
    },
  };
}

function openDescriptor(interfaceName: string | undefined): number {
  const where = interfaceName ?? 'all interfaces';
  const index = interfaceName === undefined ? 0 : libc().if_nametoindex(interfaceName);
  if (interfaceName !== undefined && index === 0) {
    throw new SocketError('address-not-available', `cannot capture on ${where}: no such interface`);
  }
  // Protocol 0 takes nothing until the socket is bound to its interface.
  const fd = libc().socket(AF_PACKET, SOCK_DGRAM_NONBLOCK_CLOEXEC, 0);
  if (fd < 0) throw failure(where);
  if (!setOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)) {
    setOption(fd, SOL_SOCKET, SO_RCVBUF, BUFFER_BYTES);
  }
  setOption(fd, SOL_SOCKET, SO_TIMESTAMPING, SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE);
  const { view, bytes, address } = scratchMemory();
  bytes.fill(0, 0, SOCKADDR_LL_OCTETS);
  view.setUint16(0, AF_PACKET, true);
  view.setUint16(2, ETH_P_ALL);
  view.setInt32(4, index, true);
  if (libc().bind(fd, address, SOCKADDR_LL_OCTETS) !== 0) {
    const error = failure(where);
    libc().close(fd);
    throw error;
  }
  return fd;
}

function failure(where: string): SocketError {
  const errno = libc().errno();
  const code = errno === EPERM || errno === EACCES ? 'not-permitted' : 'other';
  return new SocketError(code, `cannot capture on ${where}: ${errorName(errno)}`);
}
