// What a reply says, of any make: all that STAMP and TWAMP Light reflectors are known to leave out is told as missing.

import type { Datagram } from '@pinhole/net';
import { addressFromBytes, type Endpoint, stamp } from '@pinhole/wire';

export interface Reply {
  /** The reflector's own number, which may be the probe's. */
  readonly sequence: number;
  /** The probe's. */
  readonly probe: number;
  /** T2 and T3 by the reflector's clock, since 1970; null where it tells none. */
  readonly times: { readonly t2UnixNs: bigint; readonly t3UnixNs: bigint } | null;
  readonly timestampFormat: stamp.TimestampFormat;
  /** T4, from the round's origin. */
  readonly receivedAtNs: number;
  readonly sizeBytes: number;
  /** 0 where it is not echoed. */
  readonly ssid: number;
  /** What the probe arrived with; null where the reflector does not tell. */
  readonly probeTtl: number | null;
  /** What the reply arrived with; null where our system does not tell. */
  readonly ttl: number | null;
  readonly dscp: number | null;
  readonly told: Told;
}

/** What TLVs tell; null where the reflector did not understand the one. */
export interface Told {
  /** What the probe arrived with, and whether the reply has the one that was asked for. */
  readonly classOfService: { readonly dscp: number; readonly granted: boolean } | null;
  readonly counted: { readonly received: number; readonly sent: number } | null;
  /** When an earlier reply truly left. */
  readonly followUp: { readonly sequence: number; readonly unixNs: bigint } | null;
  /** Where our probes come from, as seen from there. */
  readonly source: Endpoint | null;
}

export type ReplyFailure = stamp.StampDecodeFailure | 'not-ours';

/**
 * The reply in `datagram` to a probe of ours. `timestampOf` gives T1 as it stood in that probe: only who has seen it
 * can send it back, and that is all that tells a reply from a stranger's packet where there is no key.
 */
export function readReply(
  security: stamp.StampSecurity,
  datagram: Pick<Datagram, 'data' | 'receivedAtNs' | 'ttl' | 'dscp'>,
  timestampOf: (probe: number) => stamp.StampTimestamp | null,
): { readonly ok: true; readonly reply: Reply } | { readonly ok: false; readonly reason: ReplyFailure } {
  const decoded = stamp.decodeReflectorPacket(security, datagram.data);
  if (!decoded.ok) return decoded;
  const { packet } = decoded;
  if (timestampOf(packet.senderSequence) !== packet.senderTimestamp) return { ok: false, reason: 'not-ours' };
  const { format } = packet.errorEstimate;
  const unixNs = (time: stamp.StampTimestamp) => stamp.unixNsFromTimestamp(time, format);
  const timed = packet.receiveTimestamp !== 0n && packet.timestamp !== 0n;
  const { data, receivedAtNs, ttl, dscp } = datagram;
  return {
    ok: true,
    reply: {
      sequence: packet.sequence,
      probe: packet.senderSequence,
      times: timed ? { t2UnixNs: unixNs(packet.receiveTimestamp), t3UnixNs: unixNs(packet.timestamp) } : null,
      timestampFormat: format,
      receivedAtNs,
      sizeBytes: data.length,
      ssid: packet.ssid,
      probeTtl: packet.senderTtl,
      ttl,
      dscp,
      told: readTlvs(decoded, unixNs),
    },
  };
}

function readTlvs(
  { tlvs, tlvIntegrity }: Extract<stamp.StampDecoded<unknown>, { ok: true }>,
  unixNs: (time: stamp.StampTimestamp) => bigint,
): Told {
  const told: { -readonly [K in keyof Told]: Told[K] } = {
    classOfService: null,
    counted: null,
    followUp: null,
    source: null,
  };
  // RFC 8972 §4: nothing is believed where the integrity failed, nor what follows a malformed one.
  const { unrecognized, malformed, integrityFailed } = stamp.tlvFlag;
  if (tlvIntegrity === 'failed' || tlvs.some(({ flags }) => (flags & integrityFailed) !== 0)) return told;
  for (const tlv of tlvs) {
    if ((tlv.flags & malformed) !== 0) return told;
    if ((tlv.flags & unrecognized) !== 0) continue;
    if (tlv.kind === 'class-of-service')
      told.classOfService = { dscp: tlv.dscp2, granted: tlv.reversePath === 0 };
    else if (tlv.kind === 'direct-measurement')
      told.counted = { received: tlv.reflectorReceived, sent: tlv.reflectorSent };
    else if (tlv.kind === 'follow-up-telemetry' && tlv.timestamp !== 0n)
      told.followUp = { sequence: tlv.sequence, unixNs: unixNs(tlv.timestamp) };
    else if (tlv.kind === 'location') told.source = sourceIn(tlv);
  }
  return told;
}

/** RFC 8972 §4.2.1: sub-TLVs 8 and 9 hold the source's address, of version 4 and 6. */
function sourceIn({
  sourcePort: port,
  subTlvs,
}: Extract<stamp.TlvValue, { kind: 'location' }>): Endpoint | null {
  for (const { type, value } of subTlvs) {
    if (value.length !== 16 || (type !== 8 && type !== 9)) continue;
    const address = addressFromBytes(type === 8 ? value.subarray(0, 4) : value);
    if (address !== null) return { address, port };
  }
  return null;
}
