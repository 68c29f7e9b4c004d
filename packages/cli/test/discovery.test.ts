// A discovery on this machine's own sockets: agent and server are two ends of loopback, with no NAT between.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { DiscoveryReport } from '@pinhole/nat';
import { createNet, linuxNetAvailable, type Net, type NetKind } from '@pinhole/net';
import { startTraversalServer, type TraversalServer } from '@pinhole/traversal';
import { ip } from '@pinhole/wire';
import { pino } from 'pino';
import { discover, secret } from './discoverer.ts';

const isLinux = linuxNetAvailable().available;
const addresses = ['127.0.0.1', '127.0.0.2'].map(ip);

async function freePort(net: Net): Promise<number> {
  const socket = await net.udp.open(
    { local: { address: ip('0.0.0.0'), port: 0 } },
    { onDatagrams: () => undefined },
  );
  socket.close();
  return socket.local.port;
}

for (const kind of ['node', 'linux'] as const satisfies NetKind[]) {
  describe(`a discovery on ${kind} sockets`, { skip: kind === 'linux' && !isLinux }, () => {
    const { net } = createNet(kind);
    let server: TraversalServer;
    let report: DiscoveryReport;

    before(async () => {
      const ports = [await freePort(net), await freePort(net)];
      const log = pino({ level: 'silent' });
      server = await startTraversalServer({ net, log, secret, addresses, ports, silentPort: 0 });
      const found = await discover(net, 0, {
        serverAddress: addresses[0]!,
        serverPorts: ports,
        registered: null,
        localAddresses: addresses,
        keepAlives: { heldForMs: 600_000, lostAfterMs: [] },
      });
      assert.ok(found !== null);
      report = found;
    });

    after(async () => {
      server.close();
      await net.close();
    });

    it('finds no NAT, and nothing that filters', () => {
      for (const found of [report.udp, report.tcp]) {
        assert.equal(found.reachable.value, 'yes');
        assert.equal(found.translated.value, 'no');
        assert.equal(found.mapping.value, 'endpoint-independent');
        assert.equal(found.filtering.value, 'endpoint-independent');
        assert.deepEqual(found.allocation.value, { kind: 'preserving' });
        assert.equal(found.hairpinning.value, 'yes');
      }
      assert.equal(report.udp.poisonable.value, 'no');
      assert.equal(report.tcp.unsolicitedSyn.value, 'admitted');
    });

    it('opens a connection from both ends at once', { skip: !isLinux }, () => {
      assert.equal(report.tcp.simultaneousOpen.value, 'yes', JSON.stringify(report.tcp.simultaneousOpen));
    });
  });
}
