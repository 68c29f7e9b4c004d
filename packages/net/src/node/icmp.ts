import { type IcmpOpener, SocketError } from '../types.ts';

/** Node has no raw sockets. */
export const noIcmp: IcmpOpener = {
  available: () => false,
  async open() {
    throw new SocketError('not-supported', 'cannot open ICMP: no raw sockets here');
  },
};
