// What a program measures by connections: stamps, options of packets, and what the kernel knows.

import assert from 'node:assert/strict';
import type { TcpConnection } from '../../src/types.ts';
import { eventually, pause, type Subject, testsOf } from './subject.ts';
import { connected, loopback, pair, Recorder } from './tcp-scene.ts';

/** The kernel stamps by another clock, and to convert from one to the other takes longer on a busy machine. */
const CONVERSION_NS = 20_000;

export function describeTcpMeasuring(subject: Subject): void {
  const test = testsOf(subject);

  test('arrival times are in order, after the writing and before the handler', async (net, world) => {
    const { client, serverRecorder } = await pair(net, world);
    const wroteAtNs: number[] = [];
    for (let i = 0; i < 20; i++) {
      wroteAtNs.push(net.clock.monotonicNs());
      client.write(Uint8Array.of(i));
      await eventually(net, 'the octet', () => serverRecorder.received === i + 1);
      const atNs = serverRecorder.receivedAtNs[i]!;
      assert.ok(atNs >= wroteAtNs[i]! - CONVERSION_NS, 'after the writing');
      assert.ok(atNs <= net.clock.monotonicNs(), 'before the handler');
      if (i > 0) assert.ok(atNs > serverRecorder.receivedAtNs[i - 1]!, 'in order');
    }
  });

  test('what came before start has its own arrival time', async (net, world) => {
    if (!net.tcp.features.receiveStamps) return;
    const accepted: TcpConnection[] = [];
    const listener = await net.tcp.listen({ local: loopback(world) }, (connection) =>
      accepted.push(connection),
    );
    const client = await connected(net, { remote: listener.local });
    client.write(Uint8Array.of(1));
    await pause(net, 200);
    const startedAtNs = net.clock.monotonicNs();
    const recorder = new Recorder();
    accepted[0]!.start(recorder);
    await eventually(net, 'the octet', () => recorder.received === 1);
    assert.ok(recorder.receivedAtNs[0]! < startedAtNs - 50e6, 'not the moment of waking');
  });

  test('transmit stamps come for the writes that asked, and only for those; ids count up', async (net, world) => {
    const { client, clientRecorder, serverRecorder } = await pair(net, world);
    const stamped: { id: number; atNs: number }[] = [];
    for (let i = 0; i < 12; i++) {
      const stamp = i % 3 === 1;
      const atNs = net.clock.monotonicNs();
      const id = client.write(new Uint8Array(i + 1), { stamp });
      assert.equal(id, i);
      if (stamp) stamped.push({ id, atNs });
      await eventually(net, 'the arrival', () => serverRecorder.received === ((i + 1) * (i + 2)) / 2);
    }
    const expected = net.tcp.features.transmitStamps ? stamped : [];
    await eventually(net, 'all stamps', () => clientRecorder.stamps.length >= expected.length);
    await pause(net, 20);
    assert.deepEqual(
      clientRecorder.stamps.map(({ id, sequence }) => [id, sequence]),
      expected.map(({ id }) => [id, null]),
    );
    clientRecorder.stamps.forEach(({ id, atNs }, i) => {
      assert.ok(atNs >= expected[i]!.atNs - CONVERSION_NS, 'not before the write');
      assert.ok(atNs <= serverRecorder.receivedAtNs[id]! + CONVERSION_NS, 'not after the arrival');
    });
  });

  test('a write of one megabyte, and what is queued behind it, have one stamp each', async (net, world) => {
    if (!net.tcp.features.transmitStamps) return;
    const { client, clientRecorder, serverRecorder } = await pair(net, world);
    const payload = net.random.bytes(1 << 20);
    const ids = [
      client.write(payload, { stamp: true }),
      client.write(Uint8Array.of(1)),
      client.write(Uint8Array.of(2), { stamp: true }),
    ];
    await eventually(net, 'the arrival', () => serverRecorder.received === payload.length + 2);
    await eventually(net, 'both stamps', () => clientRecorder.stamps.length >= 2);
    await pause(net, 20);
    assert.deepEqual(
      clientRecorder.stamps.map(({ id }) => id),
      [ids[0], ids[2]],
    );
    assert.ok(clientRecorder.stamps[0]!.atNs <= clientRecorder.stamps[1]!.atNs);
  });

  test('writes with a TTL keep their place in the stream, and tell their sequence numbers', async (net, world) => {
    const { client, clientRecorder, serverRecorder } = await pair(net, world);
    const payload = net.random.bytes(500_000);
    client.write(payload);
    const ids = [40, 41, 42].map((ttl) => client.write(Uint8Array.of(ttl), { ttl, stamp: true }));
    client.write(Uint8Array.of(9, 9));
    await eventually(net, 'all octets', () => serverRecorder.received === payload.length + 5);
    assert.ok(serverRecorder.all().equals(Buffer.concat([payload, Uint8Array.of(40, 41, 42, 9, 9)])));
    if (!net.tcp.features.packetOptions) return;
    await eventually(net, 'all stamps', () => clientRecorder.stamps.length >= 3);
    const [first, ...others] = clientRecorder.stamps;
    assert.deepEqual(
      clientRecorder.stamps.map(({ id }) => id),
      ids,
    );
    assert.notEqual(first!.sequence, null);
    assert.deepEqual(
      others.map(({ sequence }) => sequence),
      [1, 2].map((offset) => (first!.sequence! + offset) % 2 ** 32),
    );
  });

  test('info tells round trips and what was acknowledged, while the connection is there', async (net, world) => {
    const { client, clientRecorder, serverRecorder } = await pair(net, world);
    client.write(new Uint8Array(10_000));
    await eventually(net, 'the arrival', () => serverRecorder.received === 10_000);
    if (net.tcp.features.info) {
      await eventually(net, 'the acknowledgement', () => client.info()?.acknowledgedBytes === 10_000);
      const info = client.info()!;
      assert.equal(info.retransmissions, 0);
      assert.ok(info.leastRoundTripNs! > 0 && info.leastRoundTripNs! < 10e9);
      assert.ok(info.roundTripNs > 0 && info.roundTripVariationNs > 0);
      assert.ok(info.mss > 500 && info.pathMtu! > info.mss);
    } else assert.equal(client.info(), null);
    client.reset();
    assert.equal(client.info(), null);
    await eventually(net, 'the close', () => clientRecorder.closed.length === 1);
  });

  test('mss bounds the segments, of what connects and of what is accepted', async (net, world) => {
    if (!net.tcp.features.packetOptions) return;
    const accepted: TcpConnection[] = [];
    const listener = await net.tcp.listen({ local: loopback(world), mss: 700 }, (connection) =>
      accepted.push(connection),
    );
    const [bounded, free] = [
      await connected(net, { remote: listener.local, mss: 600 }),
      await connected(net, { remote: listener.local }),
    ];
    await eventually(net, 'the accepts', () => accepted.length === 2);
    assert.ok(bounded.info()!.mss <= 600);
    const server = accepted.find(({ remote }) => remote.port === free.local.port)!;
    assert.ok(server.info()!.mss <= 700);
    const recorder = new Recorder();
    server.start(recorder);
    const payload = net.random.bytes(5000);
    free.write(payload);
    await eventually(net, 'the arrival', () => recorder.received === 5000);
    assert.ok(recorder.all().equals(payload));
  });
}
