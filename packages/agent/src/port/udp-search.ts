// A search over UDP: checks from many ports, or to many, until the peer has heard one. docs/protocol.md, Searching.

import type { Net, SendRequest, Timer, UdpSocket } from '@pinhole/net';
import { type Endpoint, type IpAddress, ip, type PortSearch } from '@pinhole/wire';
import type { Session } from '../session/session.ts';
import type { SearchBudget } from './search-budget.ts';
import type { SearchPace } from './search-pace.ts';
import { searchTries } from './search-ports.ts';

const anyAddress = ip('0.0.0.0');

/** When each pass over the ports begins, ms after the moment: for what was lost or came too early, and other ports if drawn. */
const passesAtMs = { drawn: [0, 250, 600, 1200, 1900], 'in-turn': [0, 250, 600] } as const;
/** After the last pass, for a long round trip. */
const lastWordMs = 800;
/** With the peer heard the session finds the way, in a round trip or two; where it does not, the search goes on. */
const heardMs = 300;
/** Where the system has no more sockets, others need some too. */
const givenBack = 64;

interface Send {
  readonly from: UdpSocket;
  readonly request: SendRequest;
}

export interface UdpSearchOptions {
  readonly net: Net;
  readonly session: Session;
  readonly search: PortSearch;
  /** The peer's public address. */
  readonly address: IpAddress;
  readonly startAtMs: number;
  readonly openerTtl: number | null;
  /** Where `sockets` is 0: the test port, or what stands for it. */
  readonly testPort: UdpSocket;
  /** Opens a fresh port; what arrives there is the caller's. Rejects with SocketError. */
  readonly open: (local: Endpoint) => Promise<UdpSocket>;
  readonly close: (socket: UdpSocket) => void;
  readonly sockets: SearchBudget;
  readonly pace: SearchPace;
  readonly onExhausted: () => void;
}

export class UdpSearch {
  readonly #options: UdpSearchOptions;
  #sockets: UdpSocket[] = [];
  readonly #timers = new Set<Timer>();
  #sent = 0;
  #stopped = false;
  #isSpent = false;

  constructor(options: UdpSearchOptions) {
    this.#options = options;
    void this.#begin();
  }

  /** What has come of it, for whoever asks why there is no connection. */
  get summary(): string {
    return `UDP to ${this.#options.address}: ${this.#sent} checks sent to ports that may be the peer's, none answered`;
  }

  /** Sends nothing more, and closes the fresh ports but for the one that is named. */
  stop(except: UdpSocket | null): void {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    for (const socket of this.#sockets) {
      if (socket !== except) this.#options.close(socket);
      this.#options.sockets.give();
    }
    this.#sockets = [];
  }

  async #begin(): Promise<void> {
    const { search, startAtMs, openerTtl, net, onExhausted } = this.#options;
    for (let i = 0; i < search.sockets && !this.#stopped && !this.#isSpent; i++) await this.#open();
    if (this.#stopped) return;
    const inMs = startAtMs - net.clock.monotonicNs() / 1e6;
    // Drawn ports are others each time: to open the NAT for them ahead would be of no use.
    if (openerTtl !== null && inMs > 0 && search.order === 'in-turn') this.#pass(openerTtl);
    const passes = passesAtMs[search.order];
    for (const atMs of passes) this.#after(inMs + atMs, () => this.#pass(null));
    this.#after(inMs + passes[passes.length - 1]! + lastWordMs, onExhausted);
  }

  async #open(): Promise<void> {
    const { open, close, sockets } = this.#options;
    if (!sockets.take()) {
      this.#isSpent = true;
      return;
    }
    const socket = await open({ address: anyAddress, port: 0 }).catch(() => null);
    if (socket !== null && !this.#stopped) {
      this.#sockets.push(socket);
      return;
    }
    if (socket !== null) close(socket);
    sockets.give();
    this.#isSpent = true;
    for (const each of this.#sockets.splice(Math.max(1, this.#sockets.length - givenBack))) {
      close(each);
      sockets.give();
    }
  }

  #pass(ttl: number | null): void {
    const { search, address, testPort, session, net } = this.#options;
    const data = session.newCheck();
    const sockets = search.sockets === 0 ? [testPort] : this.#sockets;
    const sends = searchTries(search, net.random).flatMap(({ socket, port }): Send[] => {
      const from = sockets[socket];
      const request = { data, to: { address, port }, ...(ttl !== null && { ttl }) };
      return from === undefined ? [] : [{ from, request }];
    });
    this.#options.pace.add({
      send: (most) => {
        // The next pass begins anew; what the session makes of what it has heard comes first.
        if (this.#stopped || !session.connecting || session.hasHeardWithin(heardMs)) return 0;
        const next = sends.splice(0, most);
        for (const { from, request } of next) if (from.send(request).sent) this.#sent += 1;
        return next.length;
      },
    });
  }

  #after(delayMs: number, callback: () => void): void {
    const timer = this.#options.net.clock.after(Math.max(0, delayMs), () => {
      this.#timers.delete(timer);
      if (!this.#stopped && this.#options.session.connecting) callback();
    });
    this.#timers.add(timer);
  }
}
