// What a throughput is measured with: bulk packets, each of them known by the tag that its receiver has drawn; and the
// binary attributes of the messages about it (messages.ts).
//
//   ┌───────────────────────────┐
//   │ sequence number, from 0   │   octets 0 … 3; 0 over TCP
//   ├───────────────────────────┤
//   │ 0x62756c6b                │   4 … 7: neither STUN's cookie nor the zeros of our STAMP packets
//   ├───────────────────────────┤
//   │ tag                       │   8 … 15
//   ├───────────────────────────┤
//   │ anything                  │
//   └───────────────────────────┘
//
// There is no HMAC: at 1 Gbit/s one for each packet would be the bottleneck. Whoever is not on the path cannot guess the
// tag, and whoever is can drop and repeat packets anyway.

export const bulkHeaderBytes = 16;
export const bulkTagBytes = 8;
/** A UDP payload that passes every IPv6 path unfragmented (RFC 8200 §5), so that one for each path need not be found. */
export const bulkDatagramBytes = 1232;

const mark = 0x62756c6b;

export interface BulkHeader {
  readonly sequence: number;
  readonly tag: Uint8Array;
}

/** Writes the header into the first 16 octets. */
export function writeBulkHeader(bytes: Uint8Array, { sequence, tag }: BulkHeader): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bulkHeaderBytes);
  view.setUint32(0, sequence);
  view.setUint32(4, mark);
  bytes.set(tag, 8);
}

/** Another number for a packet that has a header. */
export function setBulkSequence(bytes: Uint8Array, sequence: number): void {
  new DataView(bytes.buffer, bytes.byteOffset, 4).setUint32(0, sequence);
}

/** Whether it is to be taken for a bulk packet, whoever's. */
export function looksLikeBulk(bytes: Uint8Array): boolean {
  return (
    bytes.length >= bulkHeaderBytes &&
    bytes[4] === 0x62 &&
    bytes[5] === 0x75 &&
    bytes[6] === 0x6c &&
    bytes[7] === 0x6b
  );
}

/** Its sequence number, where it has the tag; otherwise null. To be asked 100,000 times a second. */
export function bulkSequence(bytes: Uint8Array, tag: Uint8Array): number | null {
  if (!looksLikeBulk(bytes)) return null;
  for (let i = 0; i < bulkTagBytes; i++) if (bytes[8 + i] !== tag[i]) return null;
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
}

/** What is to be measured, or is granted. */
export interface ThroughputPlan {
  /** Null: nothing, the source measures another throughput at the moment. */
  readonly direction: 'to-target' | 'from-target' | null;
  readonly durationMs: number;
  /** Of UDP's payload, kbit/s; null: as fast as the connection takes it. */
  readonly rateKbps: number | null;
  /** Drawn by who receives; zeros from who sends. */
  readonly tag: Uint8Array;
}

export const throughputLimits = { durationMs: 30_000, rateKbps: 1_000_000 };

// version 1 (1) · direction: 0 none, 1 to target, 2 from target (1) · zero (2) · duration ms (4) · rate kbit/s (4) · tag (8)
const planVersion = 1;
const planBytes = 20;
const directions = [null, 'to-target', 'from-target'] as const;

/** Of a plan within throughputLimits, with a tag of 8 octets. */
export function encodeThroughputPlan({ direction, durationMs, rateKbps, tag }: ThroughputPlan): Uint8Array {
  const bytes = Buffer.alloc(planBytes);
  bytes.writeUInt8(planVersion, 0);
  bytes.writeUInt8(directions.indexOf(direction), 1);
  bytes.writeUInt32BE(durationMs, 4);
  bytes.writeUInt32BE(rateKbps ?? 0, 8);
  bytes.set(tag, 12);
  return bytes;
}

/** The plan, or null where it is malformed or beyond throughputLimits. Further octets are ignored. */
export function decodeThroughputPlan(octets: Uint8Array): ThroughputPlan | null {
  if (octets.length < planBytes || octets[0] !== planVersion) return null;
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const direction = directions[view.getUint8(1)];
  const [durationMs, rateKbps] = [view.getUint32(4), view.getUint32(8)];
  const isSound = durationMs <= throughputLimits.durationMs && rateKbps <= throughputLimits.rateKbps;
  if (direction === undefined || !isSound) return null;
  return {
    direction,
    durationMs,
    rateKbps: rateKbps === 0 ? null : rateKbps,
    tag: Uint8Array.from(octets.subarray(12, planBytes)),
  };
}

/** The receiver of bulk packets is there; or it wants no more of them. */
export interface BulkArrived {
  /** Counts up from 1, so that a copy of an earlier one says nothing. */
  readonly count: number;
  readonly stop: boolean;
}

// count (4) · flags: 1 stop (1) · zero (3)
const arrivedBytes = 8;

/** `count` is below 2^32. */
export function encodeBulkArrived({ count, stop }: BulkArrived): Uint8Array {
  const bytes = Buffer.alloc(arrivedBytes);
  bytes.writeUInt32BE(count, 0);
  bytes.writeUInt8(stop ? 1 : 0, 4);
  return bytes;
}

/** Null where it is malformed. Further octets are ignored. */
export function decodeBulkArrived(octets: Uint8Array): BulkArrived | null {
  if (octets.length < arrivedBytes) return null;
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  return { count: view.getUint32(0), stop: (view.getUint8(4) & 1) !== 0 };
}
