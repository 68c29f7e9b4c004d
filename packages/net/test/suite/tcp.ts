import assert from 'node:assert/strict';
import type { TcpConnection } from '../../src/types.ts';
import { eventually, pause, type Subject, testsOf } from './subject.ts';
import { connected, loopback, pair, Recorder } from './tcp-scene.ts';

export function describeTcp(subject: Subject): void {
  const test = testsOf(subject);

  test('both ends of a connection agree on its endpoints', async (net, world) => {
    const { listener, client, server } = await pair(net, world);
    assert.ok(listener.local.port > 0);
    assert.deepEqual(client.remote, listener.local);
    assert.deepEqual(server.local, listener.local);
    assert.deepEqual(server.remote, client.local);
  });

  test('one megabyte comes back as it was sent', async (net, world) => {
    const listener = await net.tcp.listen({ local: loopback(world) }, (connection) =>
      connection.start({
        onData: (data) => connection.write(Uint8Array.from(data)),
        onClose: () => undefined,
      }),
    );
    const connection = await connected(net, { remote: listener.local });
    const recorder = new Recorder();
    connection.start(recorder);
    const payload = net.random.bytes(1 << 20);
    connection.write(payload);
    await eventually(net, 'the echo', () => recorder.received >= payload.length);
    assert.ok(recorder.all().equals(payload));
    assert.equal(connection.bufferedBytes, 0);
  });

  test('what is written after the end, or after a reset, goes nowhere', async (net, world) => {
    const { client, clientRecorder, serverRecorder } = await pair(net, world);
    client.write(Uint8Array.of(1));
    client.end();
    client.write(Uint8Array.of(2));
    await eventually(net, 'the end', () => clientRecorder.closed.length === 1);
    client.write(Uint8Array.of(3), { stamp: true, ttl: 5 });
    client.setDscp(46);
    client.end();
    client.reset();
    await pause(net, 20);
    assert.deepEqual([...serverRecorder.all()], [1]);
    assert.deepEqual(clientRecorder.closed, ['ended']);
    assert.equal(client.bufferedBytes, 0);
  });

  test('a peer that does not read holds the writer back, and ends by a reset', async (net, world) => {
    const accepted: TcpConnection[] = [];
    const listener = await net.tcp.listen({ local: loopback(world) }, (connection) =>
      accepted.push(connection),
    );
    const client = await connected(net, { remote: listener.local });
    const recorder = new Recorder();
    client.start(recorder);
    // More than the buffers of both ends together hold.
    const payload = new Uint8Array(1 << 20);
    for (let i = 0; i < 32; i++) client.write(payload);
    assert.ok(client.bufferedBytes > 0);
    await eventually(net, 'the accept', () => accepted.length === 1);
    accepted[0]!.reset();
    await eventually(net, 'the close', () => recorder.closed.length === 1);
    assert.deepEqual(recorder.closed, ['reset']);
    assert.equal(client.bufferedBytes, 0);
  });

  test('a handler may reset its connection while it is given data', async (net, world) => {
    const accepted: TcpConnection[] = [];
    const listener = await net.tcp.listen({ local: loopback(world) }, (connection) => {
      accepted.push(connection);
      let received = 0;
      connection.start({
        onData: (data) => {
          received += data.length;
          connection.reset();
          assert.ok(received === data.length, 'called again');
        },
        onClose: () => undefined,
      });
    });
    const client = await connected(net, { remote: listener.local });
    const recorder = new Recorder();
    client.start(recorder);
    client.write(new Uint8Array(300_000));
    await eventually(net, 'the close', () => recorder.closed.length === 1);
    assert.deepEqual(recorder.closed, ['reset']);
  });

  test('a connection is started once', async (net, world) => {
    const { client } = await pair(net, world);
    assert.throws(() => client.start(new Recorder()), TypeError);
  });

  test('what came before start is delivered first', async (net, world) => {
    const accepted: TcpConnection[] = [];
    const listener = await net.tcp.listen({ local: loopback(world) }, (connection) =>
      accepted.push(connection),
    );
    const client = await connected(net, { remote: listener.local });
    client.write(Uint8Array.of(1, 2, 3));
    client.end();
    await pause(net, 50);
    const recorder = new Recorder();
    accepted[0]!.start(recorder);
    await eventually(net, 'the end', () => recorder.closed.length > 0);
    assert.deepEqual([...recorder.all()], [1, 2, 3]);
    assert.deepEqual(recorder.closed, ['ended-by-peer']);
  });

  test('end sends what is queued, and each side knows who ended', async (net, world) => {
    const { client, clientRecorder, serverRecorder } = await pair(net, world);
    const payload = net.random.bytes(300_000);
    client.write(payload);
    client.end();
    await eventually(
      net,
      'both ends',
      () => clientRecorder.closed.length + serverRecorder.closed.length === 2,
    );
    assert.ok(serverRecorder.all().equals(payload));
    assert.deepEqual(clientRecorder.closed, ['ended']);
    assert.deepEqual(serverRecorder.closed, ['ended-by-peer']);
  });

  test('reset reaches the peer as reset, and leaves the 4-tuple free', async (net, world) => {
    const { listener, client, clientRecorder, serverRecorder } = await pair(net, world);
    client.reset();
    await eventually(
      net,
      'both ends',
      () => clientRecorder.closed.length + serverRecorder.closed.length === 2,
    );
    assert.deepEqual(clientRecorder.closed, ['reset']);
    assert.deepEqual(serverRecorder.closed, ['reset']);
    const again = await connected(net, { remote: listener.local, local: client.local });
    assert.deepEqual(again.local, client.local);
  });

  test('a port nobody listens on refuses', async (net, world) => {
    const listener = await net.tcp.listen({ local: loopback(world) }, () => undefined);
    listener.close();
    const outcome = await net.tcp.connect({ remote: listener.local, timeoutMs: 10_000 });
    assert.equal(!outcome.connected && outcome.reason, 'refused');
    assert.match(outcome.connected ? '' : outcome.detail, new RegExp(`:${listener.local.port}`));
  });

  test('silence is a timeout, not before its time', async (net, world) => {
    const remote = await world.silentEndpoint();
    const startNs = net.clock.monotonicNs();
    const outcome = await net.tcp.connect({ remote, timeoutMs: 150 });
    assert.equal(!outcome.connected && outcome.reason, 'timeout');
    assert.ok(net.clock.monotonicNs() - startNs >= 150e6);
  });

  test('an abort ends the attempt, also one made before it', async (net, world) => {
    const remote = await world.silentEndpoint();
    const controller = new AbortController();
    const attempt = net.tcp.connect({ remote, timeoutMs: 60_000, signal: controller.signal });
    await pause(net, 10);
    controller.abort();
    const outcome = await attempt;
    assert.equal(!outcome.connected && outcome.reason, 'aborted');
    const late = await net.tcp.connect({ remote, timeoutMs: 60_000, signal: controller.signal });
    assert.equal(!late.connected && late.reason, 'aborted');
  });

  test('a silent listener answers nothing, and meets what comes by a connection of its own', async (net, world) => {
    const accepted: TcpConnection[] = [];
    const silent = await net.tcp.listen(
      { local: loopback(world), reusePort: true, silent: true },
      (connection) => accepted.push(connection),
    );
    const free = await net.tcp.listen({ local: loopback(world), reusePort: true }, () => undefined);
    const options = { reusePort: true, timeoutMs: 10_000 };
    let settled = false;
    const attempt = net.tcp
      .connect({ ...options, local: free.local, remote: silent.local })
      .then((outcome) => {
        settled = true;
        return outcome;
      });
    await pause(net, 100);
    assert.equal(settled, false);
    const back = await net.tcp.connect({ ...options, local: silent.local, remote: free.local });
    const out = await attempt;
    assert.ok(back.connected && out.connected, JSON.stringify([back, out]));
    assert.deepEqual(out.connection.remote, silent.local);
    assert.equal(accepted.length, 0);
  });

  test('silent listeners share a port', async (net, world) => {
    const options = { reusePort: true, silent: true };
    const { local } = await net.tcp.listen({ local: loopback(world), ...options }, () => undefined);
    for (let i = 0; i < 3; i++) await net.tcp.listen({ local, ...options }, () => undefined);
    const attempts = Array.from({ length: 32 }, () => net.tcp.connect({ remote: local, timeoutMs: 200 }));
    const reasons = (await Promise.all(attempts)).map((each) => !each.connected && each.reason);
    assert.deepEqual(new Set(reasons), new Set(['timeout']));
  });

  test('a listener and outgoing connections share a port with reusePort', async (net, world) => {
    const shared = await net.tcp.listen({ local: loopback(world), reusePort: true }, () => undefined);
    const server = await net.tcp.listen({ local: loopback(world) }, () => undefined);
    const out = await connected(net, { remote: server.local, local: shared.local, reusePort: true });
    assert.deepEqual(out.local, shared.local);
    const inward = await connected(net, { remote: shared.local });
    assert.deepEqual(inward.remote, shared.local);
  });

  test('a port that does not share is address-in-use', async (net, world) => {
    const listener = await net.tcp.listen({ local: loopback(world) }, () => undefined);
    await assert.rejects(
      net.tcp.listen({ local: listener.local }, () => undefined),
      {
        name: 'SocketError',
        code: 'address-in-use',
      },
    );
    const server = await net.tcp.listen({ local: loopback(world) }, () => undefined);
    const outcome = await net.tcp.connect({ remote: server.local, local: listener.local, timeoutMs: 5000 });
    assert.equal(!outcome.connected && outcome.reason, 'address-in-use');
  });

  test('connections beyond maxConnections are closed as they come', async (net, world) => {
    const accepted: TcpConnection[] = [];
    const listener = await net.tcp.listen({ local: loopback(world), maxConnections: 2 }, (connection) => {
      accepted.push(connection);
    });
    const recorders = [new Recorder(), new Recorder(), new Recorder()];
    for (const recorder of recorders) {
      const outcome = await net.tcp.connect({ remote: listener.local, timeoutMs: 10_000 });
      if (outcome.connected) outcome.connection.start(recorder);
      else recorder.onClose('reset');
      await pause(net, 20);
    }
    await eventually(net, 'the third to be closed', () => recorders[2]!.closed.length === 1);
    assert.equal(accepted.length, 2);
    assert.deepEqual([recorders[0]!.closed, recorders[1]!.closed], [[], []]);
  });

  test('a closed listener keeps its connections', async (net, world) => {
    const { listener, client, server, serverRecorder } = await pair(net, world);
    listener.close();
    client.write(Uint8Array.of(7));
    await eventually(net, 'the octet', () => serverRecorder.received === 1);
    assert.deepEqual(server.remote, client.local);
  });

  test('closing the net ends listeners, connections and attempts', async (net, world) => {
    const { listener, clientRecorder } = await pair(net, world);
    const remote = await world.silentEndpoint();
    const attempt = net.tcp.connect({ remote, timeoutMs: 60_000 });
    await net.close();
    const outcome = await attempt;
    assert.equal(!outcome.connected && outcome.reason, 'aborted');
    await eventually(net, 'the close', () => clientRecorder.closed.length === 1);
    const late = await net.tcp.connect({ remote: listener.local, timeoutMs: 5000 });
    assert.equal(late.connected, false);
  });
}
