// A UDP socket on a descriptor of our own: kernel stamps, TTL and DSCP per datagram, and the error queue.

import { addressFamily, type Endpoint } from '@pinhole/wire';
import { monotonicNs } from '../node/clock.ts';
import type { Closers } from '../node/net.ts';
import type {
  Datagram,
  SendFailure,
  SendOutcome,
  SendRequest,
  UdpHandler,
  UdpOpener,
  UdpSocket,
} from '../types.ts';
import { noControl, ORIGIN_TIMESTAMPING, readControl } from './control.ts';
import { boundEndpoint, takeErrno } from './descriptor.ts';
import { icmpReport } from './icmp-report.ts';
import { sampleRealtimeOffset } from './kernel-time.ts';
import { EACCES, EAGAIN, EHOSTUNREACH, EINTR, EMSGSIZE, ENETUNREACH, ENOBUFS, EPERM, libc } from './libc.ts';
import { CONTROL_OCTETS } from './message-ring.ts';
import { EPOLLERR, EPOLLIN, sharedPoller } from './poller.ts';
import { MSG_ERRQUEUE, type ReceiveRing, sharedErrorRing, sharedReceiveRing } from './receive-ring.ts';
import { type SendRing, sharedSendRing } from './send-ring.ts';
import { readSockaddr, SOCKADDR_OCTETS } from './sockaddr.ts';
import { StampIds } from './stamp-ids.ts';
import { openUdpDescriptor, restartStampCount } from './udp-descriptor.ts';

const FEATURES = { receiveStamps: true, transmitStamps: true, packetOptions: true, errorQueue: true };

/** 65,535 less the header of UDP. IPv4's own header leaves less, which the kernel says. */
const LARGEST_PAYLOAD_OCTETS = 65_527;

/** System calls for one socket before others, and timers, have their turn. */
const BATCHES_PER_TURN = 4;

const UDP_HEADER_OCTETS = 8;

const FAILURES: Readonly<Record<number, SendFailure>> = {
  [EAGAIN]: 'buffer-full',
  [ENOBUFS]: 'buffer-full',
  [ENETUNREACH]: 'unreachable',
  [EHOSTUNREACH]: 'unreachable',
  [EMSGSIZE]: 'too-big',
  [EPERM]: 'not-permitted',
  [EACCES]: 'not-permitted',
};

/** Opening makes and binds the descriptor before it returns its promise, so that it belongs to the network
 *  namespace of the caller (inNetworkNamespace). */
export function createLinuxUdp(closers: Closers): UdpOpener {
  return {
    features: FEATURES,
    async open(options, handler) {
      const fd = openUdpDescriptor(options);
      const socket = new LinuxUdpSocket(fd, boundEndpoint(fd, options.local), handler, () =>
        closers.delete(socket),
      );
      closers.add(socket);
      return socket;
    },
  };
}

class LinuxUdpSocket implements UdpSocket {
  readonly local: Endpoint;
  readonly #fd: number;
  readonly #handler: UdpHandler;
  readonly #onClosed: () => void;
  readonly #pollerKey: number;
  readonly #receiveRing: ReceiveRing = sharedReceiveRing();
  readonly #sendRing: SendRing = sharedSendRing();
  readonly #control = noControl();
  readonly #stampIds = new StampIds();
  /** What was read from the error queue, oldest first. */
  readonly #untold: (() => void)[] = [];
  #open = true;
  #nextId = 0;

  constructor(fd: number, local: Endpoint, handler: UdpHandler, onClosed: () => void) {
    this.#fd = fd;
    this.local = local;
    this.#handler = handler;
    this.#onClosed = onClosed;
    this.#pollerKey = sharedPoller().add(fd, { onReady: (events) => this.#onReady(events) });
  }

  send(request: SendRequest): SendOutcome {
    return this.sendBatch([request])[0]!;
  }

  sendBatch(requests: readonly SendRequest[]): SendOutcome[] {
    const outcomes: SendOutcome[] = [];
    let start = 0;
    while (start < requests.length) {
      const refusal = this.#refusal(requests[start]!);
      if (refusal !== null) {
        outcomes.push({ sent: false, reason: refusal });
        start++;
        continue;
      }
      let end = start + 1;
      while (end < requests.length && this.#refusal(requests[end]!) === null) end++;
      this.#sendRun(requests, start, end, outcomes);
      start = end;
    }
    return outcomes;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    sharedPoller().remove(this.#pollerKey);
    libc().close(this.#fd);
    this.#onClosed();
  }

  #refusal({ data, to }: SendRequest): SendFailure | null {
    if (!this.#open) return 'closed';
    if (addressFamily(to.address) !== addressFamily(this.local.address)) return 'unreachable';
    return data.length > LARGEST_PAYLOAD_OCTETS ? 'too-big' : null;
  }

  /** Sends requests[start, end), none of which is refused beforehand. */
  #sendRun(requests: readonly SendRequest[], start: number, end: number, outcomes: SendOutcome[]): void {
    const run = start === 0 && end === requests.length ? requests : requests.slice(start, end);
    let filled = 0;
    while (filled < run.length) {
      const count = this.#sendRing.fill(run, filled);
      let done = 0;
      let failedBefore = false;
      while (done < count) {
        const atNs = monotonicNs();
        const sent = this.#sendRing.send(this.#fd, done, count - done);
        if (sent > 0) {
          for (let i = 0; i < sent; i++) outcomes.push(this.#accepted(run[filled + done + i]!, atNs));
          done += sent;
          failedBefore = false;
          // sendmmsg stops at one that failed, and keeps its error for itself.
          if (done < count) this.#resynchronise(run[filled + done]!);
          continue;
        }
        const errno = libc().errno();
        this.#resynchronise(run[filled + done]!);
        // An ICMP error that came in for an earlier datagram fails the next send, once, and that one was not sent.
        if (errno === EINTR || (!failedBefore && errno !== EAGAIN && errno !== ENOBUFS)) {
          failedBefore = errno !== EINTR;
          continue;
        }
        outcomes.push({ sent: false, reason: FAILURES[errno] ?? 'other' });
        done++;
        failedBefore = false;
      }
      filled += count;
    }
  }

  #accepted({ stamp }: SendRequest, atNs: number): SendOutcome {
    const id = this.#nextId++;
    if (stamp === true) this.#stampIds.sent(id);
    return { sent: true, id, atNs };
  }

  /** Whether the kernel counted a stamped datagram that it then refused depends on its version; so count anew. */
  #resynchronise({ stamp }: SendRequest): void {
    if (stamp !== true) return;
    this.#drainErrors();
    // No handler is called from within a send.
    setImmediate(() => this.#tellUntold());
    restartStampCount(this.#fd);
    this.#stampIds.restart();
  }

  #onReady(events: number): void {
    if ((events & EPOLLERR) !== 0) {
      this.#drainErrors();
      // An error that is in no queue would be reported for ever.
      takeErrno(this.#fd);
    }
    this.#tellUntold();
    if (this.#open && (events & EPOLLIN) !== 0) this.#receive();
  }

  #receive(): void {
    const ring = this.#receiveRing;
    const { messages } = ring;
    for (let batch = 0; this.#open && batch < BATCHES_PER_TURN; batch++) {
      const count = ring.receive(this.#fd, 0);
      // An error: of a datagram sent earlier, to be read from the error queue; or nothing is there.
      if (count <= 0) return;
      const realtime = sampleRealtimeOffset();
      const nowNs = monotonicNs();
      const datagrams: Datagram[] = [];
      const control = this.#control;
      for (let i = 0; i < count; i++) {
        const from = readSockaddr(messages.names, i * SOCKADDR_OCTETS);
        if (from === null) continue;
        readControl(messages.controls, i * CONTROL_OCTETS, messages.controlLength(i), realtime, control);
        // The first datagrams after the kernel began to stamp may have none.
        const receivedAtNs = Math.min(control.stampNs ?? nowNs, nowNs);
        const { to, ttl, dscp } = control;
        datagrams.push({ data: ring.data(i), from, to, receivedAtNs, ttl, dscp });
      }
      this.#handler.onDatagrams(datagrams);
    }
  }

  #drainErrors(): void {
    const ring = sharedErrorRing();
    const { messages } = ring;
    const control = this.#control;
    for (let batch = 0; batch < BATCHES_PER_TURN; batch++) {
      const count = ring.receive(this.#fd, MSG_ERRQUEUE);
      if (count <= 0) return;
      const realtime = sampleRealtimeOffset();
      const nowNs = monotonicNs();
      for (let i = 0; i < count; i++) {
        readControl(messages.controls, i * CONTROL_OCTETS, messages.controlLength(i), realtime, control);
        const { error, stampNs } = control;
        if (error?.origin === ORIGIN_TIMESTAMPING) {
          this.#onStamp(error.data, stampNs);
          continue;
        }
        const to = readSockaddr(messages.names, i * SOCKADDR_OCTETS);
        if (to === null) continue;
        // A copy: it is told when the ring may hold others.
        const octets = Uint8Array.from(ring.data(i));
        const report = icmpReport(control, octets, addressFamily(to.address), UDP_HEADER_OCTETS, nowNs);
        if (report !== null) this.#untold.push(() => this.#handler.onUnreachable?.({ ...report, to }));
      }
    }
  }

  #onStamp(counted: number, stampNs: number | null): void {
    if (stampNs === null) return;
    const id = this.#stampIds.take(counted);
    if (id !== null) this.#untold.push(() => this.#handler.onTransmitted?.({ id, atNs: stampNs }));
  }

  /** Only what is there now: a handler may send, and so read the error queue once more, without end. */
  #tellUntold(): void {
    for (let due = this.#untold.length; due > 0 && this.#open; due--) this.#untold.shift()!();
  }
}
