// A plain traceroute over UDP, many flows at once: trace-main.ts TASK, a TraceTask as JSON. Writes the answers as JSON.

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { openCapture } from '@pinhole/net';
import { endpoint } from '@pinhole/wire';
import { largePayload, leastPayload, readAnswer, type TraceAnswer, type TraceTask } from './trace.ts';

const { localPorts, to, opens, maxTtl, waitMs } = JSON.parse(process.argv[2]!) as TraceTask;

/** Between flows. A kernel sends 1000 errors a second in all, and 50 in a burst (icmp_msgs_per_sec): no router owes more. */
const gapMs = 4;
const usualTtl = 64;

const answers: TraceAnswer[] = [];
openCapture({
  handler(packet, _atNs, outgoing) {
    const answer = outgoing ? null : readAnswer(packet);
    if (answer !== null && localPorts.includes(answer.localPort)) answers.push(answer);
  },
});

const flows = await Promise.all(
  localPorts.map(async (port) => {
    const flow = { socket: createSocket('udp4'), to };
    flow.socket.on('message', (_, from) => {
      flow.to = endpoint(from.address, from.port);
    });
    flow.socket.bind(port);
    await once(flow.socket, 'listening');
    if (opens) await send(flow, 0, usualTtl);
    return flow;
  }),
);
process.stdout.write('ready\n');
await once(process.stdin, 'data');

for (const flow of flows) {
  for (let ttl = 1; ttl <= maxTtl; ttl++) {
    await send(flow, leastPayload + ttl, ttl);
  }
  await delay(gapMs);
}
await send(flows[0]!, largePayload, usualTtl);
await delay(waitMs);
process.stdout.write(JSON.stringify(answers), () => process.exit(0));

async function send(flow: { socket: Socket; to: typeof to }, octets: number, ttl: number): Promise<void> {
  flow.socket.setTTL(ttl);
  await new Promise((sent) => flow.socket.send(Buffer.alloc(octets), flow.to.port, flow.to.address, sent));
}
