// STUN over a byte stream: messages follow one another, the length field frames them (RFC 8489 §6.2.2).

import { stunHeaderBytes } from './message.ts';

export type FramingFailure =
  /** The stream is no STUN: its next octets cannot begin a message. */
  | 'not-stun'
  /** The length field announces more than this side takes. */
  | 'oversized';

/** Cuts a stream into messages; holds at most one unfinished message of `maxMessageBytes`. */
export class StunFramer {
  readonly #maxMessageBytes: number;
  #pending: Uint8Array = new Uint8Array(0);

  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** Octets of a message that has not ended yet. */
  get pendingBytes(): number {
    return this.#pending.length;
  }

  /** The messages that `bytes` complete. After a failure the stream cannot be followed any more. */
  push(bytes: Uint8Array): { messages: Uint8Array[]; failure: FramingFailure | null } {
    let rest: Uint8Array =
      this.#pending.length === 0 ? Uint8Array.from(bytes) : Buffer.concat([this.#pending, bytes]);
    const messages: Uint8Array[] = [];
    while (rest.length >= 4) {
      const view = new DataView(rest.buffer, rest.byteOffset, rest.length);
      const length = view.getUint16(2);
      if (view.getUint16(0) >= 0x4000 || length % 4 !== 0) return { messages, failure: 'not-stun' };
      const end = stunHeaderBytes + length;
      if (end > this.#maxMessageBytes) return { messages, failure: 'oversized' };
      if (rest.length < end) break;
      messages.push(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
    // A copy: a few octets left over must not keep the whole piece alive.
    this.#pending = Uint8Array.from(rest);
    return { messages, failure: null };
  }
}
