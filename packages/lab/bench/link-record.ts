// How exact a link's own record is. Its times stand beside those of captures on the link's two ends, where a packet
// passes a moment before it comes and a moment after it has left; and beside the stamps of sender and receiver, for
// what a packet takes on its way beside the link.
//
//   node packages/lab/src/enter-main.ts node packages/lab/bench/link-record.ts

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inNetworkNamespace, openCapture } from '@pinhole/net';
import { buildLab, type Lab } from '../src/lab.ts';
import { readLinkRecord } from '../src/link/record.ts';
import type { Place } from '../src/place.ts';
import { recordedNumber, stream } from '../test/stream.ts';

const count = 500;
const gapMs = 5;
/** Where the payload begins in a packet of IPv4 and UDP. */
const payloadAt = 28;

const folder = mkdtempSync(path.join(tmpdir(), 'pinhole-link-'));
const lab = await buildLab({ sites: [{ name: 'a', nat: 'none' }], link: {} }, { verify: false });
try {
  process.stdout.write(`µs, of ${count} packets                        least     p50     p95    most\n`);
  const site = lab.sites.get('a')!.hosts[0]!;
  for (const delayMs of [0, 10]) {
    await bench(lab, lab.core, `from the end of a link of ${delayMs} ms`, delayMs);
    await bench(lab, site, 'from a site', delayMs);
  }
} finally {
  await lab.close();
  rmSync(folder, { recursive: true, force: true });
}

/** The server's link, on the way to it. */
async function bench({ server, setLink }: Lab, from: Place, title: string, delayMs: number): Promise<void> {
  const recordFile = path.join(folder, `${from.name}${delayMs}.json`);
  await setLink('server', { delayMs, recordFile });
  const [enters, leaves] = [new Map<number, number>(), new Map<number, number>()];
  const captures = [
    capture('server', true, enters),
    inNetworkNamespace(`/run/netns/${server.namespace}`, () => capture('eth0', false, leaves)),
  ];
  const { sentNs, arrivals } = await stream(from, server, count, gapMs);
  for (const each of captures) each.close();
  await setLink('server', {});
  const { packets, unstamped } = readLinkRecord(recordFile);
  const cameAt = new Map(arrivals.map(({ number, atNs }) => [number, atNs]));
  const recorded = packets
    .filter(({ flow }) => flow.startsWith('udp'))
    .map((packet) => ({ number: recordedNumber(packet), ...packet }));
  const row = (name: string, of: (packet: (typeof recorded)[number]) => number) => {
    const sorted = recorded.map((packet) => of(packet) / 1000).sort((x, y) => x - y);
    const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!.toFixed(1).padStart(8);
    process.stdout.write(`${name.padEnd(42)}${at(0)}${at(0.5)}${at(0.95)}${at(1)}\n`);
  };
  process.stdout.write(`${title}; ${unstamped} not stamped by the kernel\n`);
  row('  capture before the link → record: came', ({ number, cameNs }) => cameNs - enters.get(number)!);
  row('  held longer than the delay', ({ cameNs, leftNs }) => leftNs! - cameNs - delayMs * 1e6);
  row('  record: left → capture behind the link', ({ number, leftNs }) => leaves.get(number)! - leftNs!);
  row('  sender → receiver, without the link', ({ number, cameNs, leftNs }) => {
    return cameAt.get(number)! - sentNs.get(number)! - (leftNs! - cameNs);
  });
}

function capture(interfaceName: string, isOutgoing: boolean, into: Map<number, number>) {
  return openCapture({
    interfaceName,
    handler(packet, atNs, outgoing) {
      const isUdp = packet[9] === 17;
      if (!isUdp || outgoing !== isOutgoing) return;
      into.set(new DataView(packet.buffer, packet.byteOffset).getUint32(payloadAt), atNs);
    },
  });
}
