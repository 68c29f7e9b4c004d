import { networkInterfaces } from 'node:os';
import { ip } from '@pinhole/wire';
import type { Net } from '../src/types.ts';
import { openSilentListener } from './silent-listener.ts';
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
      const closers: { close(): void }[] = [];
      return {
        net,
        loopbacks,
        run: (program) => program,
        async silentEndpoint() {
          const listener = await openSilentListener();
          closers.push(listener);
          return listener.endpoint;
        },
        async destroy() {
          await net.close();
          for (const closer of closers) closer.close();
        },
      };
    },
  };
}
