import assert from 'node:assert/strict';
import { addressFamily } from '@pinhole/wire';
import { type RawIcmpReport, SocketError } from '../../src/types.ts';
import { eventually, pause, type Subject, testsOf } from './subject.ts';

export function describeIcmp(subject: Subject): void {
  const test = testsOf(subject);

  test('it opens where it is available, and says why where it is not', async (net) => {
    const attempt = net.icmp.open({ onError: () => undefined });
    if (net.icmp.available()) (await attempt).close();
    else {
      await assert.rejects(attempt, (error) => {
        return error instanceof SocketError && ['not-permitted', 'not-supported'].includes(error.code);
      });
    }
  });

  test('a closed UDP port is reported, with the datagram that met it', async (net, world) => {
    if (!net.icmp.available()) return;
    const address = world.loopbacks[0]!;
    const nobody = { onDatagrams: () => undefined };
    const closed = await net.udp.open({ local: { address, port: 0 } }, nobody);
    closed.close();
    const sender = await net.udp.open({ local: { address, port: 0 } }, nobody);
    const reports: RawIcmpReport[] = [];
    const socket = await net.icmp.open({ onError: (report) => reports.push(report) });
    // Others' errors come as well, on a real machine.
    const ours = () => reports.filter(({ error }) => error.quoted.source.port === sender.local.port);
    const outcome = sender.send({ data: new Uint8Array(50), to: closed.local });
    assert.ok(outcome.sent);
    await eventually(net, 'the error', () => ours().length > 0);
    const { from, ttl, receivedAtNs, error } = ours()[0]!;
    assert.deepEqual([from, ttl], [address, 64]);
    assert.ok(receivedAtNs >= outcome.atNs - 100_000 && receivedAtNs <= net.clock.monotonicNs());
    const { type, code, mtu, quoted, extensions } = error;
    assert.deepEqual([type, code, mtu, extensions], [3, 3, 0, { mpls: [] }]);
    assert.equal(addressFamily(from), error.family);
    assert.deepEqual(quoted, {
      protocol: 'udp',
      source: sender.local,
      destination: closed.local,
      ttl: 64,
      dscp: 0,
      udpLength: 58,
    });
    socket.close();
    socket.close();
    sender.send({ data: new Uint8Array(50), to: closed.local });
    await pause(net, 50);
    assert.equal(ours().length, 1);
  });
}
