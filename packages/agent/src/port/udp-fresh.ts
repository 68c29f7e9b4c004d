// Fresh local ports for the further attempts of a session over UDP: a NAT that has taken the peer's early packets for a
// flow of its own goes on doing so with that pair of ports.

import type { Net, Timer, UdpSocket } from '@pinhole/net';
import { type Endpoint, ip } from '@pinhole/wire';
import { askMapped } from '../discovery/mapped.ts';
import { keyOf } from '../session/key.ts';

/** Two round trips over a satellite. A round has 10 s for everything. */
const renewTimeoutMs = 1_500;
/** Of all sessions together. */
const maxFresh = 64;
/** A session that has not begun by then never will. */
const unclaimedLimitMs = 30_000;

interface Fresh {
  readonly sessionKey: string;
  readonly socket: UdpSocket;
  readonly expiry: Timer;
  taken: boolean;
}

export class UdpFreshPorts {
  readonly #net: Net;
  readonly #open: (local: Endpoint) => Promise<UdpSocket>;
  readonly #all = new Set<Fresh>();
  #asking = 0;
  #closed = false;

  /** `open` makes a socket of which what arrives is the caller's. */
  constructor(net: Net, open: (local: Endpoint) => Promise<UdpSocket>) {
    this.#net = net;
    this.#open = open;
  }

  /** Null where it cannot be had in time. The mapping was made by a socket before: it is the local port's. */
  async renew(sessionId: Uint8Array, server: Endpoint): Promise<Endpoint | null> {
    if (this.#closed || this.#all.size + this.#asking >= maxFresh) return null;
    this.#asking += 1;
    try {
      return await this.#ask(keyOf(sessionId), server);
    } finally {
      this.#asking -= 1;
    }
  }

  async #ask(sessionKey: string, server: Endpoint): Promise<Endpoint | null> {
    const local = { address: ip('0.0.0.0'), port: 0 };
    const question = { transport: 'udp', local, server, timeoutMs: renewTimeoutMs } as const;
    const asked = await askMapped(this.#net, question);
    if (asked === null) return null;
    asked.close();
    const socket = await this.#open({ ...local, port: asked.local.port }).catch(() => null);
    if (socket === null) return null;
    if (this.#closed) {
      socket.close();
      return null;
    }
    const expiry = this.#net.clock.after(unclaimedLimitMs, () => {
      this.#all.delete(fresh);
      socket.close();
    });
    const fresh: Fresh = { sessionKey, socket, expiry, taken: false };
    this.#all.add(fresh);
    return asked.mapped;
  }

  /** The port that was made last for the session, once. Null where there is none. */
  take(sessionId: Uint8Array): UdpSocket | null {
    const latest = this.#of(sessionId).findLast(({ taken }) => !taken);
    if (latest === undefined) return null;
    latest.expiry.cancel();
    latest.taken = true;
    return latest.socket;
  }

  /** The session is over: all that was made for it, which is now the caller's. */
  release(sessionId: Uint8Array): UdpSocket[] {
    return this.#give(this.#of(sessionId));
  }

  /** Makes none any more. All that there are, which are now the caller's. */
  close(): UdpSocket[] {
    this.#closed = true;
    return this.#give([...this.#all]);
  }

  #of(sessionId: Uint8Array): Fresh[] {
    const key = keyOf(sessionId);
    return [...this.#all].filter(({ sessionKey }) => sessionKey === key);
  }

  #give(leaving: readonly Fresh[]): UdpSocket[] {
    for (const each of leaving) {
      each.expiry.cancel();
      this.#all.delete(each);
    }
    return leaving.map(({ socket }) => socket);
  }
}
