// Every ICMP error that comes to this host, by raw sockets (raw(7), RFC 3542 §3), one for each family.

import { type AddressFamily, decodeIcmpError, icmpTypes } from '@pinhole/wire';
import { monotonicNs } from '../node/clock.ts';
import type { Closers } from '../node/net.ts';
import { type IcmpHandler, type IcmpOpener, type IcmpSocket, SocketError } from '../types.ts';
import { noControl, readControl } from './control.ts';
import { sampleRealtimeOffset } from './kernel-time.ts';
import { EACCES, EPERM, errorName, libc } from './libc.ts';
import { scratchMemory } from './memory.ts';
import { CONTROL_OCTETS } from './message-ring.ts';
import * as options from './options.ts';
import { type Pollable, sharedPoller } from './poller.ts';
import { sharedReceiveRing } from './receive-ring.ts';
import { AF_INET, AF_INET6, readSockaddrAddress, SOCKADDR_OCTETS } from './sockaddr.ts';

const SOCK_RAW_NONBLOCK_CLOEXEC = 3 | 0o4000 | 0o2000000;
const IPPROTO_ICMP = 1;
const IPPROTO_ICMPV6 = 58;
const SOL_RAW = 255;
/** A bit each type that is to be kept away, of 32 types. */
const ICMP_FILTER = 1;
/** The same of 256 types. */
const ICMPV6_FILTER = 1;

/** Nobody can make a host answer for more than this at a time: others have their turn. */
const BATCHES_PER_TURN = 4;

/**
 * Descriptors are made before open returns its promise, so that they belong to the network namespace of the caller
 * (inNetworkNamespace).
 */
export function createLinuxIcmp(closers: Closers): IcmpOpener {
  return {
    available() {
      const fd = openDescriptor(4);
      if (fd >= 0) libc().close(fd);
      return fd >= 0;
    },
    async open(handler) {
      const fd = openDescriptor(4);
      if (fd < 0) throw failure(-fd);
      // A system may be without IPv6.
      const fd6 = openDescriptor(6);
      const parts = [
        new FamilySocket(fd, 4, handler),
        ...(fd6 < 0 ? [] : [new FamilySocket(fd6, 6, handler)]),
      ];
      const socket: IcmpSocket = {
        close() {
          if (!closers.delete(socket)) return;
          for (const part of parts) part.close();
        },
      };
      closers.add(socket);
      return socket;
    },
  };
}

class FamilySocket implements Pollable {
  readonly #fd: number;
  readonly #family: AddressFamily;
  readonly #handler: IcmpHandler;
  readonly #pollerKey: number;
  readonly #control = noControl();
  #open = true;

  constructor(fd: number, family: AddressFamily, handler: IcmpHandler) {
    this.#fd = fd;
    this.#family = family;
    this.#handler = handler;
    this.#pollerKey = sharedPoller().add(fd, this);
  }

  close(): void {
    this.#open = false;
    sharedPoller().remove(this.#pollerKey);
    libc().close(this.#fd);
  }

  onReady(): void {
    const ring = sharedReceiveRing();
    const { messages } = ring;
    const control = this.#control;
    for (let batch = 0; this.#open && batch < BATCHES_PER_TURN; batch++) {
      const count = ring.receive(this.#fd, 0);
      if (count <= 0) return;
      const realtime = sampleRealtimeOffset();
      const nowNs = monotonicNs();
      const reports = [];
      for (let i = 0; i < count; i++) {
        const from = readSockaddrAddress(messages.names, i * SOCKADDR_OCTETS);
        readControl(messages.controls, i * CONTROL_OCTETS, messages.controlLength(i), realtime, control);
        const decoded = decodeIcmpError(withoutIpHeader(ring.data(i), this.#family), this.#family);
        if (from === null || !decoded.ok) continue;
        const receivedAtNs = Math.min(control.stampNs ?? nowNs, nowNs);
        reports.push({ from, ttl: control.ttl, receivedAtNs, error: decoded.value });
      }
      for (const report of reports) if (this.#open) this.#handler.onError(report);
    }
  }
}

/** IPv4's raw sockets give the header as well, IPv6's do not. */
function withoutIpHeader(octets: Uint8Array, family: AddressFamily): Uint8Array {
  return family === 6 ? octets : octets.subarray(((octets[0] ?? 0) & 15) * 4);
}

/** The descriptor, or errno, negated. */
function openDescriptor(family: AddressFamily): number {
  const [domain, protocol] = family === 4 ? [AF_INET, IPPROTO_ICMP] : [AF_INET6, IPPROTO_ICMPV6];
  const fd = libc().socket(domain, SOCK_RAW_NONBLOCK_CLOEXEC, protocol);
  if (fd < 0) return -libc().errno();
  const { SOL_SOCKET, SO_TIMESTAMPING, IPPROTO_IP, IPPROTO_IPV6, IP_RECVTTL, IPV6_RECVHOPLIMIT, setOption } =
    options;
  const stamps = options.SOF_TIMESTAMPING_RX_SOFTWARE | options.SOF_TIMESTAMPING_SOFTWARE;
  const ready =
    setOption(fd, SOL_SOCKET, SO_TIMESTAMPING, stamps) &&
    (family === 4
      ? setOption(fd, IPPROTO_IP, IP_RECVTTL, 1)
      : setOption(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1)) &&
    passErrorsOnly(fd, family);
  if (ready) return fd;
  const errno = libc().errno();
  libc().close(fd);
  return -errno;
}

/** What is no error never wakes the program, such as the answers to everybody's pings. */
function passErrorsOnly(fd: number, family: AddressFamily): boolean {
  const { view, bytes, address } = scratchMemory();
  const length = family === 4 ? 4 : 32;
  bytes.fill(0xff, 0, length);
  for (const types of Object.values(icmpTypes)) {
    const type = types[family];
    if (type !== null) view.setUint32(0, view.getUint32(0, true) & ~(1 << type), true);
  }
  return family === 4
    ? libc().setsockopt(fd, SOL_RAW, ICMP_FILTER, address, length) === 0
    : libc().setsockopt(fd, IPPROTO_ICMPV6, ICMPV6_FILTER, address, length) === 0;
}

function failure(errno: number): SocketError {
  const code = errno === EPERM || errno === EACCES ? 'not-permitted' : 'other';
  return new SocketError(code, `cannot open ICMP: ${errorName(errno)}`);
}
