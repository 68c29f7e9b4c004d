// A session over TCP: control messages, STAMP packets and bulk packets one after another on one stream.
//
//   STUN            as it is: its own length frames it (RFC 8489 §6.2.2); its first two bits are 00
//   STAMP packet    0x4000 (2) · length (2) · the packet, padded to 4: as TURN's ChannelData (RFC 8656 §12.4), 01
//   bulk packet     0x4001 (2) · length (2) · the packet (throughput.ts), padded to 4

import { stunHeaderBytes } from '../stun/message.ts';
import { bulkHeaderBytes } from './throughput.ts';

const probeChannel = 0x4000;
const bulkChannel = 0x4001;
const channelHeaderBytes = 4;
/** The largest: a Report of 60 records, and a probe of 1,400 octets. Bulk packets, which are not kept, may be larger. */
const maxFrameBytes = 2048;

/** A STAMP packet as it goes into the stream. */
export function frameProbe(packet: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(channelHeaderBytes + ((packet.length + 3) & ~3));
  bytes.writeUInt16BE(probeChannel, 0);
  bytes.writeUInt16BE(packet.length, 2);
  bytes.set(packet, channelHeaderBytes);
  return bytes;
}

/** A bulk packet as it goes into the stream. */
export function frameBulk(packet: Uint8Array): Uint8Array {
  const bytes = frameProbe(packet);
  new DataView(bytes.buffer, bytes.byteOffset, 2).setUint16(0, bulkChannel);
  return bytes;
}

export type SessionFrame =
  | { readonly kind: 'control' | 'probe'; readonly bytes: Uint8Array }
  /** A piece of a bulk packet: the packet's header, and how many octets of the stream have come. */
  | { readonly kind: 'bulk'; readonly header: Uint8Array; readonly octets: number };

/** Cuts a stream into frames; holds at most one unfinished one, and of bulk packets the header only. */
export class SessionFramer {
  #pending: Uint8Array = new Uint8Array(0);
  #bulk: { readonly header: Uint8Array; missing: number } | null = null;

  /** The frames that `bytes` complete. After a failure the stream cannot be followed any more. */
  push(bytes: Uint8Array): { frames: SessionFrame[]; failed: boolean } {
    let rest: Uint8Array = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    const frames: SessionFrame[] = [];
    while (true) {
      if (this.#bulk !== null) rest = this.#takeBulk(this.#bulk, rest, frames);
      if (rest.length < channelHeaderBytes) break;
      const view = new DataView(rest.buffer, rest.byteOffset, rest.length);
      const [first, length] = [view.getUint16(0), view.getUint16(2)];
      if (first === bulkChannel) {
        if (length < bulkHeaderBytes) return { frames, failed: true };
        const header = rest.subarray(channelHeaderBytes, channelHeaderBytes + bulkHeaderBytes);
        if (header.length < bulkHeaderBytes) break;
        this.#bulk = { header: Uint8Array.from(header), missing: channelHeaderBytes + ((length + 3) & ~3) };
        continue;
      }
      const isControl = first < 0x4000;
      if (!isControl && first !== probeChannel) return { frames, failed: true };
      const head = isControl ? stunHeaderBytes : channelHeaderBytes;
      const end = head + (isControl ? length : (length + 3) & ~3);
      if (end > maxFrameBytes) return { frames, failed: true };
      if (rest.length < end) break;
      frames.push({
        kind: isControl ? 'control' : 'probe',
        bytes: Uint8Array.from(isControl ? rest.subarray(0, end) : rest.subarray(head, head + length)),
      });
      rest = rest.subarray(end);
    }
    this.#pending = Uint8Array.from(rest);
    return { frames, failed: false };
  }

  #takeBulk(
    bulk: { readonly header: Uint8Array; missing: number },
    bytes: Uint8Array,
    frames: SessionFrame[],
  ): Uint8Array {
    const octets = Math.min(bulk.missing, bytes.length);
    if (octets > 0) frames.push({ kind: 'bulk', header: bulk.header, octets });
    bulk.missing -= octets;
    if (bulk.missing === 0) this.#bulk = null;
    return bytes.subarray(octets);
  }
}
