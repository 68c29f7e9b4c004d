// The server's UDP: one socket for each of its endpoints. Sources may be forged here, so every one has a budget.

import type { Datagram, SendRequest, UdpOpener, UdpSocket } from '@pinhole/net';
import {
  addressFamily,
  type DecodedStun,
  decodeStun,
  type Endpoint,
  formatEndpoint,
  type IpAddress,
  isRendezvous,
} from '@pinhole/wire';
import { Bucket, Budget, type BudgetOptions, type Rate, sourceOf } from './budget.ts';
import type { Counters } from './counters.ts';
import type { Channel, Now } from './registrar/state.ts';
import { answerBinding, isBindingRequest, isUnspecified, type ServerEndpoints } from './stun/binding.ts';
import { isPlainBinding, PlainAnswers } from './stun/plain.ts';

export interface DatagramOptions {
  readonly own: ServerEndpoints;
  readonly budget: BudgetOptions;
  readonly counters: Counters;
  readonly now: () => Now;
  /** Something for the registrar. */
  readonly onMessage: (channel: Channel, decoded: DecodedStun) => void;
  /** Whether the message carries a nonce that only who receives at its source can know. */
  readonly provesItsSource: (channel: Channel, decoded: DecodedStun) => boolean;
}

/** RFC 5780 §7.6: a client pads up to its MTU; jumbo frames have 9,000 octets. */
const maxDatagramBytes = 9_216;
/** A whole batch of the kernel's waits while the event loop is busy elsewhere. */
const bufferBytes = 4 << 20;
/** An agent sends one datagram in 15 s to keep its registration, and a few when it finds none. */
const provenRate: Rate = { perSecond: 5, burst: 20 };
/** Looking for a proof costs some 10 µs: this many a second cost a twentieth of a processor. */
const proofRate: Rate = { perSecond: 5_000, burst: 5_000 };

interface OwnSocket {
  readonly socket: UdpSocket;
  /** As it is bound. */
  readonly address: IpAddress;
  /** By the address that was asked: several, where it is bound to the unspecified one. */
  readonly plain: Map<IpAddress, PlainAnswers>;
}

export class Datagrams {
  readonly #options: DatagramOptions;
  readonly #sockets: OwnSocket[] = [];
  readonly #budget: Budget;
  readonly #proven: Budget;
  readonly #proofs: Bucket;

  constructor(options: DatagramOptions) {
    this.#options = options;
    this.#budget = new Budget(options.budget);
    this.#proven = new Budget({ ...provenRate, maxSources: options.budget.maxSources });
    this.#proofs = new Bucket(proofRate, options.now().ms);
  }

  /** Rejects with SocketError. */
  async open(udp: UdpOpener, local: Endpoint): Promise<Endpoint> {
    const onDatagrams = (batch: readonly Datagram[]) => this.#receive(own, batch);
    const socket = await udp.open({ local, bufferBytes }, { onDatagrams });
    const own: OwnSocket = { socket, address: local.address, plain: new Map() };
    this.#sockets.push(own);
    return socket.local;
  }

  send(from: Endpoint, request: SendRequest): void {
    const own = this.#sockets.find(
      ({ socket, address }) => address === from.address && socket.local.port === from.port,
    );
    if (own !== undefined) own.socket.send(request);
    else this.#wildcard(from)?.send({ ...request, from: from.address });
  }

  close(): void {
    for (const { socket } of this.#sockets) socket.close();
  }

  #receive({ socket, address, plain }: OwnSocket, batch: readonly Datagram[]): void {
    const { counters } = this.#options;
    const now = this.#options.now();
    const answers: SendRequest[] = [];
    for (const datagram of batch) {
      const { data, from, to } = datagram;
      const local = { address: to ?? address, port: socket.local.port };
      if (!this.#budget.take(sourceOf(from.address), now.ms)) {
        this.#overBudget(local, datagram, now);
      } else if (isPlainBinding(data)) {
        counters.add('binding-answered');
        const answer = this.#plainAnswers(plain, local).answer(data, from);
        answers.push(
          to === null || to === address ? { data: answer, to: from } : { data: answer, to: from, from: to },
        );
      } else {
        this.#other(local, datagram);
      }
    }
    if (answers.length > 0) socket.sendBatch(answers);
  }

  /** Whoever forges an agent's address can spend its budget, but knows none of the nonces sent there. */
  #overBudget(local: Endpoint, { data, from }: Datagram, now: Now): void {
    const decoded = data.length <= maxDatagramBytes && this.#proofs.take(now.ms) ? decodeStun(data) : null;
    const channel: Channel = { transport: 'udp', local, from };
    if (
      decoded?.ok === true &&
      isRendezvous(decoded.value.message) &&
      this.#options.provesItsSource(channel, decoded.value) &&
      this.#proven.take(formatEndpoint(from), now.ms)
    ) {
      this.#options.onMessage(channel, decoded.value);
    } else {
      this.#options.counters.add('dropped-over-budget');
    }
  }

  #other(local: Endpoint, { data, from }: Datagram): void {
    const { counters, own, onMessage } = this.#options;
    if (data.length > maxDatagramBytes) {
      counters.add('dropped-oversized');
      return;
    }
    const decoded = decodeStun(data);
    if (!decoded.ok) {
      counters.add(`dropped-${decoded.reason}`);
    } else if (isBindingRequest(decoded.value)) {
      counters.add('binding-answered');
      const answer = answerBinding(decoded.value, from, local, own, false);
      this.send(answer.from, { data: answer.bytes, to: answer.to });
    } else if (isRendezvous(decoded.value.message)) {
      onMessage({ transport: 'udp', local, from }, decoded.value);
    } else {
      counters.add('dropped-unexpected');
    }
  }

  #plainAnswers(plain: Map<IpAddress, PlainAnswers>, local: Endpoint): PlainAnswers {
    let answers = plain.get(local.address);
    if (answers === undefined) {
      answers = new PlainAnswers(local, this.#options.own);
      plain.set(local.address, answers);
    }
    return answers;
  }

  #wildcard({ address, port }: Endpoint): UdpSocket | undefined {
    return this.#sockets.find(
      (each) =>
        isUnspecified(each.address) &&
        addressFamily(each.address) === addressFamily(address) &&
        each.socket.local.port === port,
    )?.socket;
  }
}
