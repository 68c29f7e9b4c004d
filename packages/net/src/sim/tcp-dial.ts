import { formatEndpoint } from '@pinhole/wire';
import type { ConnectFailure, ConnectOptions, ConnectOutcome, Timer } from '../types.ts';
import type { OpenFailure, SimulatedTcpConnection, TcpOwner } from './tcp-connection.ts';
import type { World } from './world.ts';

/** Whom an attempt tells. */
export interface DialOwner {
  onSettled(dial: Dial): void;
  onGone(connection: SimulatedTcpConnection): void;
}

/** An attempt to connect, until it has an outcome: a search by chance makes a thousand of them at once. */
export class Dial implements TcpOwner {
  readonly signal: AbortSignal | undefined;
  readonly #world: World;
  readonly #options: ConnectOptions;
  readonly #resolve: (outcome: ConnectOutcome) => void;
  readonly #owner: DialOwner;
  readonly #timer: Timer;
  #connection: SimulatedTcpConnection | null = null;

  constructor(
    world: World,
    options: ConnectOptions,
    resolve: (outcome: ConnectOutcome) => void,
    owner: DialOwner,
  ) {
    const { timeoutMs } = options;
    this.signal = options.signal;
    this.#world = world;
    this.#options = options;
    this.#resolve = resolve;
    this.#owner = owner;
    this.#timer = world.after(timeoutMs * 1e6, () =>
      world.call(() => this.#giveUp('timeout', `no answer in ${timeoutMs} ms`)),
    );
  }

  by(connection: SimulatedTcpConnection): void {
    this.#connection = connection;
  }

  abort(): void {
    this.#giveUp('aborted', 'aborted by the caller');
  }

  onEstablished(connection: SimulatedTcpConnection): void {
    this.#settle();
    this.#world.call(() => this.#resolve({ connected: true, connection }));
  }

  onOpenFailed(reason: OpenFailure): void {
    this.#settle();
    this.#world.call(() => this.#resolve(connectFailure(this.#options, reason, reason)));
  }

  onGone(connection: SimulatedTcpConnection): void {
    this.#owner.onGone(connection);
  }

  #giveUp(reason: ConnectFailure, detail: string): void {
    this.#settle();
    this.#connection?.abandon();
    this.#resolve(connectFailure(this.#options, reason, detail));
  }

  #settle(): void {
    this.#timer.cancel();
    this.#owner.onSettled(this);
  }
}

export function connectFailure(
  { remote }: ConnectOptions,
  reason: ConnectFailure,
  detail: string,
): ConnectOutcome {
  return { connected: false, reason, detail: `${formatEndpoint(remote)}: ${detail}` };
}
