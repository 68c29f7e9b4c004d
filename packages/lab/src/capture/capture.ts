// A packet capture in a place of the lab.

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { LabError } from '../error.ts';
import type { Place } from '../place.ts';
import type { PacketHeaders } from './packet.ts';

export interface CapturedPacket extends PacketHeaders {
  /** The kernel's stamp in nanoseconds since 1970, exact to 256 ns. */
  readonly atNs: number;
  readonly interfaceName: string;
  /** Sent by this place, and not received. What is forwarded is seen twice, once each way. */
  readonly outgoing: boolean;
}

export type PacketFilter = (packet: CapturedPacket) => boolean;

export interface Capture {
  /** Those captured so far, oldest first. */
  packets(): readonly CapturedPacket[];
  /** Ends the capture with what has passed until now. `dropped` counts what the kernel had no room for. */
  stop(): Promise<{ packets: readonly CapturedPacket[]; dropped: number }>;
}

const program = fileURLToPath(new URL('./capture-main.ts', import.meta.url));

/** Captures IPv4 and IPv6 on the place's own interfaces; resolves once it sees packets. Throws LabError. */
export async function openCapture(place: Place, filter: PacketFilter = () => true): Promise<Capture> {
  const child = place.spawn(process.execPath, [program, ...place.interfaceNames], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const packets: CapturedPacket[] = [];
  let dropped: number | null = null;
  const lines = createInterface({ input: child.stdout! });
  const closed = once(child, 'close');
  const ready = once(lines, 'line').then(() => true);
  if (!(await Promise.race([ready, closed.then(() => false)]))) {
    throw new LabError('capture-failed', `Cannot capture in ${place.name}: ${stderr.trim()}`);
  }
  lines.on('line', (line) => {
    const value = JSON.parse(line) as CapturedPacket | { dropped: number };
    if ('dropped' in value) dropped = value.dropped;
    else if (filter(value)) packets.push(value);
  });
  return {
    packets: () => packets,
    async stop() {
      child.stdin!.on('error', () => {});
      child.stdin!.end();
      await closed;
      if (dropped === null) {
        throw new LabError(
          'capture-failed',
          `The capture in ${place.name} ended by itself: ${stderr.trim()}`,
        );
      }
      return { packets, dropped };
    },
  };
}
