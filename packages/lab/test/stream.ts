// Numbered datagrams from one place of a lab to another, with the kernel's stamps of both ends.

import { setTimeout as sleep } from 'node:timers/promises';
import { createLinuxNet, inNetworkNamespace, type Net } from '@pinhole/net';
import { endpoint } from '@pinhole/wire';
import type { RecordedPacket } from '../src/link/record.ts';
import type { Place } from '../src/place.ts';

const port = 5000;
/** What is on its way when the last has been sent has come, or never will. */
const settleMs = 1500;

export interface Streamed {
  /** By number: when the sender's interface got it, in ns of the monotonic clock. */
  readonly sentNs: ReadonlyMap<number, number>;
  /** In the order in which they came. */
  readonly arrivals: readonly { readonly number: number; readonly atNs: number }[];
}

/** Sends `count` datagrams, `gapMs` apart. */
export async function stream(from: Place, to: Place, count: number, gapMs: number): Promise<Streamed> {
  const net = createLinuxNet();
  const sentNs = new Map<number, number>();
  const arrivals: { number: number; atNs: number }[] = [];
  const numbers = new Map<number, number>();
  try {
    await openIn(to, net, {
      onDatagrams(batch) {
        for (const { data, receivedAtNs } of batch)
          arrivals.push({ number: numberOf(data), atNs: receivedAtNs });
      },
    });
    const sender = await openIn(from, net, {
      onDatagrams: () => {},
      onTransmitted: ({ id, atNs }) => sentNs.set(numbers.get(id)!, atNs),
    });
    const destination = endpoint(to.addresses[0]!, port);
    for (let number = 0; number < count; number++) {
      const data = Buffer.alloc(100);
      data.writeUInt32BE(number);
      const outcome = sender.send({ data, to: destination, stamp: true });
      if (outcome.sent) numbers.set(outcome.id, number);
      await sleep(gapMs);
    }
    await sleep(settleMs);
  } finally {
    await net.close();
  }
  return { sentNs, arrivals };
}

/** Which datagram a packet of the link's record is. */
export function recordedNumber({ head }: RecordedPacket): number {
  return numberOf(Buffer.from(head, 'hex'));
}

function openIn(place: Place, net: Net, handler: Parameters<Net['udp']['open']>[1]) {
  const local = endpoint(place.addresses[0]!, port);
  const open = () => net.udp.open({ local }, handler);
  return place.namespace === null ? open() : inNetworkNamespace(`/run/netns/${place.namespace}`, open);
}

function numberOf(data: Uint8Array): number {
  return new DataView(data.buffer, data.byteOffset).getUint32(0);
}
