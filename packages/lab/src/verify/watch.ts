// What no socket tells of the packets that come to the server: TTL, flags, and whom an ICMP error is about.

import { openCapture } from '@pinhole/net';
import type { Endpoint } from '@pinhole/wire';
import { type PacketHeaders, readPacket, tcpFlag } from '../capture/packet.ts';

/** Linux's, in every namespace. */
const initialTtl = 64;

type Test = (packet: PacketHeaders) => boolean;

export interface PacketWatch {
  /** Routers that this address's packets have passed; null where none has come. */
  hopsFrom(address: string): number | null;
  /** Whether an ICMP error came back about a packet to there. */
  metIcmp(protocol: 'tcp' | 'udp', to: Endpoint): boolean;
  /** A test for TCP to this port from this address. */
  to(port: number, from: string): Test;
  /** The next packet that passes the test, or null. With `recent`, also the last SYN from its source. */
  next(test: Test, waitMs: number, recent?: boolean): Promise<PacketHeaders | null>;
}

/** Watches this namespace from now on. */
export function watchPackets(): PacketWatch {
  const hops = new Map<string, number>();
  const errors = new Set<string>();
  const lastSyns = new Map<string, PacketHeaders>();
  const watchers = new Set<Test>();
  openCapture({
    handler(bytes, _atNs, outgoing) {
      const packet = readPacket(bytes);
      if (packet === null || outgoing) return;
      if (packet.protocol === 'tcp')
        // What a NAT itself answers with comes from its address, too, and has passed fewer.
        hops.set(packet.source, Math.max(hops.get(packet.source) ?? 0, initialTtl - packet.ttl));
      if (packet.protocol === 'icmp') {
        const about = readPacket(bytes.subarray((bytes[0]! & 15) * 4 + 8));
        if (about !== null) errors.add(target(about.protocol, about.destination, about.destinationPort));
      }
      if (isSyn(packet)) lastSyns.set(packet.source, packet);
      for (const watcher of watchers) if (watcher(packet)) watchers.delete(watcher);
    },
  });
  return {
    hopsFrom: (address) => hops.get(address) ?? null,
    metIcmp: (protocol, { address, port }) => errors.has(target(protocol, address, port)),
    to: (port, from) => (packet) =>
      packet.protocol === 'tcp' && packet.source === from && packet.destinationPort === port,
    next(test, waitMs, recent = false) {
      const before = recent ? [...lastSyns.values()].find(test) : undefined;
      if (before !== undefined) {
        lastSyns.delete(before.source);
        return Promise.resolve(before);
      }
      return new Promise((resolve) => {
        const watcher: Test = (packet) => {
          if (!test(packet)) return false;
          clearTimeout(timer);
          resolve(packet);
          return true;
        };
        const timer = setTimeout(() => {
          watchers.delete(watcher);
          resolve(null);
        }, waitMs);
        watchers.add(watcher);
      });
    },
  };
}

function target(protocol: PacketHeaders['protocol'], address: string, port: number | null): string {
  return `${protocol} ${address} ${port}`;
}

/** The first packet of a connection. */
export function isSyn({ tcpFlags }: PacketHeaders): boolean {
  return tcpFlags !== null && (tcpFlags & (tcpFlag.syn | tcpFlag.ack)) === tcpFlag.syn;
}

/** SYN and ACK: the answer to a SYN. */
export function isAnswer({ tcpFlags }: PacketHeaders): boolean {
  return tcpFlags !== null && (tcpFlags & (tcpFlag.syn | tcpFlag.ack)) === (tcpFlag.syn | tcpFlag.ack);
}
