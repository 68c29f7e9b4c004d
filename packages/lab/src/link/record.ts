// What a link has done to each packet, kept in memory while it happens and written to a file at the end: the truth
// that a measurement over this link can be compared with.

import { readFileSync, writeFileSync } from 'node:fs';
import { readFrame } from './frame.ts';

export interface LinkRecord {
  /** In order of their coming. */
  readonly packets: readonly RecordedPacket[];
  /** Packets that came when the record was full. */
  readonly missed: number;
  /** Packets of whose leaving the kernel did not tell: their `leftNs` is when the program sent them. */
  readonly unstamped: number;
}

export interface RecordedPacket {
  readonly direction: 'up' | 'down';
  /** When the link got it, and when it handed it on: the kernel's stamps, CLOCK_MONOTONIC. Null: it has not left. */
  readonly cameNs: number;
  readonly leftNs: number | null;
  /**
   * `lost`: it never left. `held-back`: it was to leave behind later ones. `copy`: of the packet recorded before it, which
   * left twice. `refused`: by the interface that it was to leave by.
   */
  readonly fate: Fate;
  /** `udp 192.0.2.1:5000 192.0.2.2:6000` */
  readonly flow: string;
  /** Of UDP or TCP, or what follows IP's header: its length, and its first octets, in hex. */
  readonly payloadBytes: number;
  readonly head: string;
}

const fates = ['passed', 'lost', 'held-back', 'copy', 'refused'] as const;
type Fate = (typeof fates)[number];

/** A packet's entry in its record. */
export interface Recording {
  left(leftNs: number | null, byKernel: boolean): void;
}

/** Half an hour of a hundred packets a second. */
const maxRecorded = 180_000;
/** Of each frame: the headers of Ethernet, IPv6 and UDP, and 64 octets. */
const keptOctets = 126;
const headOctets = 64;

export class Recorder {
  readonly #capacity: number;
  readonly #kept: Uint8Array;
  readonly #lengths: Uint16Array;
  readonly #cameNs: Float64Array;
  readonly #leftNs: Float64Array;
  readonly #fates: Uint8Array;
  readonly #isUp: Uint8Array;
  #count = 0;
  #missed = 0;
  #unstamped = 0;

  constructor(capacity = maxRecorded) {
    this.#capacity = capacity;
    this.#kept = new Uint8Array(capacity * keptOctets);
    this.#lengths = new Uint16Array(capacity);
    this.#cameNs = new Float64Array(capacity);
    this.#leftNs = new Float64Array(capacity).fill(Number.NaN);
    this.#fates = new Uint8Array(capacity);
    this.#isUp = new Uint8Array(capacity);
  }

  /** Null where the record is full. */
  came(direction: 'up' | 'down', frame: Uint8Array, cameNs: number, fate: Fate): Recording | null {
    if (this.#count === this.#capacity) {
      this.#missed += 1;
      return null;
    }
    const at = this.#count++;
    this.#kept.set(frame.subarray(0, keptOctets), at * keptOctets);
    this.#lengths[at] = frame.length;
    this.#cameNs[at] = cameNs;
    this.#fates[at] = fates.indexOf(fate);
    this.#isUp[at] = direction === 'up' ? 1 : 0;
    return {
      left: (leftNs, byKernel) => {
        if (leftNs === null) this.#fates[at] = fates.indexOf('refused');
        else this.#leftNs[at] = leftNs;
        if (leftNs !== null && !byKernel) this.#unstamped += 1;
      },
    };
  }

  get record(): LinkRecord {
    const packets = Array.from({ length: this.#count }, (_, at) => this.#packet(at)).filter(
      (packet) => packet !== null,
    );
    return { packets, missed: this.#missed, unstamped: this.#unstamped };
  }

  /** As JSON; throws what the file system throws. */
  write(file: string): void {
    writeFileSync(file, JSON.stringify(this.record));
  }

  #packet(at: number): RecordedPacket | null {
    const length = this.#lengths[at]!;
    const kept = this.#kept.subarray(at * keptOctets, at * keptOctets + Math.min(length, keptOctets));
    const read = readFrame(kept);
    if (read === null) return null;
    const leftNs = this.#leftNs[at]!;
    return {
      direction: this.#isUp[at] === 1 ? 'up' : 'down',
      cameNs: this.#cameNs[at]!,
      leftNs: Number.isNaN(leftNs) ? null : leftNs,
      fate: fates[this.#fates[at]!]!,
      flow: read.flow,
      payloadBytes: length - (kept.length - read.payload.length),
      head: Buffer.from(read.payload.subarray(0, headOctets)).toString('hex'),
    };
  }
}

/** Of the file named in a profile, once the link has been given another. */
export function readLinkRecord(file: string): LinkRecord {
  return JSON.parse(readFileSync(file, 'utf8')) as LinkRecord;
}
