// A Net whose clock is wrong, as another machine's is: for tests of what is made of two clocks, on one machine.

import type {
  Clock,
  ConnectOptions,
  IcmpOpener,
  Net,
  SendOutcome,
  TcpConnection,
  TcpConnector,
  UdpHandler,
  UdpOpener,
  UdpSocket,
} from './types.ts';

/** How the clock differs from the one that it is made of. */
export interface ClockSkew {
  readonly offsetNs: number;
  /** How much faster it runs from now on, in parts per million. */
  readonly driftPpm: number;
  /** Set forward (or back, where negative) once, at this moment of the true monotonic clock. */
  readonly step: { readonly atNs: number; readonly byNs: number } | null;
}

/**
 * The same Net with another clock: whatever tells a moment tells it by that clock, the wall clock is as wrong as the
 * monotonic one, and timers run by it. What the system itself waits for (connecting, keep-alives) keeps true time.
 */
export function skewedNet(net: Net, skew: ClockSkew): Net {
  const clock = new SkewedClock(net.clock, skew);
  return {
    ...net,
    clock,
    udp: skewedUdp(net.udp, clock),
    tcp: skewedTcp(net.tcp, clock),
    icmp: skewedIcmp(net.icmp, clock),
    close: () => net.close(),
  };
}

class SkewedClock implements Clock {
  readonly #clock: Clock;
  readonly #skew: ClockSkew;
  readonly #sinceNs: number;

  constructor(clock: Clock, skew: ClockSkew) {
    this.#clock = clock;
    this.#skew = skew;
    this.#sinceNs = clock.monotonicNs();
  }

  monotonicNs(): number {
    return this.at(this.#clock.monotonicNs());
  }

  wallMs(): number {
    const trueNs = this.#clock.monotonicNs();
    return this.#clock.wallMs() + (this.at(trueNs) - trueNs) / 1e6;
  }

  after(delayMs: number, callback: () => void) {
    const dueNs = this.monotonicNs() + delayMs * 1e6;
    const wait = () => {
      const leftNs = this.#trueNs(dueNs) - this.#clock.monotonicNs();
      return this.#clock.after(Math.max(0, leftNs / 1e6), wake);
    };
    const wake = () => {
      if (this.monotonicNs() >= dueNs) callback();
      else timer = wait();
    };
    let timer = wait();
    return { cancel: () => timer.cancel() };
  }

  /** What this clock shows at a moment of the true one. */
  at(trueNs: number): number {
    const { step } = this.#skew;
    return Math.round(this.#drifted(trueNs) + (step !== null && trueNs >= step.atNs ? step.byNs : 0));
  }

  /** When this clock shows a time that is yet to come: the first moment, where a step back has it show it twice. */
  #trueNs(shownNs: number): number {
    const { offsetNs, driftPpm, step } = this.#skew;
    const runNs = (byNs: number) => {
      const sinceNs = this.#sinceNs;
      return sinceNs + (shownNs - byNs - offsetNs - sinceNs) / (1 + driftPpm / 1e6);
    };
    if (step === null) return runNs(0);
    const isPast = this.#clock.monotonicNs() >= step.atNs;
    const beforeNs = runNs(0);
    if (!isPast && beforeNs < step.atNs) return beforeNs;
    return Math.max(step.atNs, runNs(step.byNs));
  }

  #drifted(trueNs: number): number {
    const { offsetNs, driftPpm } = this.#skew;
    return trueNs + offsetNs + ((trueNs - this.#sinceNs) * driftPpm) / 1e6;
  }
}

function skewedUdp(udp: UdpOpener, clock: SkewedClock): UdpOpener {
  return {
    features: udp.features,
    async open(options, handler) {
      return skewedSocket(await udp.open(options, skewedHandler(handler, clock)), clock);
    },
  };
}

function skewedHandler(handler: UdpHandler, clock: SkewedClock): UdpHandler {
  return {
    onDatagrams(batch) {
      handler.onDatagrams(
        batch.map((datagram) => ({ ...datagram, receivedAtNs: clock.at(datagram.receivedAtNs) })),
      );
    },
    onTransmitted: ({ id, atNs }) => handler.onTransmitted?.({ id, atNs: clock.at(atNs) }),
    onUnreachable: (report) =>
      handler.onUnreachable?.({ ...report, receivedAtNs: clock.at(report.receivedAtNs) }),
  };
}

function skewedSocket(socket: UdpSocket, clock: SkewedClock): UdpSocket {
  const skewed = (outcome: SendOutcome): SendOutcome =>
    outcome.sent ? { ...outcome, atNs: clock.at(outcome.atNs) } : outcome;
  return {
    local: socket.local,
    send: (request) => skewed(socket.send(request)),
    sendBatch: (requests) => socket.sendBatch(requests).map(skewed),
    close: () => socket.close(),
  };
}

function skewedTcp(tcp: TcpConnector, clock: SkewedClock): TcpConnector {
  return {
    features: tcp.features,
    async connect(options) {
      const outcome = await tcp.connect(skewedConnect(options, clock));
      if (!outcome.connected) return outcome;
      return { ...outcome, connection: skewedConnection(outcome.connection, clock) };
    },
    listen: (options, onConnection) =>
      tcp.listen(options, (connection) => onConnection(skewedConnection(connection, clock))),
  };
}

function skewedConnect(options: ConnectOptions, clock: SkewedClock): ConnectOptions {
  const { onIcmp } = options;
  if (onIcmp === undefined) return options;
  return {
    ...options,
    onIcmp: (report) => onIcmp({ ...report, receivedAtNs: clock.at(report.receivedAtNs) }),
  };
}

function skewedConnection(connection: TcpConnection, clock: SkewedClock): TcpConnection {
  return {
    local: connection.local,
    remote: connection.remote,
    get bufferedBytes() {
      return connection.bufferedBytes;
    },
    start(handler) {
      connection.start({
        onData: (data, receivedAtNs) => handler.onData(data, clock.at(receivedAtNs)),
        onTransmitted: (stamp) => handler.onTransmitted?.({ ...stamp, atNs: clock.at(stamp.atNs) }),
        onClose: (reason) => handler.onClose(reason),
      });
    },
    write: (data, options) => connection.write(data, options),
    setDscp: (dscp) => connection.setDscp(dscp),
    info: () => connection.info(),
    end: () => connection.end(),
    reset: () => connection.reset(),
  };
}

function skewedIcmp(icmp: IcmpOpener, clock: SkewedClock): IcmpOpener {
  return {
    available: () => icmp.available(),
    open: (handler) =>
      icmp.open({
        onError: (report) => handler.onError({ ...report, receivedAtNs: clock.at(report.receivedAtNs) }),
      }),
  };
}
