import { createNodeNet } from '@pinhole/net';
import { loopbackWorld } from './suite/loopback.ts';
import { describeSessions } from './suite/session.ts';

describeSessions('Node sockets', loopbackWorld(createNodeNet));
