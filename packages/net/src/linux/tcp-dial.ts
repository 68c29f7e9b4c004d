// An attempt to connect, until it has an outcome. Two ports that connect to each other at once are met by the kernel
// (simultaneous open, RFC 9293 §3.5).
//
// An ICMP error ends a socket in SYN_SENT, also one about a TTL that was exceeded, which it takes for "host unreachable";
// IP_RECVERR changes nothing in that (Linux 6.18). Only one that comes back within connect() itself, as on a virtual link,
// is let pass, and the kernel repeats the SYN. Since Linux 6.2 the error is in the error queue in either case. So where the
// program asks to hear of such errors, the attempt is made again from the same port when the SYN would be repeated.

import { addressFamily, type Endpoint, endpoint, formatEndpoint, icmpTypes } from '@pinhole/wire';
import { monotonicNs, systemClock } from '../node/clock.ts';
import { connectFailure } from '../node/errors.ts';
import type { ConnectFailure, ConnectOptions, ConnectOutcome, TcpIcmpReport, Timer } from '../types.ts';
import { noControl, readControl } from './control.ts';
import { boundEndpoint, takeErrno } from './descriptor.ts';
import { icmpReport } from './icmp-report.ts';
import { sampleRealtimeOffset } from './kernel-time.ts';
import { EINPROGRESS, errorName, libc } from './libc.ts';
import { scratchMemory } from './memory.ts';
import { CONTROL_OCTETS } from './message-ring.ts';
import * as kernel from './options.ts';
import { EPOLLERR, EPOLLOUT, type Pollable, sharedPoller } from './poller.ts';
import { MSG_ERRQUEUE, sharedErrorRing } from './receive-ring.ts';
import { writeSockaddr } from './sockaddr.ts';
import { CLOSED, openTcpDescriptor, setKeepAlive, setTtl, tcpState } from './tcp-descriptor.ts';

/** What an error quotes of a segment begins with its header: nothing is taken off. */
const NO_HEADER_OCTETS = 0;

/** RFC 6298 §2.1 and §5.5: each repetition waits twice as long as the one before. */
const FIRST_REPETITION_MS = 1000;

const control = noControl();

export interface DialOwner {
  /** Once; the dial is over. */
  onSettled(dial: Dial): void;
  /** Makes the outcome of a descriptor that is connected. */
  onConnected(fd: number, local: Endpoint, remote: Endpoint): ConnectOutcome;
}

export class Dial implements Pollable {
  readonly #options: ConnectOptions;
  readonly #owner: DialOwner;
  readonly #resolve: (outcome: ConnectOutcome) => void;
  readonly #timer;
  readonly #onAbort = () => this.close();
  #fd = -1;
  #pollerKey = 0;
  /** What it leaves from, once that is known. */
  #local: Endpoint | undefined;
  #repetition: Timer | null = null;
  #repetitions = 0;
  #isOver = false;

  /** Begins at once, so that the descriptor belongs to the network namespace of the caller. */
  constructor(options: ConnectOptions, owner: DialOwner, resolve: (outcome: ConnectOutcome) => void) {
    this.#options = options;
    this.#owner = owner;
    this.#resolve = resolve;
    this.#local = options.local;
    const { timeoutMs, signal } = options;
    this.#timer = systemClock.after(timeoutMs, () => this.#fail('timeout', `no answer in ${timeoutMs} ms`));
    if (signal?.aborted) {
      this.close();
      return;
    }
    signal?.addEventListener('abort', this.#onAbort);
    const errno = this.#begin();
    if (errno !== 0) this.#failWith(errno);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Gives it up. */
  close(): void {
    this.#fail('aborted', 'aborted by the caller');
  }

  onReady(events: number): void {
    if (this.#options.onIcmp !== undefined && (events & EPOLLERR) !== 0) {
      this.#onErrors(this.#options.onIcmp);
      return;
    }
    const errno = takeErrno(this.#fd);
    if (errno !== 0) this.#failWith(errno);
    else if ((events & EPOLLOUT) !== 0) this.#succeed();
  }

  /** @returns errno, otherwise 0 */
  #begin(): number {
    const { remote, reusePort, ttl, onIcmp } = this.#options;
    const local = this.#local;
    const version6 = addressFamily(remote.address) === 6;
    const any = endpoint(version6 ? '::' : '0.0.0.0', 0);
    const bind = local !== undefined || reusePort === true;
    const fd = openTcpDescriptor({ ...this.#options, local: local ?? any, bind });
    if (fd < 0) return -fd;
    this.#fd = fd;
    if (ttl !== undefined) setTtl(fd, version6, ttl);
    if (onIcmp !== undefined) describeErrors(fd, version6);
    const memory = scratchMemory();
    const connected = libc().connect(fd, memory.address, writeSockaddr(memory, 0, remote));
    const errno = connected === 0 ? 0 : libc().errno();
    if (errno !== 0 && errno !== EINPROGRESS) return errno;
    if (onIcmp !== undefined) this.#local = boundEndpoint(fd, local ?? any);
    this.#pollerKey = sharedPoller().add(fd, this, EPOLLOUT);
    return 0;
  }

  #onErrors(onIcmp: (report: TcpIcmpReport) => void): void {
    // To take the last ICMP error from the queue takes the socket's error as well.
    const errno = takeErrno(this.#fd);
    const reports = this.#icmpReports();
    for (const report of reports) onIcmp(report);
    // The caller may have given up on what it heard.
    if (this.#isOver) return;
    const exceeded = icmpTypes.timeExceeded[addressFamily(this.#options.remote.address)];
    const isFatal = reports.length === 0 || reports.some(({ icmpType }) => icmpType !== exceeded);
    if (isFatal && errno !== 0) this.#failWith(errno);
    else if (tcpState(this.#fd) === CLOSED) this.#repeatLater();
  }

  #repeatLater(): void {
    this.#closeDescriptor();
    const delayMs = FIRST_REPETITION_MS * 2 ** this.#repetitions++;
    this.#repetition = systemClock.after(delayMs, () => {
      const errno = this.#begin();
      if (errno !== 0) this.#failWith(errno);
    });
  }

  #icmpReports(): TcpIcmpReport[] {
    const ring = sharedErrorRing();
    const { messages } = ring;
    const count = ring.receive(this.#fd, MSG_ERRQUEUE);
    if (count <= 0) return [];
    const realtime = sampleRealtimeOffset();
    const nowNs = monotonicNs();
    const family = addressFamily(this.#options.remote.address);
    const reports: TcpIcmpReport[] = [];
    for (let i = 0; i < count; i++) {
      readControl(messages.controls, i * CONTROL_OCTETS, messages.controlLength(i), realtime, control);
      const octets = Uint8Array.from(ring.data(i));
      const report = icmpReport(control, octets, family, NO_HEADER_OCTETS, nowNs);
      if (report === null) continue;
      const { quoted: _quoted, ...told } = report;
      reports.push(told);
    }
    return reports;
  }

  #succeed(): void {
    const { keepAliveMs, ttl, remote, local } = this.#options;
    const fd = this.#fd;
    sharedPoller().remove(this.#pollerKey);
    if (ttl !== undefined) setTtl(fd, addressFamily(remote.address) === 6, null);
    if (keepAliveMs !== undefined) setKeepAlive(fd, keepAliveMs);
    this.#settle();
    this.#resolve(this.#owner.onConnected(fd, boundEndpoint(fd, local ?? remote), remote));
  }

  #failWith(errno: number): void {
    const code = errorName(errno);
    this.#fail(connectFailure(code), code);
  }

  #fail(reason: ConnectFailure, detail: string): void {
    this.#closeDescriptor();
    this.#settle();
    const remote = formatEndpoint(this.#options.remote);
    this.#resolve({ connected: false, reason, detail: `${remote}: ${detail}` });
  }

  #closeDescriptor(): void {
    if (this.#pollerKey !== 0) sharedPoller().remove(this.#pollerKey);
    if (this.#fd >= 0) libc().close(this.#fd);
    this.#pollerKey = 0;
    this.#fd = -1;
  }

  #settle(): void {
    this.#isOver = true;
    this.#timer.cancel();
    this.#repetition?.cancel();
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#owner.onSettled(this);
  }
}

/** Has errors come with their own TTL, and with what stands behind the packet that they quote. */
function describeErrors(fd: number, version6: boolean): void {
  const { IPPROTO_IP, IPPROTO_IPV6, IP_RECVERR_RFC4884, IPV6_RECVERR_RFC4884, IP_RECVTTL } = kernel;
  const level = version6 ? IPPROTO_IPV6 : IPPROTO_IP;
  kernel.setOption(fd, level, version6 ? kernel.IPV6_RECVHOPLIMIT : IP_RECVTTL, 1);
  kernel.setOption(fd, level, version6 ? IPV6_RECVERR_RFC4884 : IP_RECVERR_RFC4884, 1);
}
