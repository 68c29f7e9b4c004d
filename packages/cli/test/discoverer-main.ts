// A discovery by itself, for a host of the lab: the server's address and an agent's id in, the report on standard output.

import { traversalPorts } from '@pinhole/contract';
import { createNet } from '@pinhole/net';
import { ip } from '@pinhole/wire';
import { discover } from './discoverer.ts';

const [serverAddress = '', agentId = ''] = process.argv.slice(2);
const { net } = createNet();
const beganMs = performance.now();
const report = await discover(
  net,
  49153,
  {
    serverAddress: ip(serverAddress),
    serverPorts: traversalPorts,
    registered: null,
    localAddresses: net.host.interfaces().flatMap(({ ipAddresses }) => ipAddresses),
    keepAlives: { heldForMs: null, lostAfterMs: [] },
  },
  agentId,
);
process.stdout.write(JSON.stringify({ report, tookMs: performance.now() - beganMs }));
await net.close();
