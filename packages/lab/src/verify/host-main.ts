// The measuring program behind the NAT: host-main.ts TASK, a HostTask as JSON. Writes an Observation as JSON.

import { endpoint } from '@pinhole/wire';
import { traversalPorts } from '../nat/behaviour.ts';
import { observeTcpIdle, observeUdpLifetime } from './host/lifetimes.ts';
import { Tcp } from './host/tcp.ts';
import { type Control, Udp } from './host/udp.ts';
import {
  type Attempt,
  type HostTask,
  type Meeting,
  type Observation,
  serverEndpoints,
  simultaneousPort,
  unmappedPort,
} from './observation.ts';

const task = JSON.parse(process.argv[2]!) as HostTask;
const { waitMs } = task;
const endpoints = serverEndpoints(task.serverAddresses);
/** Enough to see the law by which ports are given. */
const sampleCount = 16;

/** After which a kernel repeats its SYN (RFC 6298 section 2.1), with room. */
const repetitionMs = 1200;

const tcp = new Tcp(endpoints);
const control = await tcp.openControl();
const udp = new Udp(endpoints, control, waitMs);

// First what every new flow's port counts for, and nothing else meanwhile.
const [udpMapping, tcpMapping] = await Promise.all([
  udp.observeMapping(sampleCount),
  tcp.observeMapping(sampleCount),
]);
const unsolicitedTo = endpoint(task.publicAddress, unmappedPort);
const [
  udpRest,
  fromOtherPort,
  fromOtherAddress,
  simultaneousOpen,
  unsolicitedTcp,
  unsolicitedUdp,
  hops,
  traversalUdp,
  traversalTcp,
  udpLifetime,
  tcpIdle,
] = await Promise.all([
  udpMapping === null ? null : udp.observeFiltering(udpMapping.socket),
  control.ask<Attempt>({ ask: 'connect', to: control.seen, fromAddress: 'A1', waitMs }),
  control.ask<Attempt>({ ask: 'connect', to: control.seen, fromAddress: 'A2', waitMs }),
  meet(control),
  control.ask<Attempt>({ ask: 'connect', to: unsolicitedTo, fromAddress: 'A2', waitMs }),
  control.ask<Attempt>({ ask: 'provoke', to: unsolicitedTo, waitMs }),
  control.ask<number>({ ask: 'hops' }),
  reached((port) => udp.reaches(endpoint(task.serverAddresses[0], port))),
  reached((port) => tcp.reaches(endpoint(task.serverAddresses[0], port), waitMs)),
  task.udpLifetimeMs === null || udpMapping === null
    ? null
    : observeUdpLifetime(udp, control, task.udpLifetimeMs),
  task.tcpIdleMs === null ? null : observeTcpIdle(tcp, task.tcpIdleMs, waitMs),
]);
const observation: Observation = {
  udp: udpMapping && udpRest && { ...udpMapping.observation, ...udpRest },
  tcp: { ...tcpMapping, fromOtherPort, fromOtherAddress, simultaneousOpen },
  unsolicited: { tcp: unsolicitedTcp, udp: unsolicitedUdp },
  hops,
  traversal: { udp: traversalUdp, tcp: traversalTcp },
  udpLifetime,
  tcpIdle,
};
process.stdout.write(JSON.stringify(observation), () => process.exit(0));

async function meet({ ask }: Control): Promise<Meeting> {
  const meeting = ask<Meeting>({ ask: 'meet', waitMs: waitMs + repetitionMs });
  const close = tcp.startConnection(endpoint(task.serverAddresses[0], simultaneousPort));
  const outcome = await meeting;
  close();
  return outcome;
}

async function reached(reaches: (port: number) => Promise<boolean>): Promise<number[]> {
  const answers = await Promise.all(traversalPorts.map(reaches));
  return traversalPorts.filter((_, index) => answers[index]);
}
