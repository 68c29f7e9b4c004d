// What a program has written and the kernel has not taken yet; writes with a TTL of their own; transmit stamps.

import { addressFamily, type Endpoint } from '@pinhole/wire';
import type { TcpTransmitStamp, WriteOptions } from '../types.ts';
import { noControl, ORIGIN_TIMESTAMPING, readControl, type SendControl } from './control.ts';
import { sampleRealtimeOffset } from './kernel-time.ts';
import { EAGAIN, EINTR, ENOBUFS, libc } from './libc.ts';
import { CONTROL_OCTETS } from './message-ring.ts';
import * as options from './options.ts';
import { MSG_ERRQUEUE, sharedErrorRing } from './receive-ring.ts';
import { cachedOctets } from './sockaddr.ts';
import { setTtl, unacknowledgedOctets, unsentOctets } from './tcp-descriptor.ts';
import { writeStream } from './tcp-message.ts';
import { segmentInFrame, TcpStampIds } from './tcp-stamps.ts';

const COUNTING =
  options.SOF_TIMESTAMPING_RX_SOFTWARE | options.SOF_TIMESTAMPING_SOFTWARE | options.SOF_TIMESTAMPING_OPT_ID;

const STAMPED: SendControl = { stamp: true };

/** Whole batches of stamps read for one connection before others have their turn. */
const BATCHES_PER_TURN = 4;

interface Write {
  readonly id: number;
  readonly data: Uint8Array;
  /** Octets that the kernel has. */
  taken: number;
  readonly stamp: boolean;
  readonly ttl: number | null;
}

/** What connections have that ask for stamps, and the others need no memory for. */
interface Stamping {
  readonly ids: TcpStampIds;
  /** Where the kernel begins to count, for OPT_ID. */
  readonly countedFrom: number;
  /** Stamps come with the frame that left, so that its sequence number is known. */
  withFrames: boolean;
}

const control = noControl();

export class TcpWriter {
  bufferedBytes = 0;
  readonly #fd: number;
  readonly #local: Endpoint;
  readonly #remote: Endpoint;
  #queue: Write[] | null = null;
  #stamping: Stamping | null = null;
  #nextId = 0;
  /** Octets given to the kernel. */
  #given = 0;
  #waitsUntilSent = false;

  constructor(fd: number, local: Endpoint, remote: Endpoint) {
    this.#fd = fd;
    this.#local = local;
    this.#remote = remote;
  }

  /** Octets that the peer has acknowledged. The kernel counts the end as one. */
  acknowledgedBytes(hasEnded: boolean): number {
    const waiting = unacknowledgedOctets(this.#fd);
    return this.#given - (hasEnded && waiting > 0 ? waiting - 1 : waiting);
  }

  /** What cannot be written now is queued. @returns errno where the connection is broken, otherwise 0 */
  write(data: Uint8Array, how: WriteOptions | undefined, isOpen: boolean): { id: number; errno: number } {
    const id = this.#nextId++;
    if (!isOpen || data.length === 0) return { id, errno: 0 };
    const write: Write = { id, data, taken: 0, stamp: how?.stamp ?? false, ttl: how?.ttl ?? null };
    const errno = this.bufferedBytes > 0 ? 0 : this.#give(write);
    if (errno === 0 && write.taken < data.length) {
      this.#queue ??= [];
      this.#queue.push(write);
      this.bufferedBytes += data.length - write.taken;
    }
    return { id, errno };
  }

  /** Writes of what is queued as much as the kernel takes. @returns errno where the connection is broken, otherwise 0 */
  flush(): number {
    const queue = this.#queue ?? [];
    while (queue.length > 0) {
      const write = queue[0]!;
      const before = write.taken;
      const errno = this.#give(write);
      this.bufferedBytes -= write.taken - before;
      if (errno !== 0) return errno;
      if (write.taken < write.data.length) return 0;
      queue.shift();
    }
    this.#queue = null;
    return 0;
  }

  clear(): void {
    this.#queue = null;
    this.bufferedBytes = 0;
  }

  /** What has come of stamps, oldest first, which may be none of ours; null where nothing has. */
  drainStamps(): TcpTransmitStamp[] | null {
    const stamps: TcpTransmitStamp[] = [];
    const ring = sharedErrorRing();
    const { messages } = ring;
    for (let batch = 0; batch < BATCHES_PER_TURN; batch++) {
      const count = ring.receive(this.#fd, MSG_ERRQUEUE);
      if (count <= 0) return batch === 0 ? null : stamps;
      const realtime = sampleRealtimeOffset();
      for (let i = 0; i < count; i++) {
        readControl(messages.controls, i * CONTROL_OCTETS, messages.controlLength(i), realtime, control);
        const { error, stampNs } = control;
        if (error?.origin !== ORIGIN_TIMESTAMPING || stampNs === null) continue;
        for (const { id, ttl } of this.#stamping?.ids.take(error.data) ?? []) {
          stamps.push({
            id,
            atNs: stampNs,
            sequence: ttl === null ? null : this.#sequence(ring.data(i), ttl),
          });
        }
      }
    }
    return stamps;
  }

  /** @returns errno where the connection is broken, otherwise 0 */
  #give(write: Write): number {
    const { data, stamp, ttl } = write;
    if (ttl !== null && !this.#isAllSent()) return 0;
    if (stamp) this.#countOctets(ttl !== null);
    if (ttl !== null) this.#setTtl(ttl);
    while (write.taken < data.length) {
      const sent = writeStream(this.#fd, data, write.taken, stamp ? STAMPED : null);
      if (sent < 0) {
        const errno = libc().errno();
        if (errno === EINTR) continue;
        if (ttl !== null) this.#setTtl(null);
        return errno === EAGAIN || errno === ENOBUFS ? 0 : errno;
      }
      write.taken += sent;
      this.#given += sent;
    }
    // What the window has no room for now leaves later, with the usual TTL: what was to be dropped on the way arrives.
    if (ttl !== null) this.#setTtl(null);
    const stamping = this.#stamping;
    if (stamp && stamping !== null) {
      stamping.ids.sent(this.#given - 1 - stamping.countedFrom, write.id, ttl);
    }
    return 0;
  }

  /** Whether no octet given before is still here; otherwise the poller tells when that is so. */
  #isAllSent(): boolean {
    const isSent = unsentOctets(this.#fd) === 0;
    if (this.#waitsUntilSent === isSent) {
      this.#waitsUntilSent = !isSent;
      // Writable only when fewer octets than this wait; 0: as many as the system has it.
      options.setOption(this.#fd, options.IPPROTO_TCP, options.TCP_NOTSENT_LOWAT, isSent ? 0 : 1);
    }
    return isSent;
  }

  #setTtl(ttl: number | null): void {
    setTtl(this.#fd, addressFamily(this.#remote.address) === 6, ttl);
  }

  /** From the first time on the kernel counts octets. */
  #countOctets(withFrames: boolean): void {
    const stamping = this.#stamping;
    if (stamping !== null && (stamping.withFrames || !withFrames)) return;
    const { SOL_SOCKET, SO_TIMESTAMPING, setOption } = options;
    const flags = COUNTING | (withFrames ? 0 : options.SOF_TIMESTAMPING_OPT_TSONLY);
    // Before Linux 6.2, without OPT_ID_TCP, it counts from the first octet that is not acknowledged.
    const isExact = setOption(
      this.#fd,
      SOL_SOCKET,
      SO_TIMESTAMPING,
      flags | options.SOF_TIMESTAMPING_OPT_ID_TCP,
    );
    if (!isExact) setOption(this.#fd, SOL_SOCKET, SO_TIMESTAMPING, flags);
    if (stamping !== null) stamping.withFrames = true;
    else {
      const countedFrom = this.#given - (isExact ? 0 : unacknowledgedOctets(this.#fd));
      this.#stamping = { ids: new TcpStampIds(), countedFrom, withFrames };
    }
  }

  /** Null where the segment left with another TTL than asked for, or the kernel did not show it. */
  #sequence(frame: Uint8Array, ttl: number): number | null {
    const [local, remote] = [this.#local, this.#remote];
    const addresses = Buffer.concat([cachedOctets(local.address), cachedOctets(remote.address)]);
    const ports = Buffer.from([local.port >> 8, local.port & 0xff, remote.port >> 8, remote.port & 0xff]);
    const segment = segmentInFrame(frame, addresses, ports);
    return segment?.ttl === ttl ? segment.sequence : null;
  }
}
