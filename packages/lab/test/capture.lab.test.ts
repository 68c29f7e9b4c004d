import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildLab } from '../src/lab.ts';

/** Sends that many datagrams to a closed port and, by the last's port unreachable, knows that all have arrived. */
function sender(count: number, to: string): string[] {
  return [
    '-e',
    `const socket = require('dgram').createSocket('udp4');
    let sent = 0;
    socket.on('error', () => process.exit(0));
    const burst = () => {
      for (let i = 0; i < 20 && sent < ${count}; i++, sent++) socket.send(Buffer.alloc(100), 9, '${to}');
      if (sent < ${count}) setTimeout(burst, 5); else setTimeout(() => socket.close(), 200);
    };
    burst();`,
  ];
}

test('a datagram and the error it meets are seen in every place they pass, with TTL and translation', async () => {
  const lab = await buildLab({ sites: [{ name: 'a', nat: 'eim-apdf' }] }, { verify: false });
  try {
    const site = lab.sites.get('a')!;
    const host = site.hosts[0]!;
    const places = [host, site.nat!, site.router, lab.core, lab.server];
    const captures = await Promise.all(places.map((place) => place.capture()));
    await host.run(process.execPath, sender(1, lab.server.addresses[0]!));
    const results = await Promise.all(captures.map((capture) => capture.stop()));

    const datagrams = results.flatMap(({ packets }) => packets.filter(({ protocol }) => protocol === 'udp'));
    assert.deepEqual(
      datagrams.map(({ interfaceName, outgoing, source, ttl }) => [interfaceName, outgoing, source, ttl]),
      [
        ['eth0', true, '10.1.0.2', 64],
        ['lan', false, '10.1.0.2', 64],
        ['wan', true, '198.51.100.2', 63],
        ['site', false, '198.51.100.2', 63],
        ['core', true, '198.51.100.2', 62],
        ['router-a', false, '198.51.100.2', 62],
        ['server', true, '198.51.100.2', 61],
        ['eth0', false, '198.51.100.2', 61],
      ],
    );
    assert.ok(datagrams.every(({ length, destinationPort }) => length === 128 && destinationPort === 9));
    const stamps = datagrams.map(({ atNs }) => atNs);
    assert.deepEqual(
      stamps,
      [...stamps].sort((a, b) => a - b),
    );

    const errors = results[0]!.packets.filter(({ protocol }) => protocol === 'icmp');
    assert.deepEqual(
      errors.map(({ source, icmpType, icmpCode, outgoing }) => [source, icmpType, icmpCode, outgoing]),
      [['192.0.2.10', 3, 3, false]],
    );
  } finally {
    await lab.close();
  }
});

test('no packet is dropped at 4000 a second, and the filter chooses', async () => {
  const lab = await buildLab({ sites: [{ name: 'a', nat: 'eim-eif' }] }, { verify: false });
  try {
    const count = 8000;
    const capture = await lab.core.capture(
      ({ protocol, interfaceName }) => protocol === 'udp' && interfaceName === 'server',
    );
    await lab.sites.get('a')!.hosts[0]!.run(process.execPath, sender(count, lab.server.addresses[1]!));
    const { packets, dropped } = await capture.stop();
    assert.equal(dropped, 0);
    assert.equal(packets.length, count);
  } finally {
    await lab.close();
  }
});
