// The STAMP packets of one session, as one end sends and reads them (RFC 8762 in authenticated mode, RFC 8972 §4.7
// for the true time of reflections). Both ends probe over the same 5-tuple; the SSID says whose probing a packet is of.

import { type SessionKeys, type SessionRole, sessionSsid, stamp } from '@pinhole/wire';

/** RFC 8762 §4.2.1: probes leave with the largest TTL, so that the receiver can count hops. */
export const probeTtl = 255;

/** 112 for the packet, 20 each for Follow-Up Telemetry and the TLVs' HMAC. */
const telemetryBytes = 152;
/** RFC 8972 §5.5: software, local. */
const softwareTimestamp = 2;
// Our clock may be anything: S is 0, and a second is what a host without time service may well be off.
const errorEstimate = stamp.errorEstimateFromNs(1e9, { synchronized: false, format: 'ntp' });

export type ProbePacket =
  | { readonly kind: 'probe'; readonly packet: stamp.SenderPacket; readonly telemetry: boolean }
  | {
      readonly kind: 'reflection';
      readonly packet: stamp.ReflectorPacket;
      /** When an earlier reflection truly left. */
      readonly followUp: { readonly sequence: number; readonly timestamp: bigint } | null;
    };

/** Where a STAMP packet in authenticated mode names its session; null where it is too short for one. */
export function ssidOf(bytes: Uint8Array): number | null {
  return bytes.length < 112 ? null : ((bytes[26] as number) << 8) | (bytes[27] as number);
}

/** A reflection has the time of reception here, where a probe has zeros (RFC 8762 §4.2.1, §4.3.1). */
function isReflection(bytes: Uint8Array): boolean {
  return bytes.subarray(32, 40).some((octet) => octet !== 0);
}

export class ProbeCodec {
  readonly ownSsid: number;
  readonly peerSsid: number;
  readonly #own: stamp.StampSecurity;
  readonly #peer: stamp.StampSecurity;

  constructor(keys: SessionKeys, sessionId: Uint8Array, role: SessionRole) {
    const peerRole = role === 'source' ? 'target' : 'source';
    this.ownSsid = sessionSsid(sessionId, role);
    this.peerSsid = sessionSsid(sessionId, peerRole);
    this.#own = { mode: 'authenticated', key: keys.probes[role] };
    this.#peer = { mode: 'authenticated', key: keys.probes[peerRole] };
  }

  /** A probe of ours; `payloadBytes` 0 for the least that tells all. `now` is read last. */
  encodeProbe(
    sequence: number,
    payloadBytes: number,
    now: () => bigint,
  ): { bytes: Uint8Array; timestamp: bigint } {
    const telemetry = payloadBytes === 0 || payloadBytes >= telemetryBytes;
    const bytes = stamp.encodeSenderPacket(
      this.#own,
      { sequence, timestamp: 0n, errorEstimate, ssid: this.ownSsid },
      { tlvs: telemetry ? [followUpTlv(null)] : [], totalBytes: payloadBytes },
    );
    const timestamp = now();
    stamp.setTransmitTimestamp(this.#own, bytes, timestamp);
    return { bytes, timestamp };
  }

  /** The answer to a probe of the peer's, of the same size. */
  encodeReflection(
    probe: Extract<ProbePacket, { kind: 'probe' }>,
    sizeBytes: number,
    received: { readonly timestamp: bigint; readonly ttl: number | null },
    followUp: { readonly sequence: number; readonly timestamp: bigint } | null,
    now: () => bigint,
  ): Uint8Array {
    const { packet } = probe;
    const bytes = stamp.encodeReflectorPacket(
      this.#peer,
      {
        sequence: packet.sequence,
        timestamp: 0n,
        errorEstimate,
        ssid: packet.ssid,
        receiveTimestamp: received.timestamp,
        senderSequence: packet.sequence,
        senderTimestamp: packet.timestamp,
        senderErrorEstimate: packet.errorEstimate,
        senderTtl: received.ttl,
      },
      { tlvs: probe.telemetry ? [followUpTlv(followUp)] : [], totalBytes: sizeBytes },
    );
    stamp.setTransmitTimestamp(this.#peer, bytes, now());
    return bytes;
  }

  /** What a packet of this session is; null for one that is not, or not by who holds the key. */
  decode(bytes: Uint8Array): ProbePacket | null {
    const ssid = ssidOf(bytes);
    // One key for both: a packet that is thrown back to its sender must not pass for the other kind.
    if (ssid === this.peerSsid && !isReflection(bytes)) {
      const decoded = stamp.decodeSenderPacket(this.#peer, bytes);
      return decoded.ok
        ? { kind: 'probe', packet: decoded.packet, telemetry: findFollowUp(decoded) !== null }
        : null;
    }
    if (ssid !== this.ownSsid || !isReflection(bytes)) return null;
    const decoded = stamp.decodeReflectorPacket(this.#own, bytes);
    if (!decoded.ok) return null;
    const followUp = findFollowUp(decoded);
    return {
      kind: 'reflection',
      packet: decoded.packet,
      followUp: followUp?.timestamp === 0n ? null : followUp,
    };
  }
}

function followUpTlv(followUp: { sequence: number; timestamp: bigint } | null): stamp.TlvValue {
  const { sequence, timestamp } = followUp ?? { sequence: 0, timestamp: 0n };
  return {
    kind: 'follow-up-telemetry',
    sequence,
    timestamp,
    timestampMode: followUp === null ? 0 : softwareTimestamp,
  };
}

function findFollowUp(
  decoded: Extract<stamp.StampDecoded<unknown>, { ok: true }>,
): { sequence: number; timestamp: bigint } | null {
  if (decoded.tlvIntegrity !== 'verified') return null;
  return decoded.tlvs.find((tlv) => tlv.kind === 'follow-up-telemetry') ?? null;
}
