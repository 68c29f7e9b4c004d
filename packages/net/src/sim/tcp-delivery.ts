import type { TcpCloseReason, TcpHandler, TcpTransmitStamp } from '../types.ts';
import type { World } from './world.ts';

/** What the program at one end of a connection is told. What comes before it has a handler waits for that. */
export class Delivery {
  readonly #world: World;
  #handler: TcpHandler | null = null;
  #early: { data: Uint8Array; receivedAtNs: number }[] | null = null;
  #closeReason: TcpCloseReason | null = null;

  constructor(world: World) {
    this.#world = world;
  }

  /** Throws TypeError the second time. */
  start(handler: TcpHandler): void {
    if (this.#handler !== null) throw new TypeError('a connection is started once');
    this.#handler = handler;
    const early = this.#early ?? [];
    this.#early = null;
    for (const { data, receivedAtNs } of early) handler.onData(data, receivedAtNs);
    if (this.#closeReason !== null) handler.onClose(this.#closeReason);
  }

  data(data: Uint8Array): void {
    const handler = this.#handler;
    const receivedAtNs = this.#world.nowNs;
    if (handler !== null) {
      this.#world.call(() => handler.onData(data, receivedAtNs));
      return;
    }
    this.#early ??= [];
    this.#early.push({ data, receivedAtNs });
  }

  /** Not from within the write that it is of. */
  transmitted(stamp: TcpTransmitStamp): void {
    this.#world.after(0, () => {
      const handler = this.#handler;
      if (this.#closeReason === null) this.#world.call(() => handler?.onTransmitted?.(stamp));
    });
  }

  /** Told once. */
  closed(reason: TcpCloseReason): void {
    if (this.#closeReason !== null) return;
    this.#closeReason = reason;
    const handler = this.#handler;
    if (handler !== null) this.#world.call(() => handler.onClose(reason));
  }
}
