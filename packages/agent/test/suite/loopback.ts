import type { Net } from '@pinhole/net';
import { ip } from '@pinhole/wire';
import type { SessionWorld } from './rounds.ts';

/** Both agents on this machine's loopback, each with an implementation of its own. */
export function loopbackWorld(createNet: () => Net): () => SessionWorld {
  return () => {
    const [source, target] = [createNet(), createNet()];
    const address = ip('127.0.0.1');
    return {
      source: { net: source, address },
      target: { net: target, address },
      run: (program) => program,
      async destroy() {
        await Promise.all([source.close(), target.close()]);
      },
    };
  };
}
