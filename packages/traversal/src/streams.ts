// The server's TCP: connections, the messages on them, and what each may cost.

import type { TcpConnection } from '@pinhole/net';
import {
  type DecodedStun,
  decodeStun,
  type Endpoint,
  isRendezvous,
  maxRendezvousBytes,
  StunFramer,
} from '@pinhole/wire';
import { Bucket, Budget, type BudgetOptions, type Rate, sourceOf } from './budget.ts';
import type { Counter, Counters } from './counters.ts';
import type { Channel, ConnectionId, Now } from './registrar/state.ts';
import { answerBinding, isBindingRequest, type ServerEndpoints } from './stun/binding.ts';

export interface StreamOptions {
  readonly own: ServerEndpoints;
  /** Of each source, for opening connections. */
  readonly budget: BudgetOptions;
  readonly counters: Counters;
  readonly now: () => Now;
  readonly onConnected: (connectionId: ConnectionId, from: Endpoint) => void;
  /** It asked for its public endpoint, and was answered. */
  readonly onBound: (connectionId: ConnectionId) => void;
  readonly onDisconnected: (connectionId: ConnectionId) => void;
  /** Something for the registrar. */
  readonly onMessage: (channel: Channel, decoded: DecodedStun) => void;
}

/**
 * Of each connection: what others send, from its address or with its address forged, cannot use this up. An agent
 * answers a ping each 20 s, and asks for a meeting once a round of each test.
 */
const connectionRate: Rate = { perSecond: 100, burst: 200 };
/** Messages that wait behind a full send buffer of the kernel's for a peer that does not read. */
const maxBufferedBytes = 65_536;

interface Stream {
  readonly id: ConnectionId;
  readonly connection: TcpConnection;
  readonly framer: StunFramer;
  readonly bucket: Bucket;
}

export class Streams {
  readonly #options: StreamOptions;
  readonly #opening: Budget;
  readonly #streams = new Map<ConnectionId, Stream>();
  #nextId = 1;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#opening = new Budget(options.budget);
  }

  accept(connection: TcpConnection): void {
    const { counters, now, onConnected, onDisconnected } = this.#options;
    const { ms: nowMs } = now();
    if (!this.#opening.take(sourceOf(connection.remote.address), nowMs)) {
      counters.add('closed-over-budget');
      connection.reset();
      return;
    }
    const id = this.#nextId++;
    const bucket = new Bucket(connectionRate, nowMs);
    const stream: Stream = { id, connection, framer: new StunFramer(maxRendezvousBytes), bucket };
    this.#streams.set(id, stream);
    onConnected(id, connection.remote);
    connection.start({
      onData: (data) => this.#data(stream, data),
      onClose: () => {
        this.#streams.delete(id);
        onDisconnected(id);
      },
    });
  }

  send(id: ConnectionId, bytes: Uint8Array): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    if (stream.connection.bufferedBytes > maxBufferedBytes) this.#drop(stream, 'closed-not-reading');
    else stream.connection.write(bytes);
  }

  /** The server's own end of a connection. */
  localOf(id: ConnectionId): Endpoint | undefined {
    return this.#streams.get(id)?.connection.local;
  }

  /** At once, with a reset: what came in before and was not looked at is lost. */
  reset(id: ConnectionId): void {
    const stream = this.#streams.get(id);
    this.#streams.delete(id);
    stream?.connection.reset();
  }

  /** Says goodbye: a reset would look to an agent as if something on the way had cut its connection. */
  end(): void {
    for (const { connection } of this.#streams.values()) connection.end();
  }

  /** A peer that does not read would never see an end. */
  close(): void {
    for (const { connection } of this.#streams.values()) connection.reset();
  }

  #data(stream: Stream, data: Uint8Array): void {
    if (!this.#streams.has(stream.id)) return;
    const { messages, failure } = stream.framer.push(data);
    for (const message of messages) {
      if (!this.#streams.has(stream.id)) return;
      this.#message(stream, message);
    }
    if (failure !== null)
      this.#drop(stream, failure === 'oversized' ? 'closed-oversized' : 'closed-not-stun');
  }

  #message(stream: Stream, message: Uint8Array): void {
    const { counters, now, own, onBound, onMessage } = this.#options;
    const { id, connection } = stream;
    if (!stream.bucket.take(now().ms)) {
      this.#drop(stream, 'closed-over-budget');
      return;
    }
    const decoded = decodeStun(message);
    if (!decoded.ok) {
      counters.add(`dropped-${decoded.reason}`);
    } else if (isBindingRequest(decoded.value)) {
      counters.add('binding-answered');
      onBound(id);
      this.send(id, answerBinding(decoded.value, connection.remote, connection.local, own, true).bytes);
    } else if (isRendezvous(decoded.value.message)) {
      onMessage({ transport: 'tcp', connectionId: id, from: connection.remote }, decoded.value);
    } else {
      counters.add('dropped-unexpected');
    }
  }

  #drop(stream: Stream, counter: Counter): void {
    if (!this.#streams.has(stream.id)) return;
    this.#options.counters.add(counter);
    this.reset(stream.id);
  }
}
