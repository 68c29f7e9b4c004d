// Fresh local ports for the further attempts of a session. A NAT remembers a 4-tuple that has failed, so the next try
// leaves from another port, whose public endpoint the NAT traversal server tells.

import type { Net, TcpConnection, Timer } from '@pinhole/net';
import { type Endpoint, ip } from '@pinhole/wire';
import { askMapped } from '../discovery/mapped.ts';
import { keyOf } from '../session/key.ts';

/** For connection and answer together: two round trips over a satellite. The server waits 3 s for all that an invited agent asks. */
const renewTimeoutMs = 1_500;
/** Of all sessions together; each costs two descriptors, and one of the server's. */
const maxFresh = 64;
/** A session that has not begun by then never will. */
const unclaimedLimitMs = 30_000;
const maxAccepted = 4;

interface Fresh {
  readonly sessionKey: string;
  readonly ending: AbortController;
  readonly expiry: Timer;
  /** Null until its public endpoint is known, and again once it has been taken. */
  localPort: number | null;
}

export class FreshPorts {
  readonly #net: Net;
  readonly #onConnection: (connection: TcpConnection) => void;
  readonly #all = new Set<Fresh>();

  /** `onConnection` gets whoever comes to one of the ports. */
  constructor(net: Net, onConnection: (connection: TcpConnection) => void) {
    this.#net = net;
    this.#onConnection = onConnection;
  }

  /**
   * Makes a port for the session, and asks `server` for its public endpoint. The connection stays, and the mapping with
   * it, until the session is released. Null where it cannot be had within 1.5 s.
   */
  async renew(sessionId: Uint8Array, server: Endpoint): Promise<Endpoint | null> {
    if (this.#all.size >= maxFresh) return null;
    const fresh: Fresh = {
      sessionKey: keyOf(sessionId),
      ending: new AbortController(),
      expiry: this.#net.clock.after(unclaimedLimitMs, () => this.#end(fresh)),
      localPort: null,
    };
    this.#all.add(fresh);
    const mapped = await this.#open(fresh, server);
    if (mapped === null) this.#end(fresh);
    return mapped;
  }

  /** The port that was made last for the session, once; null where there is none. */
  take(sessionId: Uint8Array): number | null {
    const key = keyOf(sessionId);
    const latest = [...this.#all].findLast((each) => each.sessionKey === key && each.localPort !== null);
    if (latest === undefined) return null;
    const { localPort } = latest;
    latest.localPort = null;
    latest.expiry.cancel();
    return localPort;
  }

  /** The session is over: its ports are closed, the connections that it made from them are not. */
  release(sessionId: Uint8Array): void {
    const key = keyOf(sessionId);
    for (const each of this.#all) if (each.sessionKey === key) this.#end(each);
  }

  close(): void {
    for (const each of this.#all) this.#end(each);
  }

  /** The public endpoint, or null. Somebody listens there too: at some NATs the peer's SYN may come first. */
  async #open(fresh: Fresh, server: Endpoint): Promise<Endpoint | null> {
    const any = ip('0.0.0.0');
    const listening = { local: { address: any, port: 0 }, reusePort: true, maxConnections: maxAccepted };
    const listener = await this.#net.tcp.listen(listening, this.#onConnection).catch(() => null);
    if (listener === null) return null;
    whenEnded(fresh, () => listener.close());
    const answer = await askMapped(this.#net, {
      transport: 'tcp',
      local: { address: any, port: listener.local.port },
      reusePort: true,
      server,
      timeoutMs: renewTimeoutMs,
    });
    if (answer === null) return null;
    whenEnded(fresh, answer.close);
    fresh.localPort = listener.local.port;
    return fresh.ending.signal.aborted ? null : answer.mapped;
  }

  #end(fresh: Fresh): void {
    this.#all.delete(fresh);
    fresh.expiry.cancel();
    fresh.ending.abort();
  }
}

function whenEnded({ ending }: Fresh, close: () => void): void {
  if (ending.signal.aborted) close();
  else ending.signal.addEventListener('abort', close);
}
