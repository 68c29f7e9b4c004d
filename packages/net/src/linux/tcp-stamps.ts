// Which write a transmit stamp is of. With OPT_ID the kernel names the offset of a write's last octet, counted from where
// the option was set (Documentation/networking/timestamping.rst); programs count writes.

/** Stamps on their way at one time; far more than a connection's window of small writes. */
const MOST_WAITING = 1024;
const OFFSETS = 2 ** 32;

interface Waiting {
  readonly offset: number;
  readonly id: number;
  readonly ttl: number | null;
}

export class TcpStampIds {
  #waiting: Waiting[] = [];

  /** A write's last octet has the offset; the newest is kept where too many wait. */
  sent(offset: number, id: number, ttl: number | null): void {
    if (this.#waiting.length >= MOST_WAITING) this.#waiting.shift();
    this.#waiting.push({ offset: offset % OFFSETS, id, ttl });
  }

  /**
   * The writes, oldest first, that left with the octet of this offset: its own, and those before it that no stamp came
   * for, since a segment has the stamp of the last write in it. Each once: what the kernel sends again it stamps again.
   */
  take(offset: number): readonly Waiting[] {
    const after = this.#waiting.findIndex((waiting) => distance(waiting.offset, offset) < 0);
    return this.#waiting.splice(0, after === -1 ? this.#waiting.length : after);
  }
}

/** From `a` to `b`, negative where `b` comes first; offsets wrap round as sequence numbers do (RFC 9293 §3.4). */
function distance(a: number, b: number): number {
  return (b - a) | 0;
}

/** The TTL and the sequence number of a TCP segment, from the frame that left. */
export interface SentSegment {
  readonly ttl: number;
  readonly sequence: number;
}

/** Link headers that a device puts before the packet are no longer than this. */
const MOST_LINK_OCTETS = 64;

/**
 * The segment in a frame whose link header may be of any kind: it is found by its source and destination, `addresses` and
 * `ports` as they stand in the packet. Null where it is not there.
 */
export function segmentInFrame(
  frame: Uint8Array,
  addresses: Uint8Array,
  ports: Uint8Array,
): SentSegment | null {
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.length);
  const version6 = addresses.length === 32;
  const addressesAt = bytes.indexOf(addresses);
  const headerAt = addressesAt - (version6 ? 8 : 12);
  if (headerAt < 0 || headerAt > MOST_LINK_OCTETS) return null;
  const segmentAt = headerAt + (version6 ? 40 : (bytes[headerAt]! & 15) * 4);
  if (segmentAt + 8 > bytes.length || !bytes.subarray(segmentAt, segmentAt + 4).equals(ports)) return null;
  return { ttl: bytes[headerAt + (version6 ? 7 : 8)]!, sequence: bytes.readUInt32BE(segmentAt + 4) };
}
