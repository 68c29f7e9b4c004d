// Traces the ways of a lab with plain sockets, so that a test on them can be trusted.

import { fileURLToPath } from 'node:url';
import { maxHops } from '@pinhole/contract';
import { endpoint } from '@pinhole/wire';
import { natLayers } from '../description.ts';
import { LabError } from '../error.ts';
import type { Lab } from '../lab.ts';
import { asOne } from '../nat/layers.ts';
import { serverName } from '../node.ts';
import type { Way } from '../path/way.ts';
import type { Place } from '../place.ts';
import { startProgram } from '../program.ts';
import { type TraceAnswer, type TraceTask, tracePort } from './trace.ts';
import { wayFaults } from './way-faults.ts';

const firstLocalPort = 34_000;
/** For each address of the hop that has most of them: of n, one is missed in about n · e^-12 of all traces. */
const flowsPerAddress = 12;
/** For the last answers: first in haste, then for a machine that is busy. */
const usualWaitsMs = [300, 3000] as const;
const program = fileURLToPath(new URL('./trace-main.ts', import.meta.url));

/** Both ways between the server and every site with a path, or a NAT that sets the TTL. Throws LabError `way-not-as-described`. */
export async function verifyWays(lab: Lab, waitsMs: readonly number[] = usualWaitsMs): Promise<void> {
  const sites = [...lab.sites.values()].filter(({ description: { path, nat } }) => {
    const one = asOne(natLayers(nat));
    return (path !== undefined || one?.setsTtl !== undefined) && !one?.blocked.includes('udp');
  });
  if (sites.length === 0) return;
  const complaints: string[] = [];
  await withoutRateLimits(lab, async () => {
    // One site after the other: what a kernel sends of errors in all is limited.
    for (const { name } of sites) {
      const both = await Promise.all([
        verifyWay(lab, name, serverName, waitsMs),
        verifyWay(lab, serverName, name, waitsMs),
      ]);
      complaints.push(...both.filter((each) => each !== null));
    }
  });
  if (complaints.length > 0) throw new LabError('way-not-as-described', complaints.join('\n'));
}

/** A sentence where the way is not as described. */
async function verifyWay(
  lab: Lab,
  from: string,
  to: string,
  waitsMs: readonly number[],
): Promise<string | null> {
  let faults: string[] = [];
  for (const waitMs of waitsMs) {
    faults = wayFaults(lab.way(from, to), await traceWay(lab, from, to, { waitMs }));
    if (faults.length === 0) return null;
  }
  return `The way from ${from} to ${to} is not as described: ${faults.join('; ')}.`;
}

/** Runs `work` while every place sends as many errors as it is asked for, but for icmp_msgs_per_sec. */
export async function withoutRateLimits(lab: Lab, work: () => Promise<void>): Promise<void> {
  const file = '/proc/sys/net/ipv4/icmp_ratelimit';
  const before = await Promise.all(
    lab.places.map(
      async (place) => (await place.run('sh', ['-c', `cat ${file} && echo 0 > ${file}`])).stdout,
    ),
  );
  try {
    await work();
  } finally {
    await Promise.all(
      lab.places.map((place, index) => place.run('sh', ['-c', `echo ${before[index]!.trim()} > ${file}`])),
    );
  }
}

/**
 * Probes with every TTL, over so many flows that each of several routers gets some. Between two sites, both NATs map
 * endpoint-independently and preserve ports, or are none.
 */
export async function traceWay(
  lab: Lab,
  from: string,
  to: string,
  {
    flows = flowCount(lab.way(from, to)),
    waitMs = usualWaitsMs[0],
  }: { readonly flows?: number; readonly waitMs?: number } = {},
): Promise<TraceAnswer[]> {
  const { hops, end } = lab.way(from, to);
  const [source, target] = [endOf(lab, from), endOf(lab, to)];
  const task: TraceTask = {
    localPorts: Array.from({ length: flows }, (_, index) => firstLocalPort + index),
    to: endpoint(target.publicAddress, tracePort),
    opens: source.isBehindNat,
    maxTtl: end === 'loop' ? maxHops : hops.length + 2,
    waitMs,
  };
  const { line, tell, ended } = startProgram(source.place, program, task, {
    code: 'verify-failed',
    name: `The tracing program in ${source.place.name}`,
  });
  await line();
  if (target.isBehindNat) await openNat(target.place, source.publicAddress, task.localPorts);
  tell('trace');
  const answers = JSON.parse(await line()) as TraceAnswer[];
  await ended;
  // Which the large probe has taught it.
  await source.place.run('ip', ['route', 'flush', 'cache']);
  return answers;
}

function flowCount({ hops }: Way): number {
  const addresses = Math.max(...hops.map((each) => each.length));
  return addresses === 1 ? 1 : flowsPerAddress * addresses;
}

/** By sending from the port that is traced to; nobody is at the port afterwards, so that the host says so. */
async function openNat(place: Place, to: string, ports: readonly number[]): Promise<void> {
  const sends = `
    const socket = require('dgram').createSocket('udp4');
    socket.bind(${tracePort}, async () => {
      for (let i = 0; i < ${ports.length}; i++)
        await new Promise((sent) => socket.send('open', ${ports[0]} + i, '${to}', sent));
      socket.close();
    });`;
  const { code, stderr } = await place.run(process.execPath, ['-e', sends]);
  if (code !== 0)
    throw new LabError('verify-failed', `Cannot open the NAT of ${place.name}: ${stderr.trim()}`);
}

function endOf(lab: Lab, name: string) {
  const site = lab.sites.get(name);
  return site === undefined
    ? { place: lab.server, publicAddress: lab.server.addresses[0]!, isBehindNat: false }
    : { place: site.hosts[0]!, publicAddress: site.publicAddress, isBehindNat: site.nat !== null };
}
