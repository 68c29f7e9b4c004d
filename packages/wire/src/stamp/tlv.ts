// STAMP's extensions (RFC 8972 §4, RFC 9503): type-length-values behind the base packet.
//
//   0               1               2               3
//   +---------------+---------------+-------------------------------+
//   |U|M|I|reserved |     type      |       length of value         |
//   +---------------+---------------+-------------------------------+
//   |                             value                             |
//
//    1 extra padding            any octets
//    2 location                 destination port 2 · source port 2 · sub-TLVs
//    3 timestamp information    sync source in 1 · timestamp in 1 · sync source out 1 · timestamp out 1 · sub-TLVs
//    4 class of service         DSCP1 6 bits · DSCP2 6 bits · ECN 2 bits · RP 2 bits · zero 2
//    5 direct measurement       sender sent 4 · reflector received 4 · reflector sent 4
//    6 access report            access id 4 bits · zero 4 bits · return code 1 · zero 2
//    7 follow-up telemetry      sequence 4 · timestamp 8 · timestamp mode 1 · zero 3
//    8 HMAC                     16 octets, see packet.ts
//    9 destination node address 4 or 16 octets (RFC 9503 §3)
//   10 return path              sub-TLVs (RFC 9503 §4)

import { addressBytes, addressFromBytes, type IpAddress } from '../address.ts';
import type { StampTimestamp } from './time.ts';

/** The bits of `flags` (RFC 8972 §4). */
export const tlvFlag = {
  /** Set by the sender, cleared by a reflector that knows the type. */
  unrecognized: 0x80,
  malformed: 0x40,
  integrityFailed: 0x20,
} as const;

/** An extension of one kind. Counters and sequence numbers are of 32 bits. */
export type TlvValue =
  | { readonly kind: 'extra-padding'; readonly octets: Uint8Array }
  | {
      readonly kind: 'location';
      readonly destinationPort: number;
      readonly sourcePort: number;
      readonly subTlvs: readonly SubTlv[];
    }
  | {
      readonly kind: 'timestamp-information';
      readonly syncSourceIn: number;
      readonly timestampIn: number;
      readonly syncSourceOut: number;
      readonly timestampOut: number;
      readonly subTlvs: readonly SubTlv[];
    }
  | {
      readonly kind: 'class-of-service';
      /** What the reflector is asked to answer with. */
      readonly dscp1: number;
      /** What the sender's packet arrived with. */
      readonly dscp2: number;
      readonly ecn: number;
      readonly reversePath: number;
    }
  | {
      readonly kind: 'direct-measurement';
      readonly senderSent: number;
      readonly reflectorReceived: number;
      readonly reflectorSent: number;
    }
  | { readonly kind: 'access-report'; readonly accessId: number; readonly returnCode: number }
  | {
      readonly kind: 'follow-up-telemetry';
      /** Of the reflector's earlier reply that `timestamp` belongs to. */
      readonly sequence: number;
      /** When that reply truly left; 0 with sequence 0: not known. */
      readonly timestamp: StampTimestamp;
      /** RFC 8972 §4.3's timestamping methods: 1 hardware assist, 2 software local, 3 control plane. */
      readonly timestampMode: number;
    }
  | { readonly kind: 'hmac'; readonly digest: Uint8Array }
  | { readonly kind: 'destination-node-address'; readonly address: IpAddress }
  | { readonly kind: 'return-path'; readonly subTlvs: readonly SubTlv[] }
  /** A type that this module does not know. A reflector answers it with the flag U. */
  | { readonly kind: 'unrecognized'; readonly type: number; readonly value: Uint8Array }
  /** A known type whose value is not what the type asks for. A reflector answers it with the flag M. */
  | { readonly kind: 'malformed'; readonly type: number; readonly value: Uint8Array };

/** `flags` are the octet as it stands in the packet. */
export type Tlv = TlvValue & { readonly flags: number };

/** A TLV within a TLV: RFC 8972 §4.2.1 (location), RFC 9503 §4.1 (return path). */
export interface SubTlv {
  readonly flags: number;
  readonly type: number;
  readonly value: Uint8Array;
}

export const tlvHeaderBytes = 4;
export const hmacBytes = 16;

const tlvType = {
  'extra-padding': 1,
  location: 2,
  'timestamp-information': 3,
  'class-of-service': 4,
  'direct-measurement': 5,
  'access-report': 6,
  'follow-up-telemetry': 7,
  hmac: 8,
  'destination-node-address': 9,
  'return-path': 10,
} as const;

/** A TLV and where its first octet stands in the octets that were decoded. */
export interface PlacedTlv {
  readonly tlv: Tlv;
  readonly offset: number;
}

/**
 * The TLVs in `bytes`, in order. Stops at type 0, which is reserved and is how the padding of TWAMP Light looks, and
 * at a length that leads beyond the end; `trailingBytes` counts what is left then.
 */
export function decodeTlvs(bytes: Uint8Array): { tlvs: PlacedTlv[]; trailingBytes: number } {
  const { records, trailingBytes } = splitRecords(bytes);
  const tlvs = records.map(({ flags, type, value, offset }) => ({
    tlv: { flags, ...decodeValue(type, view(value)) },
    offset,
  }));
  return { tlvs, trailingBytes };
}

/** Throws a RangeError for fields out of range and values beyond 65,535 octets. */
export function encodeTlv(tlv: TlvValue, flags: number): Uint8Array {
  const type = tlv.kind === 'unrecognized' || tlv.kind === 'malformed' ? tlv.type : tlvType[tlv.kind];
  return encodeRecord({ flags, type, value: encodeValue(tlv) });
}

function decodeValue(type: number, value: Buffer): TlvValue {
  return knownValue(type, value) ?? { kind: isKnownType(type) ? 'malformed' : 'unrecognized', type, value };
}

function isKnownType(type: number): boolean {
  return type >= tlvType['extra-padding'] && type <= tlvType['return-path'];
}

/** Null where the type is not known or the value not what it should be. */
function knownValue(type: number, value: Buffer): TlvValue | null {
  switch (type) {
    case tlvType['extra-padding']:
      return { kind: 'extra-padding', octets: value };
    case tlvType.location: {
      const subTlvs = value.length < 4 ? null : decodeSubTlvs(value.subarray(4));
      if (subTlvs === null) return null;
      return {
        kind: 'location',
        destinationPort: value.readUInt16BE(0),
        sourcePort: value.readUInt16BE(2),
        subTlvs,
      };
    }
    case tlvType['timestamp-information']: {
      const subTlvs = value.length < 4 ? null : decodeSubTlvs(value.subarray(4));
      if (subTlvs === null) return null;
      return {
        kind: 'timestamp-information',
        syncSourceIn: value.readUInt8(0),
        timestampIn: value.readUInt8(1),
        syncSourceOut: value.readUInt8(2),
        timestampOut: value.readUInt8(3),
        subTlvs,
      };
    }
    case tlvType['class-of-service']: {
      if (value.length !== 4) return null;
      const word = value.readUInt16BE(0);
      return {
        kind: 'class-of-service',
        dscp1: word >> 10,
        dscp2: (word >> 4) & 0x3f,
        ecn: (word >> 2) & 3,
        reversePath: word & 3,
      };
    }
    case tlvType['direct-measurement']:
      if (value.length !== 12) return null;
      return {
        kind: 'direct-measurement',
        senderSent: value.readUInt32BE(0),
        reflectorReceived: value.readUInt32BE(4),
        reflectorSent: value.readUInt32BE(8),
      };
    case tlvType['access-report']:
      if (value.length !== 4) return null;
      return { kind: 'access-report', accessId: value.readUInt8(0) >> 4, returnCode: value.readUInt8(1) };
    case tlvType['follow-up-telemetry']:
      if (value.length !== 16) return null;
      return {
        kind: 'follow-up-telemetry',
        sequence: value.readUInt32BE(0),
        timestamp: value.readBigUInt64BE(4),
        timestampMode: value.readUInt8(12),
      };
    case tlvType.hmac:
      return value.length === hmacBytes ? { kind: 'hmac', digest: value } : null;
    case tlvType['destination-node-address']: {
      const address = addressFromBytes(value);
      return address === null ? null : { kind: 'destination-node-address', address };
    }
    case tlvType['return-path']: {
      const subTlvs = decodeSubTlvs(value);
      return subTlvs === null ? null : { kind: 'return-path', subTlvs };
    }
    default:
      return null;
  }
}

function encodeValue(tlv: TlvValue): Uint8Array {
  switch (tlv.kind) {
    case 'extra-padding':
      return tlv.octets;
    case 'location': {
      const ports = Buffer.alloc(4);
      ports.writeUInt16BE(tlv.destinationPort, 0);
      ports.writeUInt16BE(tlv.sourcePort, 2);
      return Buffer.concat([ports, ...tlv.subTlvs.map(encodeRecord)]);
    }
    case 'timestamp-information': {
      const fields = Buffer.alloc(4);
      fields.writeUInt8(tlv.syncSourceIn, 0);
      fields.writeUInt8(tlv.timestampIn, 1);
      fields.writeUInt8(tlv.syncSourceOut, 2);
      fields.writeUInt8(tlv.timestampOut, 3);
      return Buffer.concat([fields, ...tlv.subTlvs.map(encodeRecord)]);
    }
    case 'class-of-service': {
      const value = Buffer.alloc(4);
      const upper = (bits(tlv.dscp1, 6) << 10) | (bits(tlv.dscp2, 6) << 4);
      value.writeUInt16BE(upper | (bits(tlv.ecn, 2) << 2) | bits(tlv.reversePath, 2), 0);
      return value;
    }
    case 'direct-measurement': {
      const value = Buffer.alloc(12);
      value.writeUInt32BE(tlv.senderSent, 0);
      value.writeUInt32BE(tlv.reflectorReceived, 4);
      value.writeUInt32BE(tlv.reflectorSent, 8);
      return value;
    }
    case 'access-report': {
      const value = Buffer.alloc(4);
      value.writeUInt8(bits(tlv.accessId, 4) << 4, 0);
      value.writeUInt8(tlv.returnCode, 1);
      return value;
    }
    case 'follow-up-telemetry': {
      const value = Buffer.alloc(16);
      value.writeUInt32BE(tlv.sequence, 0);
      value.writeBigUInt64BE(tlv.timestamp, 4);
      value.writeUInt8(tlv.timestampMode, 12);
      return value;
    }
    case 'hmac':
      return tlv.digest;
    case 'destination-node-address':
      return addressBytes(tlv.address);
    case 'return-path':
      return Buffer.concat(tlv.subTlvs.map(encodeRecord));
    case 'unrecognized':
    case 'malformed':
      return tlv.value;
  }
}

function bits(value: number, width: number): number {
  if (value < 0 || value >= 2 ** width) throw new RangeError(`${value} does not fit into ${width} bits`);
  return value;
}

function decodeSubTlvs(bytes: Uint8Array): SubTlv[] | null {
  const { records, trailingBytes } = splitRecords(bytes);
  return trailingBytes > 0 ? null : records.map(({ flags, type, value }) => ({ flags, type, value }));
}

function splitRecords(bytes: Uint8Array): {
  records: (SubTlv & { offset: number })[];
  trailingBytes: number;
} {
  const buffer = view(bytes);
  const records: (SubTlv & { offset: number })[] = [];
  let offset = 0;
  while (buffer.length - offset >= tlvHeaderBytes) {
    const type = buffer.readUInt8(offset + 1);
    const end = offset + tlvHeaderBytes + buffer.readUInt16BE(offset + 2);
    if (type === 0 || end > buffer.length) break;
    const value = buffer.subarray(offset + tlvHeaderBytes, end);
    records.push({ flags: buffer.readUInt8(offset), type, value, offset });
    offset = end;
  }
  return { records, trailingBytes: buffer.length - offset };
}

function encodeRecord({ flags, type, value }: SubTlv): Buffer {
  const bytes = Buffer.alloc(tlvHeaderBytes + value.length);
  bytes.writeUInt8(flags, 0);
  bytes.writeUInt8(type, 1);
  bytes.writeUInt16BE(value.length, 2);
  bytes.set(value, tlvHeaderBytes);
  return bytes;
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
