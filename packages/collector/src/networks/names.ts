// The names of addresses, by reverse DNS: what is known is there at once, the rest is looked up beside it.

import type { Clock, Timer } from '@pinhole/net';
import type { IpAddress } from '@pinhole/wire';
import { type LookUp, NameBook, type NameBookLimits } from './name-book.ts';

export interface ReverseDns {
  /** Never rejects. */
  lookUp(address: IpAddress): Promise<LookUp>;
  /** Ends the look-ups that are under way. */
  close(): void;
}

export interface Names {
  /** Has these looked up when there is time for it. */
  want(addresses: Iterable<IpAddress>): void;
  /** The names of those that have one, as known after `waitMs` at the latest. */
  of(addresses: readonly IpAddress[], waitMs: number): Promise<Map<IpAddress, string>>;
  close(): void;
}

/** A thousand agents' paths; 10 MB. Sixteen at once and fifty a second are little for any resolver. */
const defaultLimits: NameBookLimits = {
  maxKnown: 50_000,
  maxWaiting: 5_000,
  maxUnderWay: 16,
  perSecond: 50,
};

/** Where names are switched off. */
export const noNames: Names = { want() {}, of: async () => new Map(), close() {} };

export function createNames(dns: ReverseDns, clock: Clock, limits: Partial<NameBookLimits> = {}): Names {
  const book = new NameBook({ ...defaultLimits, ...limits });
  const watchers = new Set<() => void>();
  let timer: Timer | null = null;
  let closed = false;
  const nowMs = () => clock.monotonicNs() / 1e6;

  function pump(): void {
    timer?.cancel();
    timer = null;
    if (closed) return;
    for (const address of book.due(nowMs())) void lookUp(address);
    const atMs = book.dueAtMs();
    if (atMs !== null) timer = clock.after(Math.max(1, atMs - nowMs()), pump);
  }

  async function lookUp(address: IpAddress): Promise<void> {
    book.answered(address, await dns.lookUp(address), nowMs());
    for (const watcher of [...watchers]) watcher();
    pump();
  }

  function ask(addresses: Iterable<IpAddress>, isUrgent: boolean): void {
    for (const address of addresses) book.ask(address, isUrgent, nowMs());
    pump();
  }

  /** Until each address has been looked up once. */
  function settled(addresses: readonly IpAddress[], waitMs: number): Promise<void> {
    let missing = addresses;
    return new Promise((resolve) => {
      const patience = clock.after(waitMs, done);
      watchers.add(look);
      look();
      function look() {
        missing = missing.filter((address) => book.name(address) === undefined && book.isPending(address));
        if (missing.length === 0 || closed) done();
      }
      function done() {
        patience.cancel();
        watchers.delete(look);
        resolve();
      }
    });
  }

  return {
    want: (addresses) => ask(addresses, false),
    async of(addresses, waitMs) {
      ask(addresses, true);
      await settled(addresses, waitMs);
      const names = new Map<IpAddress, string>();
      for (const address of addresses) {
        const name = book.name(address);
        if (name != null) names.set(address, name);
      }
      return names;
    },
    close() {
      closed = true;
      timer?.cancel();
      dns.close();
      for (const watcher of [...watchers]) watcher();
    },
  };
}
