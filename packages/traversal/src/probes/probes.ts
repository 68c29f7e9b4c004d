// The driver of probes: sockets that have had nothing to do with the agent, opened for one probe each, and the silent
// endpoints, which leave every SYN without an answer so that a connection can be opened to its sender from there.

import type { ConnectFailure, Net, TcpListener, Timer, UdpSocket } from '@pinhole/net';
import {
  decodeStun,
  type Endpoint,
  encodeRendezvous,
  encodeStun,
  type IpAddress,
  type ProbeResult,
  type RendezvousBody,
  stunMethods,
} from '@pinhole/wire';
import type { Logger } from 'pino';
import type { Channel, ProbeRequest } from '../registrar/state.ts';
import {
  answerBinding,
  isBindingRequest,
  isUnspecified,
  otherAddress,
  type ServerEndpoints,
} from '../stun/binding.ts';

export interface ProbeOptions {
  readonly net: Net;
  readonly log: Logger;
  readonly own: ServerEndpoints;
  readonly send: (channel: Channel, bytes: Uint8Array) => void;
}

type Probed = Extract<RendezvousBody, { kind: 'probed' }>;

/** A NAT that answers an unsolicited SYN does so at once, or after 6 s (RFC 5382 REQ-4): too late to be of any use. */
const synWaitMs = 2_000;
/** The agent's own SYN must have been met by silence first, and its repetition, 1 s after it, must still be far. */
const synDelayMs = 300;
/** The agent asks at once where the datagram came from; repeated after 0.5 and 1.5 s. */
const answeringMs = 5_000;
const maxAnswers = 8;
/** Sockets that are open for a moment each, of thousands that a process may have. */
const maxAtOnce = 512;

const resultOf: Readonly<Record<ConnectFailure, ProbeResult>> = {
  refused: 'refused',
  reset: 'refused',
  unreachable: 'unreachable',
  timeout: 'silence',
  'address-in-use': 'not-available',
  aborted: 'not-available',
  other: 'not-available',
};

const notAvailable: Probed = { kind: 'probed', result: 'not-available', from: null, elapsedMs: 0 };

export class Probes {
  readonly #options: ProbeOptions;
  readonly #ending = new AbortController();
  readonly #silent: TcpListener[] = [];
  /** Each with the timer that closes it. */
  readonly #answering = new Map<UdpSocket, Timer>();
  #running = 0;

  constructor(options: ProbeOptions) {
    this.#options = options;
  }

  /** Opens the silent endpoints. Where they cannot be had the server goes without: agents are told so. */
  async open(addresses: readonly IpAddress[], port: number): Promise<void> {
    const { net, log } = this.#options;
    for (const address of addresses) {
      try {
        this.#silent.push(
          await net.tcp.listen({ local: { address, port }, reusePort: true, silent: true }, () => undefined),
        );
      } catch (error) {
        log.warn({ err: error }, 'simultaneous open cannot be tested');
      }
    }
  }

  /** `local` is where the request arrived. */
  run(request: ProbeRequest, local: Endpoint): void {
    void this.#probe(request, local)
      .catch((error: unknown) => {
        this.#options.log.warn({ err: error }, 'a probe failed');
        return notAvailable;
      })
      .then((body) => {
        if (this.#ending.signal.aborted) return;
        const { channel, transactionId, password } = request;
        const answer = { transactionId, body, username: null, nonce: null };
        this.#options.send(channel, encodeRendezvous(answer, password));
      });
  }

  close(): void {
    this.#ending.abort();
    for (const listener of this.#silent) listener.close();
    for (const [socket, timer] of this.#answering) {
      timer.cancel();
      socket.close();
    }
  }

  async #probe(request: ProbeRequest, local: Endpoint): Promise<Probed> {
    const { body, channel } = request;
    const from = body.changeAddress ? otherAddress(local.address, this.#options.own) : local.address;
    if (from === undefined || this.#running >= maxAtOnce) return notAvailable;
    this.#running += 1;
    try {
      switch (body.probe) {
        case 'silent-endpoint':
          return this.#where(from);
        case 'unsolicited-syn':
          return await this.#syn({ address: from, port: 0 }, channel.from);
        case 'simultaneous-open': {
          const silent = this.#silentAt(from);
          if (silent === null) return notAvailable;
          await this.#pause(synDelayMs);
          return await this.#syn(silent, channel.from);
        }
        case 'unsolicited-datagram':
          return await this.#datagram(from, channel.from);
      }
    } finally {
      this.#running -= 1;
    }
  }

  #where(address: IpAddress): Probed {
    const from = this.#silentAt(address);
    return from === null ? notAvailable : { kind: 'probed', result: 'available', from, elapsedMs: 0 };
  }

  #silentAt(address: IpAddress): Endpoint | null {
    const listener = this.#silent.find(
      ({ local }) => local.address === address || isUnspecified(local.address),
    );
    return listener === undefined ? null : { address, port: listener.local.port };
  }

  async #syn(local: Endpoint, remote: Endpoint): Promise<Probed> {
    const { net } = this.#options;
    const beganNs = net.clock.monotonicNs();
    const outcome = await net.tcp.connect({
      local,
      remote,
      reusePort: local.port !== 0,
      timeoutMs: synWaitMs,
      signal: this.#ending.signal,
    });
    const elapsedMs = (net.clock.monotonicNs() - beganNs) / 1e6;
    if (!outcome.connected)
      return { kind: 'probed', result: resultOf[outcome.reason], from: null, elapsedMs };
    const { connection } = outcome;
    const from = connection.local;
    connection.reset();
    return { kind: 'probed', result: 'connected', from, elapsedMs };
  }

  /** Sends what nobody asked for; it is no request, so that it asks for no answer. */
  async #datagram(address: IpAddress, to: Endpoint): Promise<Probed> {
    const { net } = this.#options;
    let answers = 0;
    const socket = await net.udp.open(
      { local: { address, port: 0 } },
      {
        onDatagrams: (batch) => {
          for (const { data, from } of batch) {
            const decoded = from.address === to.address ? decodeStun(data) : null;
            if (decoded?.ok !== true || !isBindingRequest(decoded.value) || answers >= maxAnswers) continue;
            answers += 1;
            const { bytes } = answerBinding(
              decoded.value,
              from,
              socket.local,
              { addresses: [], ports: [] },
              true,
            );
            socket.send({ data: bytes, to: from });
          }
        },
      },
    );
    if (isUnspecified(socket.local.address)) {
      socket.close();
      return notAvailable;
    }
    const end = () => {
      this.#answering.delete(socket);
      socket.close();
    };
    this.#answering.set(socket, net.clock.after(answeringMs, end));
    const indication = encodeStun({
      class: 'indication',
      method: stunMethods.binding,
      transactionId: net.random.bytes(12),
      attributes: [],
    });
    const { sent } = socket.send({ data: indication, to });
    return sent ? { kind: 'probed', result: 'sent', from: socket.local, elapsedMs: 0 } : notAvailable;
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.#options.net.clock.after(delayMs, resolve));
  }
}
