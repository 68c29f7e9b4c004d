// A probe of a Session-Sender's: RFC 8762 §4.2, with the extensions that tell most (RFC 8972 §4).

import { stamp } from '@pinhole/wire';
import { utcErrorEstimate } from './utc.ts';

export interface ProbeFormat {
  readonly security: stamp.StampSecurity;
  /** 0 for a reflector of TWAMP Light, whose probes have padding there. */
  readonly ssid: number;
  /** Ask for what a reflector may tell beside: it copies them where it does not know them. */
  readonly extensions: boolean;
  /** At least so many octets of UDP payload. */
  readonly sizeBytes: number;
  /** What replies shall be sent with. */
  readonly dscp: number;
}

/** `timestamp` is T1. */
export function encodeProbe(
  format: ProbeFormat,
  sequence: number,
  timestamp: stamp.StampTimestamp,
): Uint8Array {
  const { security, ssid, sizeBytes } = format;
  return stamp.encodeSenderPacket(
    security,
    { sequence, timestamp, errorEstimate: utcErrorEstimate, ssid },
    { tlvs: format.extensions ? questions(sequence, format.dscp) : [], totalBytes: sizeBytes },
  );
}

/** Octets of the smallest probe of this format. */
export function leastProbeBytes(format: Omit<ProbeFormat, 'sizeBytes'>): number {
  return encodeProbe({ ...format, sizeBytes: 0 }, 0, 0n).length;
}

function questions(sequence: number, dscp: number): stamp.TlvValue[] {
  return [
    { kind: 'follow-up-telemetry', sequence: 0, timestamp: 0n, timestampMode: 0 },
    { kind: 'class-of-service', dscp1: dscp, dscp2: 0, ecn: 0, reversePath: 0 },
    { kind: 'direct-measurement', senderSent: sequence + 1, reflectorReceived: 0, reflectorSent: 0 },
    {
      kind: 'location',
      destinationPort: 0,
      sourcePort: 0,
      // RFC 8972 §4.2.1: the source's address, to be filled in.
      subTlvs: [{ flags: stamp.tlvFlag.unrecognized, type: 7, value: new Uint8Array(16) }],
    },
  ];
}
