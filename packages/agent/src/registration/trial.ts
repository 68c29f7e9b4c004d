// Whether something on the way forgets TCP connections that are idle for as long as common keep-alives are apart. The
// registration cannot tell: it says something far more often, so as not to be forgotten. So a connection that nothing
// depends on is left idle, and then asked whether it is still there.
//
//   1. connect, and ask: the server answers
//   2. say nothing for 15 s
//   3. ask again          answered → kept; a reset or nothing at all → cut, if the next connection is let through

import type { Net, TcpConnection } from '@pinhole/net';
import {
  decodeStun,
  type Endpoint,
  encodeStun,
  maxRendezvousBytes,
  StunFramer,
  stunMethods,
} from '@pinhole/wire';
import { pause } from '../timing/pause.ts';
import { cutBy, type Loss } from './losses.ts';

/** The wait between keep-alives of many programs, and below the 20 s for which the server lets strangers stay. */
const idleMs = 15_000;
/** Two retransmissions where the first comes after 1 s (RFC 6298 §2.4). What looks lost for longer than that shows in that
 *  no new connection is had either. */
const answerLimitMs = 5_000;
const connectTimeoutMs = 5_000;
/** One may have any cause. */
const cutsOfATrial = 2;
/** While connections are cut somebody may be about to put that right. */
const againAfterCutMs = 300_000;
const againAfterKeptMs = 1_800_000;

type Answer = 'answered' | Loss['by'] | 'ended';

export class Trials {
  readonly #net: Net;
  readonly #onTried: (losses: readonly Loss[]) => void;
  #ending: AbortController | null = null;
  #server: Endpoint | null = null;

  /** `onTried` is told of each trial that was conclusive; without losses where the connection was kept. */
  constructor(net: Net, onTried: (losses: readonly Loss[]) => void) {
    this.#net = net;
    this.#onTried = onTried;
  }

  /** With this server from now on, again and again. Begins at once unless that was done before. */
  start(server: Endpoint): void {
    this.#server = server;
    if (this.#ending !== null) return;
    this.#ending = new AbortController();
    void this.#run(this.#ending.signal);
  }

  stop(): void {
    this.#ending?.abort();
    this.#ending = null;
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#server !== null) {
      const losses = await tried(this.#net, this.#server, signal);
      if (signal.aborted) return;
      if (losses !== null) this.#onTried(losses);
      const kept = losses !== null && losses.length === 0;
      await pause(this.#net.clock, kept ? againAfterKeptMs : againAfterCutMs, signal);
    }
  }
}

/** The cuts of one trial; null where it ended otherwise and nothing was learned. */
async function tried(net: Net, server: Endpoint, signal: AbortSignal): Promise<readonly Loss[] | null> {
  const losses: Loss[] = [];
  for (;;) {
    const beganAtMs = net.clock.monotonicNs() / 1e6;
    const idler = await Idler.open(net, server, signal);
    if (idler === null || losses.length === cutsOfATrial) {
      idler?.close();
      return idler === null ? null : losses;
    }
    await pause(net.clock, idleMs, signal);
    const answer = signal.aborted ? 'ended' : await idler.ask(signal);
    idler.close();
    if (answer === 'ended') return null;
    if (answer === 'answered') return losses;
    const atMs = net.clock.monotonicNs() / 1e6;
    const { port } = idler;
    losses.push({
      of: 'trial',
      atMs,
      by: answer,
      livedMs: atMs - beganAtMs,
      idleMs,
      portBefore: port,
      portAfter: port,
    });
  }
}

/** A connection from a port of its own. */
class Idler {
  readonly #net: Net;
  readonly #connection: TcpConnection;
  #settle: (answer: Answer) => void = () => undefined;
  #closed = false;

  /** Null unless the server answers. */
  static async open(net: Net, remote: Endpoint, signal: AbortSignal): Promise<Idler | null> {
    const outcome = await net.tcp.connect({ remote, timeoutMs: connectTimeoutMs, signal });
    if (!outcome.connected) return null;
    const idler = new Idler(net, outcome.connection);
    if ((await idler.ask(signal)) === 'answered') return idler;
    idler.close();
    return null;
  }

  private constructor(net: Net, connection: TcpConnection) {
    this.#net = net;
    this.#connection = connection;
    const framer = new StunFramer(maxRendezvousBytes);
    connection.start({
      onData: (data) => {
        const { messages } = framer.push(data);
        if (
          messages
            .map((each) => decodeStun(each))
            .some((each) => each.ok && each.value.message.class === 'success')
        ) {
          this.#settle('answered');
        }
      },
      onClose: (reason) => {
        this.#closed = true;
        this.#settle(cutBy(reason) ?? 'ended');
      },
    });
  }

  get port(): number {
    return this.#connection.local.port;
  }

  /** A Binding request (RFC 8489 §3). What ended before it was asked says nothing: the server may have ended it. */
  async ask(signal: AbortSignal): Promise<Answer> {
    if (this.#closed) return 'ended';
    const transactionId = this.#net.random.bytes(12);
    const answer = new Promise<Answer>((resolve) => {
      this.#settle = resolve;
    });
    const timer = this.#net.clock.after(answerLimitMs, () => this.#settle('silence'));
    const onAbort = () => this.#settle('ended');
    signal.addEventListener('abort', onAbort);
    this.#connection.write(
      encodeStun({ class: 'request', method: stunMethods.binding, transactionId, attributes: [] }),
    );
    const settled = await answer;
    timer.cancel();
    signal.removeEventListener('abort', onAbort);
    return settled;
  }

  close(): void {
    this.#connection.reset();
  }
}
