// What TCP asks of a descriptor, in the words of the interfaces.

import { addressFamily, type Endpoint } from '@pinhole/wire';
import type { TcpInfo, TcpOptions } from '../types.ts';
import { libc } from './libc.ts';
import { scratchMemory, setWord } from './memory.ts';
import * as options from './options.ts';
import { socketFamily, writeSockaddr } from './sockaddr.ts';

const SOCK_STREAM_NONBLOCK_CLOEXEC = 1 | 0o4000 | 0o2000000;

/** No TX flag: transmit stamps are asked for write by write. */
const TIMESTAMPING = options.SOF_TIMESTAMPING_RX_SOFTWARE | options.SOF_TIMESTAMPING_SOFTWARE;

// <linux/sockios.h>: octets not acknowledged, and of those the ones that have not left.
const SIOCOUTQ = 0x5411;
const SIOCOUTQNSD = 0x894b;

/** In TCP_INFO's first octet. */
export const CLOSED = 7;

/** TCP_INFO of Linux 4.9, which has the least round trip. */
const INFO_OCTETS = 152;
const UNKNOWN = 0xffff_ffff;

export interface OpenOptions extends TcpOptions {
  /** The address to bind, or of the family. */
  readonly local: Endpoint;
  readonly reusePort?: boolean;
  readonly bind: boolean;
}

/**
 * A descriptor with everything set that holds for its life, and for that of what it accepts; or errno, negated, where it
 * cannot be had.
 */
export function openTcpDescriptor({ local, reusePort, bind, dscp, mss }: OpenOptions): number {
  const version6 = addressFamily(local.address) === 6;
  const fd = libc().socket(socketFamily(local.address), SOCK_STREAM_NONBLOCK_CLOEXEC, 0);
  if (fd < 0) return -libc().errno();
  const { IPPROTO_IPV6, IPPROTO_TCP, SOL_SOCKET, setOption } = options;
  const ready =
    setOption(fd, IPPROTO_TCP, options.TCP_NODELAY, 1) &&
    setOption(fd, SOL_SOCKET, options.SO_TIMESTAMPING, TIMESTAMPING) &&
    (!version6 || setOption(fd, IPPROTO_IPV6, options.IPV6_V6ONLY, 1)) &&
    (dscp === undefined || setDscp(fd, version6, dscp)) &&
    (mss === undefined || setOption(fd, IPPROTO_TCP, options.TCP_MAXSEG, mss)) &&
    (!bind || bindTo(fd, local, reusePort));
  if (ready) return fd;
  const errno = libc().errno();
  libc().close(fd);
  return -errno;
}

/** With SO_REUSEADDR connections of the port in TIME_WAIT are in nobody's way; listeners still are. */
function bindTo(fd: number, local: Endpoint, reusePort = false): boolean {
  const { SO_REUSEADDR, SO_REUSEPORT, SOL_SOCKET, setOption } = options;
  const memory = scratchMemory();
  return (
    setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1) &&
    (!reusePort || setOption(fd, SOL_SOCKET, SO_REUSEPORT, 1)) &&
    libc().bind(fd, memory.address, writeSockaddr(memory, 0, local)) === 0
  );
}

/** False, and errno, where the kernel refuses. */
export function setDscp(fd: number, version6: boolean, dscp: number): boolean {
  const { IP_TOS, IPPROTO_IP, IPPROTO_IPV6, IPV6_TCLASS } = options;
  return version6
    ? options.setOption(fd, IPPROTO_IPV6, IPV6_TCLASS, dscp << 2)
    : options.setOption(fd, IPPROTO_IP, IP_TOS, dscp << 2);
}

/** null: the system's. */
export function setTtl(fd: number, version6: boolean, ttl: number | null): void {
  const { IP_TTL, IPPROTO_IP, IPPROTO_IPV6, IPV6_UNICAST_HOPS } = options;
  if (version6) options.setOption(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl ?? -1);
  else options.setOption(fd, IPPROTO_IP, IP_TTL, ttl ?? -1);
}

/** Whole seconds, at least one: the kernel counts by these. */
export function setKeepAlive(fd: number, keepAliveMs: number): void {
  const { IPPROTO_TCP, SO_KEEPALIVE, SOL_SOCKET, TCP_KEEPIDLE, TCP_KEEPINTVL, setOption } = options;
  const seconds = Math.max(Math.round(keepAliveMs / 1000), 1);
  setOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, seconds);
  setOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, seconds);
  setOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

/** Closes with a RST, whatever is still to be sent or read. */
export function closeWithReset(fd: number): void {
  const { view, address } = scratchMemory();
  // struct linger: 0 on  4 seconds
  view.setInt32(0, 1, true);
  view.setInt32(4, 0, true);
  libc().setsockopt(fd, options.SOL_SOCKET, options.SO_LINGER, address, 8);
  libc().close(fd);
}

/** Octets that the peer has not acknowledged. */
export function unacknowledgedOctets(fd: number): number {
  return queued(fd, SIOCOUTQ);
}

/** Octets that have not left yet. */
export function unsentOctets(fd: number): number {
  return queued(fd, SIOCOUTQNSD);
}

function queued(fd: number, request: number): number {
  const { view, address } = scratchMemory();
  view.setInt32(0, 0, true);
  libc().ioctl(fd, request, address);
  return view.getInt32(0, true);
}

/** By the kernel's number of it, as CLOSED; null where that cannot be had. */
export function tcpState(fd: number): number | null {
  return readInfo(fd)?.getUint8(0) ?? null;
}

/** struct tcp_info: 16 mss  60 path MTU  68 rtt  72 rttvar  100 retransmissions  148 least rtt; in µs */
export function tcpInfo(fd: number, acknowledgedBytes: number): TcpInfo | null {
  const view = readInfo(fd);
  if (view === null) return null;
  const leastUs = view.getUint32(148, true);
  return {
    retransmissions: view.getUint32(100, true),
    roundTripNs: view.getUint32(68, true) * 1000,
    roundTripVariationNs: view.getUint32(72, true) * 1000,
    leastRoundTripNs: leastUs === UNKNOWN ? null : leastUs * 1000,
    mss: view.getUint32(16, true),
    pathMtu: view.getUint32(60, true) || null,
    acknowledgedBytes,
  };
}

function readInfo(fd: number): DataView | null {
  const { view, address } = scratchMemory();
  const lengthAt = INFO_OCTETS;
  setWord(view, lengthAt, INFO_OCTETS);
  const got = libc().getsockopt(fd, options.IPPROTO_TCP, options.TCP_INFO, address, address + lengthAt);
  return got === 0 && view.getUint32(lengthAt, true) === INFO_OCTETS ? view : null;
}
