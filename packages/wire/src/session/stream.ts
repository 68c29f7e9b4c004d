// A session over TCP: control messages and STAMP packets one after another on one stream.
//
//   STUN            as it is: its own length frames it (RFC 8489 §6.2.2); its first two bits are 00
//   STAMP packet    0x4000 (2) · length (2) · the packet, padded to 4: as TURN's ChannelData (RFC 8656 §12.4), 01

import { stunHeaderBytes } from '../stun/message.ts';

const probeChannel = 0x4000;
const channelHeaderBytes = 4;
/** The largest: a Report of 60 records, and a probe of 1,400 octets. */
const maxFrameBytes = 2048;

/** A STAMP packet as it goes into the stream. */
export function frameProbe(packet: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(channelHeaderBytes + ((packet.length + 3) & ~3));
  bytes.writeUInt16BE(probeChannel, 0);
  bytes.writeUInt16BE(packet.length, 2);
  bytes.set(packet, channelHeaderBytes);
  return bytes;
}

export type SessionFrame = { readonly kind: 'control' | 'probe'; readonly bytes: Uint8Array };

/** Cuts a stream into frames; holds at most one unfinished one. */
export class SessionFramer {
  #pending: Uint8Array = new Uint8Array(0);

  /** The frames that `bytes` complete. After a failure the stream cannot be followed any more. */
  push(bytes: Uint8Array): { frames: SessionFrame[]; failed: boolean } {
    let rest: Uint8Array = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    const frames: SessionFrame[] = [];
    while (rest.length >= channelHeaderBytes) {
      const view = new DataView(rest.buffer, rest.byteOffset, rest.length);
      const [first, length] = [view.getUint16(0), view.getUint16(2)];
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
}
