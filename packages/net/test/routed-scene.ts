// What tests of a way through a router have: two hosts with a router between them, and programs on the near one.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Endpoint, endpoint, type MplsLabel } from '@pinhole/wire';
import {
  type Capture,
  type CaptureOptions,
  createLinuxNet,
  inNetworkNamespace,
  openCapture,
} from '../src/index.ts';
import { libc } from '../src/linux/libc.ts';
import { allocate } from '../src/linux/memory.ts';
import { writeSockaddr } from '../src/linux/sockaddr.ts';
import type {
  ConnectOptions,
  IcmpReport,
  ListenOptions,
  RawIcmpReport,
  TcpConnection,
} from '../src/types.ts';
import { far, far6, near, routedPair } from './namespaces.ts';

export const any = endpoint('0.0.0.0', 0);
/** On the far host. */
export const service = endpoint(far, 443);
export const service6 = endpoint(far6, 443);
export const label: MplsLabel = { label: 24_000, trafficClass: 3, bottom: true, ttl: 1 };

type RoutedScene = ReturnType<typeof routedScene>;

/** A test with a scene of its own. */
export function test(name: string, program: (scene: RoutedScene) => Promise<void>): void {
  it(name, async () => {
    const scene = routedScene();
    try {
      await program(scene);
    } finally {
      await scene.close();
    }
  });
}

function routedScene() {
  const net = createLinuxNet();
  const pair = routedPair();
  const captures: Capture[] = [];
  return {
    net,
    pair,

    async openUdp(local: Endpoint, options: { dontFragment?: boolean } = {}) {
      const reports: IcmpReport[] = [];
      const socket = await inNetworkNamespace(pair.near, () =>
        net.udp.open(
          { local, ...options },
          {
            onDatagrams: () => undefined,
            onUnreachable: (report) =>
              reports.push({
                ...report,
                quoted: Uint8Array.from(report.quoted),
                extension: report.extension && Uint8Array.from(report.extension),
              }),
          },
        ),
      );
      return { socket, reports };
    },

    connect(options: Omit<ConnectOptions, 'timeoutMs'> & { timeoutMs?: number }) {
      return inNetworkNamespace(pair.near, () => net.tcp.connect({ timeoutMs: 10_000, ...options }));
    },

    /** Accepts at the far end; what is written there comes back. */
    async serve(options: Partial<ListenOptions> = {}): Promise<TcpConnection[]> {
      const accepted: TcpConnection[] = [];
      await inNetworkNamespace(pair.far, () =>
        net.tcp.listen({ local: endpoint('0.0.0.0', service.port), ...options }, (connection) => {
          accepted.push(connection);
          connection.start({ onData: (data) => void connection.write(data), onClose: () => undefined });
        }),
      );
      return accepted;
    },

    async openIcmp() {
      const reports: RawIcmpReport[] = [];
      const socket = await inNetworkNamespace(pair.near, () =>
        net.icmp.open({ onError: (report) => reports.push(report) }),
      );
      return { socket, reports };
    },

    captureAt(path: string, options: CaptureOptions): void {
      captures.push(inNetworkNamespace(path, () => openCapture(options)));
    },

    /** Sends an ICMP message from the router to the near host, as it is. */
    forge(message: Uint8Array): void {
      inNetworkNamespace(pair.router, () => {
        const [AF_INET, SOCK_RAW, IPPROTO_ICMP] = [2, 3, 1];
        const fd = libc().socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
        const memory = allocate(2048);
        libc().connect(fd, memory.address, writeSockaddr(memory, 0, endpoint(near, 0)));
        memory.bytes.set(message);
        assert.equal(libc().send(fd, memory.address, message.length, 0), message.length);
        libc().close(fd);
      });
    },

    async close(): Promise<void> {
      for (const capture of captures) capture.close();
      await net.close();
      pair.remove();
    },
  };
}
