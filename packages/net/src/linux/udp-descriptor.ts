import { addressFamily, type Endpoint } from '@pinhole/wire';
import { socketError } from '../node/errors.ts';
import type { UdpOptions } from '../types.ts';
import { errorName, libc } from './libc.ts';
import { type Memory, scratchMemory } from './memory.ts';
import * as options from './options.ts';
import { socketFamily, writeSockaddr } from './sockaddr.ts';

const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;

/** For IPv6 the control messages have other names; IPV6_V6ONLY, so that each socket is of one family. */
const OPTIONS_6 = [
  options.IPV6_V6ONLY,
  options.IPV6_RECVERR,
  options.IPV6_RECVPKTINFO,
  options.IPV6_RECVHOPLIMIT,
  options.IPV6_RECVTCLASS,
];
const OPTIONS_4 = [options.IP_RECVERR, options.IP_PKTINFO, options.IP_RECVTTL, options.IP_RECVTOS];

/** For datagrams that nobody is to fragment: DF, whatever MTU the kernel has kept of the path. */
const DONT_FRAGMENT_4 = [[options.IP_MTU_DISCOVER, options.IP_PMTUDISC_PROBE]] as const;
const DONT_FRAGMENT_6 = [
  [options.IPV6_MTU_DISCOVER, options.IP_PMTUDISC_PROBE],
  [options.IPV6_DONTFRAG, 1],
] as const;

/** No TX flag: transmit stamps are asked for datagram by datagram. */
const TIMESTAMPING =
  options.SOF_TIMESTAMPING_RX_SOFTWARE |
  options.SOF_TIMESTAMPING_SOFTWARE |
  options.SOF_TIMESTAMPING_OPT_TSONLY;

/** A bound descriptor with everything asked for. Throws SocketError. */
export function openUdpDescriptor({ local, reusePort, bufferBytes, dontFragment }: UdpOptions): number {
  const version6 = addressFamily(local.address) === 6;
  const fd = libc().socket(socketFamily(local.address), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw failure(local);
  const level = version6 ? options.IPPROTO_IPV6 : options.IPPROTO_IP;
  const wanted = version6 ? OPTIONS_6 : OPTIONS_4;
  const whole = version6 ? DONT_FRAGMENT_6 : DONT_FRAGMENT_4;
  const memory: Memory = scratchMemory();
  const ready =
    wanted.every((option) => options.setOption(fd, level, option, 1)) &&
    (dontFragment !== true ||
      whole.every(([option, value]) => options.setOption(fd, level, option, value))) &&
    restartStampCount(fd) &&
    (reusePort !== true || options.setOption(fd, options.SOL_SOCKET, options.SO_REUSEPORT, 1)) &&
    libc().bind(fd, memory.address, writeSockaddr(memory, 0, local)) === 0;
  if (!ready) {
    const error = failure(local);
    libc().close(fd);
    throw error;
  }
  // Linux 5.10 and later: without it, errors tell nothing of an extension.
  options.setOption(fd, level, version6 ? options.IPV6_RECVERR_RFC4884 : options.IP_RECVERR_RFC4884, 1);
  if (bufferBytes !== undefined) options.setBuffers(fd, bufferBytes);
  return fd;
}

/** The kernel's count of stamped datagrams begins at 0 when OPT_ID is newly set. */
export function restartStampCount(fd: number): boolean {
  const { SOL_SOCKET, SO_TIMESTAMPING, SOF_TIMESTAMPING_OPT_ID } = options;
  return (
    options.setOption(fd, SOL_SOCKET, SO_TIMESTAMPING, TIMESTAMPING) &&
    options.setOption(fd, SOL_SOCKET, SO_TIMESTAMPING, TIMESTAMPING | SOF_TIMESTAMPING_OPT_ID)
  );
}

function failure(local: Endpoint): Error {
  return socketError('open UDP', local, errorName(libc().errno()));
}
