// PTR look-ups with Node's resolver, which asks the system's servers itself and needs no thread for it.

import { Resolver } from 'node:dns/promises';
import { addressBytes, type IpAddress } from '@pinhole/wire';
import { systemCode } from '../errors.ts';
import type { LookUp } from './name-book.ts';
import type { ReverseDns } from './names.ts';

/** Twice, since packets get lost; a server that has not answered by then will not be in time for anybody. */
const tries = { timeout: 1500, tries: 2, maxTimeout: 1500 };

/** What a host name may have (RFC 1123 §2.1), and the underscore that some do; DNS itself would let anything through. */
const hostname =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/i;

/** `servers`: `192.0.2.53:53`; the system's when absent. Throws where one is no address. */
export function createReverseDns(servers?: readonly string[]): ReverseDns {
  const resolver = new Resolver(tries);
  if (servers !== undefined) resolver.setServers(servers);
  return {
    async lookUp(address): Promise<LookUp> {
      try {
        // The order of several names changes from answer to answer.
        const [name] = (await resolver.resolvePtr(reverseName(address)))
          .filter((each) => hostname.test(each))
          .sort();
        return name === undefined ? { outcome: 'nameless' } : { outcome: 'named', name };
      } catch (error) {
        const code = systemCode(error) ?? '';
        return { outcome: ['ENOTFOUND', 'ENODATA'].includes(code) ? 'nameless' : 'failed' };
      }
    },
    close: () => resolver.cancel(),
  };
}

/** RFC 1035 §3.5, RFC 3596 §2.5. Node's `reverse` would say of every failure that there is no name. */
function reverseName(address: IpAddress): string {
  const bytes = [...addressBytes(address)].reverse();
  if (bytes.length === 4) return `${bytes.join('.')}.in-addr.arpa`;
  const nibbles = bytes.flatMap((byte) => [byte & 15, byte >> 4].map((nibble) => nibble.toString(16)));
  return `${nibbles.join('.')}.ip6.arpa`;
}
