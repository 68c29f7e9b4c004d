import { createLinuxNet, linuxNetAvailable } from '@pinhole/net';
import { loopbackWorld } from './suite/loopback.ts';
import { describeSessions } from './suite/session.ts';

if (linuxNetAvailable().available) describeSessions('Linux sockets', loopbackWorld(createLinuxNet));
