import { createNet } from '@pinhole/net';
import { startTraversalServer } from '@pinhole/traversal';
import { ip } from '@pinhole/wire';
import { pino } from 'pino';
const { net } = createNet();
const server = await startTraversalServer({ net, log: pino(), secret: new TextEncoder().encode('s'), addresses: process.argv.slice(2).map(ip), ports: [9119, 9120] });
console.log('ready', server.endpoints.length);
