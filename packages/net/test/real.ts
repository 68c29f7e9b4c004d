import { networkInterfaces } from 'node:os';
import { endpoint, ip } from '@pinhole/wire';
import type { Net } from '../src/types.ts';
import type { Subject } from './suite/subject.ts';

/** An implementation on the real kernel, as the suite sees it. */
export function realSubject(name: string, createNet: () => Net): Subject {
  const local = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  const loopbacks = ['127.0.0.1', '::1']
    .filter((address) => local.some((entry) => entry.address === address))
    .map(ip);
  return {
    name,
    create() {
      const net = createNet();
      // Not closed with the other.
      const elsewhere = createNet();
      return {
        net,
        loopbacks,
        run: (program) => program,
        async silentEndpoint() {
          const local = endpoint('127.0.0.1', 0);
          return (await elsewhere.tcp.listen({ local, silent: true }, () => undefined)).local;
        },
        async destroy() {
          await net.close();
          await elsewhere.close();
        },
      };
    },
  };
}
