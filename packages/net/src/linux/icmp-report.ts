// An ICMP error as a socket's error queue has it.

import { type AddressFamily, isTooBig, unannouncedExtension } from '@pinhole/wire';
import type { IcmpReport } from '../types.ts';
import type { ReceivedControl } from './control.ts';

// sock_extended_err.ee_origin
const ORIGIN_ICMP = 2;
const ORIGIN_ICMP6 = 3;

const IP_HEADER_OCTETS = { 4: 20, 6: 40 } as const;

/**
 * What the socket's program is told; null where the message is no ICMP error. `octets` are what the queue holds of the
 * packet quoted, from behind its IP header and `headerOctets` of its own on.
 */
export function icmpReport(
  { error, stampNs, ttl }: ReceivedControl,
  octets: Uint8Array,
  family: AddressFamily,
  headerOctets: number,
  nowNs: number,
): Omit<IcmpReport, 'to'> | null {
  if (error === null || (error.origin !== ORIGIN_ICMP && error.origin !== ORIGIN_ICMP6)) return null;
  const { offender, icmpType, icmpCode, info, data } = error;
  const mtu = isTooBig(icmpType, icmpCode, family) ? Math.min(info, 0xffff) : 0;
  const receivedAtNs = Math.min(stampNs ?? nowNs, nowNs);
  // With IP_RECVERR_RFC4884 the data begin with where in the octets the extension does (2); 0 where none is announced.
  const announcedAt = data & 0xffff;
  const extension =
    announcedAt === 0
      ? unannouncedExtension(octets, IP_HEADER_OCTETS[family] + headerOctets)
      : octets.subarray(announcedAt);
  const quoted = octets.subarray(0, octets.length - (extension?.length ?? 0));
  return { offender, icmpType, icmpCode, mtu, receivedAtNs, ttl, quoted, extension };
}
