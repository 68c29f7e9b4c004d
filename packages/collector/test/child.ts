// A collector in a process of its own, for tests that take its disk away or kill it.
// Arguments: data folder. Prints its URL once it listens, or the code of what kept it from starting.

import pino from 'pino';
import { CollectorError, startCollector } from '../src/index.ts';
import { systemRandom, testClock } from './harness.ts';

try {
  const { url } = await startCollector({
    listen: { host: '127.0.0.1', port: 0 },
    dataDir: process.argv[2]!,
    apiToken: 'the-api-token',
    accountToken: 'the-account-token',
    traversal: { servers: [] },
    clock: testClock(),
    random: systemRandom,
    log: pino({ level: 'silent' }),
  });
  console.log(url);
} catch (error) {
  if (!(error instanceof CollectorError)) throw error;
  console.log(error.code);
}
