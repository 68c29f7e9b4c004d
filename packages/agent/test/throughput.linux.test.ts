import { createLinuxNet, linuxNetAvailable } from '@pinhole/net';
import { loopbackWorld } from './suite/loopback.ts';
import { describeThroughput } from './suite/throughput.ts';

if (linuxNetAvailable().available)
  describeThroughput('Linux sockets', loopbackWorld(createLinuxNet), { leastShare: 0.2 });
