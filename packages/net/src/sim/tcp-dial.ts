import { addressFamily, formatEndpoint, icmpTypes } from '@pinhole/wire';
import type { ConnectFailure, ConnectOptions, ConnectOutcome, TcpIcmpReport } from '../types.ts';
import { Event } from './event-queue.ts';
import type { OpenFailure, SimulatedTcpConnection, TcpOwner } from './tcp-connection.ts';
import type { World } from './world.ts';

/** Whom an attempt tells. */
export interface DialOwner {
  onSettled(dial: Dial): void;
  onGone(connection: SimulatedTcpConnection): void;
}

/** An attempt to connect, until it has an outcome; what happens is that its time is over. */
export class Dial extends Event implements TcpOwner {
  readonly signal: AbortSignal | undefined;
  /** Among those of its signal. */
  place = 0;
  readonly #world: World;
  readonly #options: ConnectOptions;
  readonly #resolve: (outcome: ConnectOutcome) => void;
  readonly #owner: DialOwner;
  #connection: SimulatedTcpConnection | null = null;

  constructor(
    world: World,
    options: ConnectOptions,
    resolve: (outcome: ConnectOutcome) => void,
    owner: DialOwner,
  ) {
    super(world.inNs(options.timeoutMs * 1e6));
    this.signal = options.signal;
    this.#world = world;
    this.#options = options;
    this.#resolve = resolve;
    this.#owner = owner;
    world.queue.add(this);
  }

  happen(): void {
    const { timeoutMs } = this.#options;
    this.#world.call(() => this.#giveUp('timeout', `no answer in ${timeoutMs} ms`));
  }

  by(connection: SimulatedTcpConnection): void {
    this.#connection = connection;
  }

  abort(): void {
    this.#giveUp('aborted', 'aborted by the caller');
  }

  onIcmp(report: TcpIcmpReport): boolean {
    const { onIcmp, remote } = this.#options;
    if (onIcmp === undefined) return false;
    this.#world.call(() => onIcmp(report));
    return report.icmpType === icmpTypes.timeExceeded[addressFamily(remote.address)];
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
    this.cancel();
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
