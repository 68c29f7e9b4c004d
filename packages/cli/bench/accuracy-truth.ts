// What an emulated link has done to the packets of a measurement, from its own record.

import { type RecordedPacket, readLinkRecord } from '@pinhole/lab';

export type Direction = RecordedPacket['direction'];

/** One packet of a stream, as often as it left. */
export interface TruePacket {
  readonly sequence: number;
  /** How long the link kept it; null: it was lost. */
  readonly heldNs: number | null;
  readonly leftNs: number | null;
  readonly copies: number;
}

/** Names a packet, so that all of one stream have the same name and numbers of their own; null for others. */
export type Naming = (head: Buffer, packet: { flow: string; payloadBytes: number }) => PacketName | null;

export interface PacketName {
  readonly stream: string;
  readonly sequence: number;
}

export class Truth {
  readonly #streams = new Map<string, Map<number, TruePacket>>();

  constructor(recordFile: string, naming: Naming) {
    const { packets, missed, unstamped } = readLinkRecord(recordFile);
    if (missed > 0 || unstamped > 0)
      throw new Error(`The link's record misses ${missed + unstamped} packets`);
    for (const packet of packets) {
      const name = naming(Buffer.from(packet.head, 'hex'), packet);
      if (name !== null) this.#add(name, packet);
    }
  }

  /** The packets of a stream in one direction, by number. */
  packets(direction: Direction, stream: string): ReadonlyMap<number, TruePacket> {
    return this.#streams.get(`${direction} ${stream}`) ?? new Map();
  }

  #add({ stream, sequence }: PacketName, { direction, cameNs, leftNs, fate }: RecordedPacket): void {
    const key = `${direction} ${stream}`;
    const packets = this.#streams.get(key) ?? new Map<number, TruePacket>();
    this.#streams.set(key, packets);
    const earlier = packets.get(sequence);
    // What was asked for twice (a duplicated probe has two reflections) is measured by the first.
    if (earlier === undefined) {
      const heldNs = leftNs === null ? null : leftNs - cameNs;
      packets.set(sequence, { sequence, heldNs, leftNs, copies: 0 });
    } else if (fate === 'copy') packets.set(sequence, { ...earlier, copies: earlier.copies + 1 });
  }
}

/** STAMP in authenticated mode (RFC 8762 section 4): by whose probes they are, and whether they come back. */
export const stampNaming: Naming = (head, { flow, payloadBytes }) => {
  const isStamp =
    flow.startsWith('udp') && payloadBytes >= 112 && head.subarray(4, 16).every((octet) => octet === 0);
  if (!isStamp) return null;
  const isReflection = head.subarray(32, 40).some((octet) => octet !== 0);
  return {
    stream: `${isReflection ? 'reflections' : 'probes'} ${head.readUInt16BE(26)}`,
    sequence: head.readUInt32BE(0),
  };
};

/** IRTT's echo requests and replies; those that open and close a test are left out. */
export const irttNaming: Naming = (head) => {
  const isIrtt = head.length >= 16 && head.readUIntBE(0, 3) === 0x14a75b;
  const [isOpening, isReply, isClosing] = [1, 2, 4].map((flag) => ((head[3] ?? 0) & flag) !== 0);
  if (!isIrtt || isOpening || isClosing) return null;
  return { stream: isReply ? 'reflections' : 'probes', sequence: head.readUInt32LE(12) };
};

/** ICMP echo (RFC 792). */
export const echoNaming: Naming = (head, { flow }) => {
  const type = head[0];
  if (!flow.startsWith('icmp') || (type !== 8 && type !== 0)) return null;
  return { stream: type === 8 ? 'probes' : 'reflections', sequence: head.readUInt16BE(6) };
};

/** Of each probe that came and came back: how long the link kept it both ways, by number. */
export function trueRoundTrips(
  probes: ReadonlyMap<number, TruePacket>,
  reflections: ReadonlyMap<number, TruePacket>,
): Map<number, number> {
  const roundTrips = new Map<number, number>();
  for (const { sequence, heldNs } of probes.values()) {
    const back = reflections.get(sequence)?.heldNs;
    if (heldNs !== null && back != null) roundTrips.set(sequence, heldNs + back);
  }
  return roundTrips;
}

export interface TrueCounts {
  readonly sent: number;
  readonly received: number;
  readonly duplicates: number;
  /** RFC 4737 section 3. */
  readonly reordered: number;
}

export function trueCounts(packets: ReadonlyMap<number, TruePacket>): TrueCounts {
  const arrived = [...packets.values()].filter(({ leftNs }) => leftNs !== null);
  let expected = 0;
  let reordered = 0;
  for (const { sequence } of arrived.toSorted((a, b) => a.leftNs! - b.leftNs!)) {
    if (sequence < expected) reordered += 1;
    else expected = sequence + 1;
  }
  return {
    sent: packets.size,
    received: arrived.length,
    duplicates: arrived.reduce((sum, { copies }) => sum + copies, 0),
    reordered,
  };
}
