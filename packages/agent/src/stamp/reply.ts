// What a Session-Reflector answers to one probe: RFC 8762 §4.3, with the extensions of RFC 8972 §4 and RFC 9503 §3.
//
// The answer is as long as the probe (RFC 8762 §4.3): the base packet, the probe's TLVs in their order, filled in, and
// whatever stood behind them. So nobody can use a reflector to turn few octets into many; but for TWAMP Light's shortest
// probes, where the operator wants them answered.

import { addressBytes, type IpAddress, stamp } from '@pinhole/wire';
import { utcErrorEstimate } from './utc.ts';

/** What a reply of TWAMP Light needs: up to the sender's TTL. Its probes may be shorter (RFC 8762 §4.6). */
export const leastReplyBytes = 41;

/** RFC 8972 §5.4 and §5.5: free-running as far as we can tell, stamped by software. */
const localClock = 5;
const softwareStamp = 2;

/** RFC 8972 §4.2.1: sub-TLVs of the Location TLV. */
const sourceIp = { asked: 7, version4: 8, version6: 9, valueBytes: 16 } as const;

type AnsweredTlv = stamp.TlvValue & { readonly flags: number };

export interface ProbeArrival {
  readonly from: { readonly address: IpAddress; readonly port: number };
  readonly localPort: number;
  /** T2. */
  readonly receivedAt: stamp.StampTimestamp;
  /** Null where the system does not tell. */
  readonly ttl: number | null;
  readonly dscp: number | null;
}

/** What a stateful reflector has counted in this session, this probe and its answer included. */
export interface SessionCounts {
  readonly received: number;
  readonly sent: number;
  /** The one before this, and when it truly left. */
  readonly lastReply: { readonly sequence: number; readonly at: stamp.StampTimestamp } | null;
}

export interface ReplyPolicy {
  readonly security: stamp.StampSecurity;
  readonly isOwnAddress: (address: IpAddress) => boolean;
  /** Whether an answer may be sent with this DSCP because the sender asks for it. */
  readonly allowsDscp: (dscp: number) => boolean;
}

export interface ProbeReply {
  /** T3 is yet to be set (setTransmitTimestamp). */
  readonly data: Uint8Array;
  readonly dscp: number | null;
  /** What the sender wants it to come from, where that is one of our addresses. */
  readonly from: IpAddress | null;
  /** The sender asks when the answers truly left. */
  readonly wantsFollowUp: boolean;
}

/** `counts` are null in stateless mode. `probe` is `data`, decoded. */
export function answerProbe(
  data: Uint8Array,
  probe: Extract<stamp.StampDecoded<stamp.SenderPacket>, { ok: true }>,
  arrival: ProbeArrival,
  counts: SessionCounts | null,
  policy: ReplyPolicy,
): ProbeReply {
  const { packet } = probe;
  const reply: stamp.ReflectorPacket = {
    sequence: counts === null ? packet.sequence : (counts.sent - 1) >>> 0,
    timestamp: 0n,
    errorEstimate: utcErrorEstimate,
    ssid: packet.ssid,
    receiveTimestamp: arrival.receivedAt,
    senderSequence: packet.sequence,
    senderTimestamp: packet.timestamp,
    senderErrorEstimate: packet.errorEstimate,
    senderTtl: arrival.ttl,
  };
  const answers = probe.tlvIntegrity === 'failed' ? [] : answerTlvs(probe.tlvs, arrival, counts, policy);
  return {
    data: assemble(data, probe, reply, answers, policy.security),
    dscp: answers.reduce<number | null>(
      (dscp, tlv) => (isGrantedClass(tlv) ? tlv.dscp1 : dscp),
      arrival.dscp,
    ),
    from: answers.reduce<IpAddress | null>(
      (from, tlv) => (tlv.kind === 'destination-node-address' && tlv.flags === 0 ? tlv.address : from),
      null,
    ),
    wantsFollowUp: answers.some(({ kind }) => kind === 'follow-up-telemetry'),
  };
}

function assemble(
  data: Uint8Array,
  { tlvs, tlvIntegrity, trailingBytes }: Extract<stamp.StampDecoded<stamp.SenderPacket>, { ok: true }>,
  reply: stamp.ReflectorPacket,
  answers: readonly AnsweredTlv[],
  security: stamp.StampSecurity,
): Uint8Array {
  if (data.length < stamp.stampBaseBytes(security.mode)) {
    const base = stamp.encodeReflectorPacket(security, reply);
    // A probe of TWAMP Light. One too short even for its own kind of reply is only here where that is wanted.
    return data.length < leastReplyBytes ? base : base.subarray(0, data.length);
  }
  const trailing = markTruncated(data.subarray(data.length - trailingBytes));
  if (tlvIntegrity === 'failed') {
    // RFC 8972 §4.8: all as it came, with the flag I in each.
    const flagged = tlvs.map((tlv) => ({ ...tlv, flags: stamp.tlvFlag.integrityFailed }));
    const open = stamp.encodeReflectorPacket({ mode: 'unauthenticated' }, reply, { tlvs: flagged });
    const area = open.subarray(stamp.stampBaseBytes('unauthenticated'));
    return Buffer.concat([stamp.encodeReflectorPacket(security, reply), area, trailing]);
  }
  const totalBytes = data.length - trailingBytes;
  return Buffer.concat([
    stamp.encodeReflectorPacket(security, reply, { tlvs: answers, totalBytes }),
    trailing,
  ]);
}

/** RFC 8972 §4: a TLV that is longer than what is left is malformed; what is left is copied all the same. */
function markTruncated(trailing: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(trailing);
  if (copy.length >= 4 && copy[1] !== 0) copy[0] = copy[0]! | stamp.tlvFlag.malformed;
  return copy;
}

/** RFC 8972 §4: nothing behind a malformed TLV is looked at. */
function answerTlvs(
  tlvs: readonly stamp.Tlv[],
  arrival: ProbeArrival,
  counts: SessionCounts | null,
  policy: ReplyPolicy,
): AnsweredTlv[] {
  const malformed = tlvs.findIndex(({ kind }) => kind === 'malformed');
  const sound = malformed < 0 ? tlvs : tlvs.slice(0, malformed);
  return [
    ...sound.map((tlv) => answerTlv(tlv, arrival, counts, policy)),
    ...tlvs
      .slice(sound.length)
      .map((tlv, i) => (i === 0 ? { ...tlv, flags: stamp.tlvFlag.malformed as number } : tlv)),
  ];
}

function answerTlv(
  tlv: stamp.Tlv,
  arrival: ProbeArrival,
  counts: SessionCounts | null,
  policy: ReplyPolicy,
): AnsweredTlv {
  const understood = { flags: 0 };
  const notUnderstood = { ...tlv, flags: stamp.tlvFlag.unrecognized };
  switch (tlv.kind) {
    case 'extra-padding':
      return { ...tlv, ...understood };
    case 'location':
      return {
        ...tlv,
        ...understood,
        destinationPort: arrival.localPort,
        sourcePort: arrival.from.port,
        subTlvs: tlv.subTlvs.map((each) => answerLocation(each, arrival.from.address)),
      };
    case 'timestamp-information':
      return {
        ...tlv,
        ...understood,
        syncSourceIn: localClock,
        timestampIn: softwareStamp,
        syncSourceOut: localClock,
        timestampOut: softwareStamp,
      };
    case 'class-of-service': {
      // What it arrived with is the point of it: where the system does not tell, we have nothing to say.
      if (arrival.dscp === null) return notUnderstood;
      const reversePath = policy.allowsDscp(tlv.dscp1) ? 0 : 1;
      return { ...tlv, ...understood, dscp2: arrival.dscp, ecn: 0, reversePath };
    }
    case 'direct-measurement':
      if (counts === null) return notUnderstood;
      return { ...tlv, ...understood, reflectorReceived: counts.received, reflectorSent: counts.sent };
    case 'access-report':
      // RFC 8972 §4.6: 3GPP or not; any other value is to be discarded.
      return tlv.accessId === 1 || tlv.accessId === 2 ? { ...tlv, ...understood } : notUnderstood;
    case 'follow-up-telemetry': {
      // RFC 8972 §4.7: zeros in stateless mode, and before there is anything to tell.
      const { sequence, at: timestamp } = counts?.lastReply ?? { sequence: 0, at: 0n };
      return { ...tlv, ...understood, sequence, timestamp, timestampMode: softwareStamp };
    }
    case 'hmac':
      // Here it has been verified, and is made anew with the packet; without a key there is nothing to verify it by.
      return policy.security.mode === 'authenticated' ? { ...tlv, ...understood } : notUnderstood;
    case 'destination-node-address':
      return policy.isOwnAddress(tlv.address) ? { ...tlv, ...understood } : notUnderstood;
    case 'return-path':
    case 'unrecognized':
    case 'malformed':
      return notUnderstood;
  }
}

/** RFC 8972 §4.2.2: whom the probe came from, which a sender behind a NAT does not know. All else is ours to keep. */
function answerLocation(asked: stamp.SubTlv, source: IpAddress): stamp.SubTlv {
  if (asked.type !== sourceIp.asked || asked.value.length !== sourceIp.valueBytes) {
    return { ...asked, flags: stamp.tlvFlag.unrecognized };
  }
  const octets = addressBytes(source);
  const value = new Uint8Array(sourceIp.valueBytes);
  value.set(octets);
  return { flags: 0, type: octets.length === 4 ? sourceIp.version4 : sourceIp.version6, value };
}

function isGrantedClass(
  tlv: AnsweredTlv,
): tlv is Extract<stamp.TlvValue, { kind: 'class-of-service' }> & { flags: number } {
  return tlv.kind === 'class-of-service' && tlv.flags === 0 && tlv.reversePath === 0;
}
