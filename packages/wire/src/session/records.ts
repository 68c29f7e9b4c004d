// The binary attributes of session control: the round's plan, and what a side has sent.

/** How a round is to go, as its source wants it. */
export interface SessionPlan {
  /** Probes in each measured direction. */
  readonly probeCount: number;
  /** Between two probes, µs. */
  readonly gapUs: number;
  /** UDP payload of a probe; 0: as small as the format allows. */
  readonly payloadBytes: number;
  readonly dscp: number;
  readonly toTarget: boolean;
  readonly fromTarget: boolean;
  /** A probe that takes longer counts as lost. */
  readonly lossThresholdMs: number;
}

// version 1 (1) · dscp (1) · directions (1): 1 to target, 2 from target · zero (1)
// probe count (2) · payload (2) · gap µs (4) · loss threshold ms (4) = 16 octets
const planVersion = 1;
const planBytes = 16;

/** Bounds a peer's plan must keep: a round sends for 8 s at most, and nobody is made to flood. */
export const planLimits = {
  probeCount: 500,
  minGapUs: 1000,
  maxSendMs: 8000,
  payloadBytes: 1400,
  lossThresholdMs: 5000,
};

export function encodePlan(plan: SessionPlan): Uint8Array {
  const bytes = Buffer.alloc(planBytes);
  bytes.writeUInt8(planVersion, 0);
  bytes.writeUInt8(plan.dscp, 1);
  bytes.writeUInt8((plan.toTarget ? 1 : 0) | (plan.fromTarget ? 2 : 0), 2);
  bytes.writeUInt16BE(plan.probeCount, 4);
  bytes.writeUInt16BE(plan.payloadBytes, 6);
  bytes.writeUInt32BE(plan.gapUs, 8);
  bytes.writeUInt32BE(plan.lossThresholdMs, 12);
  return bytes;
}

/** The plan, or null where it is malformed or beyond planLimits. Further octets are ignored. */
export function decodePlan(octets: Uint8Array): SessionPlan | null {
  if (octets.length < planBytes || octets[0] !== planVersion) return null;
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const directions = view.getUint8(2);
  const plan: SessionPlan = {
    dscp: view.getUint8(1),
    toTarget: (directions & 1) !== 0,
    fromTarget: (directions & 2) !== 0,
    probeCount: view.getUint16(4),
    payloadBytes: view.getUint16(6),
    gapUs: view.getUint32(8),
    lossThresholdMs: view.getUint32(12),
  };
  const sendMs = (plan.probeCount * plan.gapUs) / 1000;
  const sound =
    plan.dscp <= 63 &&
    (plan.toTarget || plan.fromTarget) &&
    plan.probeCount >= 1 &&
    plan.probeCount <= planLimits.probeCount &&
    plan.gapUs >= planLimits.minGapUs &&
    sendMs <= planLimits.maxSendMs &&
    plan.payloadBytes <= planLimits.payloadBytes &&
    plan.lossThresholdMs <= planLimits.lossThresholdMs;
  return sound ? plan : null;
}

/** A part of one side's log of probes, on that side's clock (NTP 64-bit times). */
export interface SentRecords {
  /** Sequence number of the first entry. */
  readonly first: number;
  /** Probes that the side has sent in all. */
  readonly total: number;
  readonly entries: readonly SentRecord[];
}

export interface SentRecord {
  /** True time of transmission; null where the probe could not be sent. */
  readonly sentAt: bigint | null;
  /** When its reflection arrived; null where none did. */
  readonly reflectionAt: bigint | null;
}

// first (2) · total (2) · entries of 16 octets: sent (8) · reflection received (8); 0 for none
const recordsHeaderBytes = 4;
const recordBytes = 16;
/** So that a report fits a datagram of 1,232 octets, which passes every IPv6 path unfragmented (RFC 8200 §5). */
export const maxRecordsPerReport = 60;

export function encodeRecords(records: SentRecords): Uint8Array {
  const bytes = Buffer.alloc(recordsHeaderBytes + records.entries.length * recordBytes);
  bytes.writeUInt16BE(records.first, 0);
  bytes.writeUInt16BE(records.total, 2);
  records.entries.forEach((entry, i) => {
    bytes.writeBigUInt64BE(entry.sentAt ?? 0n, recordsHeaderBytes + i * recordBytes);
    bytes.writeBigUInt64BE(entry.reflectionAt ?? 0n, recordsHeaderBytes + i * recordBytes + 8);
  });
  return bytes;
}

export function decodeRecords(octets: Uint8Array): SentRecords | null {
  const count = (octets.length - recordsHeaderBytes) / recordBytes;
  if (!Number.isInteger(count) || count < 0 || count > maxRecordsPerReport) return null;
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const [first, total] = [view.getUint16(0), view.getUint16(2)];
  if (first + count > total) return null;
  const entries = Array.from({ length: count }, (_, i) => {
    const at = recordsHeaderBytes + i * recordBytes;
    return { sentAt: view.getBigUint64(at) || null, reflectionAt: view.getBigUint64(at + 8) || null };
  });
  return { first, total, entries };
}
