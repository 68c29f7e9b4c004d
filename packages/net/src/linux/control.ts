// Control messages (cmsg(3)): 0 length  8 level  12 type  16 data, padded to 8.

import type { IpAddress } from '@pinhole/wire';
import { type RealtimeOffset, readStamp } from './kernel-time.ts';
import type { Memory } from './memory.ts';
import {
  IP_PKTINFO,
  IP_RECVERR,
  IP_TOS,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_HOPLIMIT,
  IPV6_PKTINFO,
  IPV6_RECVERR,
  IPV6_TCLASS,
  SO_TIMESTAMPING,
  SOF_TIMESTAMPING_TX_SOFTWARE,
  SOL_SOCKET,
} from './options.ts';
import { cachedOctets, readAddress, readSockaddrAddress } from './sockaddr.ts';

const HEADER_OCTETS = 16;

/** sock_extended_err (ip(7)): 0 errno  4 origin  5 type  6 code  8 info  12 data  16 offender's sockaddr */
export interface ExtendedError {
  readonly origin: number;
  readonly icmpType: number;
  readonly icmpCode: number;
  readonly info: number;
  readonly data: number;
  readonly offender: IpAddress | null;
}

/** ExtendedError.origin of a transmit stamp. */
export const ORIGIN_TIMESTAMPING = 4;

/** What the control messages of one received message say. Used again for the next. */
export interface ReceivedControl {
  stampNs: number | null;
  to: IpAddress | null;
  ttl: number | null;
  dscp: number | null;
  error: ExtendedError | null;
}

/** One to read into. */
export function noControl(): ReceivedControl {
  return { stampNs: null, to: null, ttl: null, dscp: null, error: null };
}

/** Of a message whose control messages are the `length` octets from `start` on. */
export function readControl(
  memory: Memory,
  start: number,
  length: number,
  realtime: RealtimeOffset,
  into: ReceivedControl,
): void {
  const { view, bytes } = memory;
  into.stampNs = into.to = into.ttl = into.dscp = into.error = null;
  let offset = start;
  while (offset + HEADER_OCTETS <= start + length) {
    const size = view.getUint32(offset, true);
    if (size < HEADER_OCTETS) return;
    const level = view.getInt32(offset + 8, true);
    const type = view.getInt32(offset + 12, true);
    const data = offset + HEADER_OCTETS;
    if (level === SOL_SOCKET) {
      if (type === SO_TIMESTAMPING) into.stampNs = readStamp(memory, data, realtime);
    } else if (level === IPPROTO_IP) {
      if (type === IP_TTL) into.ttl = view.getInt32(data, true);
      else if (type === IP_TOS) into.dscp = bytes[data]! >> 2;
      // 0 interface  4 local address  8 destination in the header
      else if (type === IP_PKTINFO) into.to = readAddress(memory, data + 8, 4);
      else if (type === IP_RECVERR) into.error = readExtendedError(memory, data);
    } else if (level === IPPROTO_IPV6) {
      if (type === IPV6_HOPLIMIT) into.ttl = view.getInt32(data, true);
      else if (type === IPV6_TCLASS) into.dscp = view.getInt32(data, true) >> 2;
      else if (type === IPV6_PKTINFO) into.to = readAddress(memory, data, 6);
      else if (type === IPV6_RECVERR) into.error = readExtendedError(memory, data);
    }
    offset += (size + 7) & ~7;
  }
}

function readExtendedError(memory: Memory, at: number): ExtendedError {
  const { view, bytes } = memory;
  return {
    origin: bytes[at + 4]!,
    icmpType: bytes[at + 5]!,
    icmpCode: bytes[at + 6]!,
    info: view.getUint32(at + 8, true),
    data: view.getUint32(at + 12, true),
    offender: readSockaddrAddress(memory, at + 16),
  };
}

export interface SendControl {
  readonly ttl?: number;
  readonly dscp?: number;
  readonly from?: IpAddress;
  readonly stamp?: boolean;
}

/** @returns the octets written */
export function writeControl(memory: Memory, start: number, version6: boolean, control: SendControl): number {
  const level = version6 ? IPPROTO_IPV6 : IPPROTO_IP;
  let end = start;
  if (control.ttl !== undefined) {
    end = writeInt(memory, end, level, version6 ? IPV6_HOPLIMIT : IP_TTL, control.ttl);
  }
  if (control.dscp !== undefined) {
    end = writeInt(memory, end, level, version6 ? IPV6_TCLASS : IP_TOS, control.dscp << 2);
  }
  if (control.from !== undefined) {
    end = writePacketInfo(memory, end, level, version6 ? IPV6_PKTINFO : IP_PKTINFO, control.from);
  }
  // Asked for per datagram, so that all others cost nothing and leave the kernel's count of ids alone.
  if (control.stamp === true) {
    end = writeInt(memory, end, SOL_SOCKET, SO_TIMESTAMPING, SOF_TIMESTAMPING_TX_SOFTWARE);
  }
  return end - start;
}

function writeHeader({ view }: Memory, at: number, size: number, level: number, type: number): number {
  view.setUint32(at, HEADER_OCTETS + size, true);
  view.setUint32(at + 4, 0, true);
  view.setInt32(at + 8, level, true);
  view.setInt32(at + 12, type, true);
  return at + HEADER_OCTETS;
}

function writeInt(memory: Memory, at: number, level: number, type: number, value: number): number {
  const data = writeHeader(memory, at, 4, level, type);
  memory.view.setInt32(data, value, true);
  memory.view.setInt32(data + 4, 0, true);
  return data + 8;
}

/** IPv4: 0 interface  4 source  8 unused. IPv6: 0 source  16 interface. */
function writePacketInfo(memory: Memory, at: number, level: number, type: number, from: IpAddress): number {
  const octets = cachedOctets(from);
  const size = octets.length === 16 ? 20 : 12;
  const data = writeHeader(memory, at, size, level, type);
  const padded = (size + 7) & ~7;
  memory.bytes.fill(0, data, data + padded);
  memory.bytes.set(octets, octets.length === 16 ? data : data + 4);
  return data + padded;
}
