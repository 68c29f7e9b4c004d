// What only a way through a router shows of datagrams and of raw ICMP: errors that come back, and what TTL and MTU do.

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import {
  addressBytes,
  decodeIcmpExtension,
  type Endpoint,
  encodeTimeExceeded,
  endpoint,
} from '@pinhole/wire';
import { farMtu, namespaces, near, near6, nearRouter, nearRouter6 } from './namespaces.ts';
import { any, label, service, service6, test } from './routed-scene.ts';
import { eventually } from './suite/subject.ts';

describe('datagrams on the way through a router', { skip: !namespaces }, () => {
  test("a datagram whose TTL ends there is reported, with what was left of the report's own", async ({
    net,
    openUdp,
  }) => {
    const { socket, reports } = await openUdp(any);
    socket.send({ data: Uint8Array.of(7, 8, 9), to: service, ttl: 1 });
    await eventually(net, 'the report', () => reports.length === 1);
    const { to, offender, icmpType, icmpCode, ttl, quoted, extension } = reports[0]!;
    assert.deepEqual([to, offender, icmpType, icmpCode, ttl], [service, nearRouter, 11, 0, 64]);
    assert.deepEqual([[...quoted], extension], [[7, 8, 9], null]);
  });

  for (const announced of [true, false]) {
    test(`labels come as an extension, ${announced ? 'announced' : 'not announced'}; the quote ends before it`, async ({
      net,
      openUdp,
      forge,
    }) => {
      const { socket, reports } = await openUdp(endpoint(near, 5000));
      // With the headers of IP and UDP 128 octets, which is where an extension that is not announced begins.
      const payload = net.random.bytes(100);
      const message = Buffer.from(
        encodeTimeExceeded(packetOf(17, socket.local, service, payload), { mpls: [label] }),
      );
      if (!announced) {
        // Without its length, and with the checksum made right for that.
        const sum = (message.readUInt16BE(2) + message[5]!) % 0xffff;
        message[5] = 0;
        message.writeUInt16BE(sum, 2);
      }
      forge(message);
      await eventually(net, 'the report', () => reports.length === 1);
      const { offender, icmpType, quoted, extension } = reports[0]!;
      assert.deepEqual([offender, icmpType], [nearRouter, 11]);
      const decoded = decodeIcmpExtension(extension!);
      assert.deepEqual(decoded.ok && decoded.value, { mpls: [label] });
      assert.deepEqual(Buffer.from(quoted), Buffer.from(payload));
    });
  }

  test('what may not be fragmented is reported with the MTU, and leaves all the same the next time', async ({
    net,
    openUdp,
  }) => {
    const { socket, reports } = await openUdp(any, { dontFragment: true });
    const data = new Uint8Array(1400 - 28);
    for (let sent = 1; sent <= 2; sent++) {
      assert.ok(socket.send({ data, to: service }).sent);
      await eventually(net, 'the report', () => reports.length === sent);
      const { icmpType, icmpCode, mtu, offender } = reports[sent - 1]!;
      assert.deepEqual([icmpType, icmpCode, mtu, offender], [3, 4, farMtu, nearRouter]);
    }
    const outcome = socket.send({ data: new Uint8Array(1501 - 28), to: service });
    assert.deepEqual(outcome, { sent: false, reason: 'too-big' });
  });

  test('raw ICMP hears of both families, and of nothing that is no error', async ({
    net,
    openUdp,
    openIcmp,
    forge,
  }) => {
    const { reports } = await openIcmp();
    const [over4, over6] = [await openUdp(any), await openUdp(endpoint('::', 0))];
    // An echo request, and an error that quotes nothing.
    forge(Uint8Array.of(8, 0, 0xf7, 0xff, 0, 0, 0, 0));
    forge(Uint8Array.of(11, 0, 0xf4, 0xff, 0, 0, 0, 0));
    over4.socket.send({ data: Uint8Array.of(1), to: service, ttl: 1 });
    await eventually(net, 'a way over IPv6', () => {
      over6.socket.send({ data: Uint8Array.of(1), to: service6, ttl: 1 });
      return reports.some(({ error }) => error.family === 6);
    });
    const first = (family: 4 | 6) => reports.find(({ error }) => error.family === family)!;
    assert.deepEqual(
      [first(4), first(6)].map(({ from, ttl, error }) => [from, ttl, error.type, error.quoted.ttl]),
      [
        [nearRouter, 64, 11, 1],
        [nearRouter6, 64, 3, 1],
      ],
    );
    assert.deepEqual(first(4).error.quoted.source, { address: near, port: over4.socket.local.port });
    assert.deepEqual(first(6).error.quoted.source, { address: near6, port: over6.socket.local.port });
    assert.deepEqual(first(6).error.quoted.destination, service6);
    await eventually(net, 'the report to the socket', () => over6.reports.length > 0);
    const { offender, ttl, icmpType, extension } = over6.reports[0]!;
    assert.deepEqual([offender, ttl, icmpType, extension], [nearRouter6, 64, 3, null]);
  });
});

/** The beginning of an IPv4 packet of ours, as a router quotes it. */
function packetOf(protocol: number, from: Endpoint, to: Endpoint, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(28 + payload.length);
  bytes.set([0x45, 0], 0);
  bytes.writeUInt16BE(bytes.length, 2);
  bytes.set([1, protocol], 8);
  bytes.set(addressBytes(from.address), 12);
  bytes.set(addressBytes(to.address), 16);
  bytes.writeUInt16BE(from.port, 20);
  bytes.writeUInt16BE(to.port, 22);
  bytes.writeUInt16BE(8 + payload.length, 24);
  bytes.set(payload, 28);
  return bytes;
}
