// What only a way through a router shows of TCP: errors that come back from it, and what TTL and DSCP do on it.

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { decodeIcmpExtension, encodeTimeExceeded, endpoint } from '@pinhole/wire';
import type { TcpIcmpReport, TcpTransmitStamp } from '../src/types.ts';
import { far, inside, namespaces, nearRouter } from './namespaces.ts';
import { label, service, service6, test } from './routed-scene.ts';
import { eventually } from './suite/subject.ts';

const nobody = endpoint('192.0.2.1', 443);

describe('TCP on the way through a router', { skip: !namespaces }, () => {
  test('an attempt to connect whose TTL ends there hears of it, and goes on', async ({ connect, serve }) => {
    await serve();
    const reports: TcpIcmpReport[] = [];
    const outcome = await connect({
      remote: service,
      ttl: 1,
      timeoutMs: 700,
      onIcmp: (report) => reports.push(report),
    });
    assert.equal(!outcome.connected && outcome.reason, 'timeout');
    assert.equal(reports.length, 1);
    const { offender, icmpType, icmpCode, ttl, extension } = reports[0]!;
    assert.deepEqual([offender, icmpType, icmpCode, ttl, extension], [nearRouter, 11, 0, 64, null]);
  });

  test('one that is cut short by that is made again, from the same port', async ({
    pair,
    serve,
    captureAt,
    forge,
  }) => {
    pair.mute();
    const ports: number[] = [];
    captureAt(pair.router, {
      interfaceName: 'near',
      handler(packet) {
        if (packet[9] !== 6 || packet[33] !== 2) return;
        ports.push(Buffer.from(packet).readUInt16BE(20));
        if (ports.length > 1) return;
        forge(encodeTimeExceeded(packet));
        pair.unmute();
      },
    });
    await serve();
    // A program of its own: what is made again must find its network namespace.
    const { stdout } = await inside(
      pair.near,
      `const reports = [];
      const remote = { address: '${far}', port: ${service.port} };
      const { connected } = await net.tcp.connect({ remote, timeoutMs: 20000, onIcmp: (report) => reports.push(report) });
      console.log(connected, reports.length, reports[0].offender);`,
    );
    assert.equal(stdout, `true 1 ${nearRouter}\n`);
    assert.ok(ports.length >= 2);
    assert.deepEqual(new Set(ports).size, 1);
  });

  test('one that does not listen for that is told unreachable, as any program', async ({
    connect,
    serve,
  }) => {
    await serve();
    const outcome = await connect({ remote: service, ttl: 1 });
    assert.equal(!outcome.connected && outcome.reason, 'unreachable');
  });

  test('labels are told to an attempt to connect as well', async ({ pair, connect, captureAt, forge }) => {
    const reports: TcpIcmpReport[] = [];
    pair.mute();
    let forged = false;
    captureAt(pair.router, {
      interfaceName: 'near',
      handler(packet) {
        if (packet[9] === 6 && !forged) forge(encodeTimeExceeded(packet, { mpls: [label] }));
        forged ||= packet[9] === 6;
      },
    });
    const outcome = await connect({
      remote: service,
      timeoutMs: 700,
      onIcmp: (report) => reports.push(report),
    });
    assert.equal(!outcome.connected && outcome.reason, 'timeout');
    assert.equal(reports.length, 1);
    const decoded = decodeIcmpExtension(reports[0]!.extension!);
    assert.deepEqual(decoded.ok && decoded.value, { mpls: [label] });
  });

  test('an attempt to where no route leads hears of that, and ends', async ({ connect }) => {
    const reports: TcpIcmpReport[] = [];
    const outcome = await connect({ remote: nobody, onIcmp: (report) => reports.push(report) });
    assert.equal(!outcome.connected && outcome.reason, 'unreachable');
    assert.deepEqual(
      reports.map(({ offender, icmpType, icmpCode }) => [offender, icmpType, icmpCode]),
      [[nearRouter, 3, 0]],
    );
  });

  test('a TTL for the attempt does not stay with the connection', async ({
    net,
    pair,
    connect,
    serve,
    captureAt,
  }) => {
    const accepted = await serve();
    const outcome = await connect({ remote: service, ttl: 2 });
    assert.ok(outcome.connected);
    const ttls: number[] = [];
    captureAt(pair.far, { handler: (packet, _atNs, outgoing) => void (outgoing || ttls.push(packet[8]!)) });
    outcome.connection.write(Uint8Array.of(1));
    await eventually(net, 'the octet', () => accepted.length === 1 && ttls.length > 0);
    assert.ok(ttls.includes(63), `${ttls}`);
  });

  test('a connection is traced by writes with a TTL, and its stream stays whole', async ({
    net,
    connect,
    serve,
    openIcmp,
  }) => {
    await serve();
    const { reports } = await openIcmp();
    const outcome = await connect({ remote: service });
    assert.ok(outcome.connected);
    const { connection } = outcome;
    const stamps: TcpTransmitStamp[] = [];
    const echoed: number[] = [];
    connection.start({
      onData: (data) => echoed.push(...data),
      onTransmitted: (stamp) => stamps.push(stamp),
      onClose: () => undefined,
    });
    connection.write(Uint8Array.of(0));
    await eventually(net, 'the first echo', () => echoed.length === 1);
    const ids = [1, 2, 1].map((ttl, i) => connection.write(Uint8Array.of(i + 1), { ttl, stamp: true }));
    await eventually(net, 'all echoes', () => echoed.length === 4);
    assert.deepEqual(echoed, [0, 1, 2, 3]);
    await eventually(net, 'the stamps', () => stamps.length === 3);
    assert.deepEqual(
      stamps.map(({ id }) => id),
      ids,
    );
    await eventually(net, 'both errors', () => reports.length === 2);
    assert.deepEqual(
      reports.map(({ from, error }) => [from, error.type, error.quoted.ttl]),
      [nearRouter, nearRouter].map((router) => [router, 11, 1]),
    );
    for (const [i, stamp] of [stamps[0]!, stamps[2]!].entries()) {
      const { receivedAtNs, error } = reports[i]!;
      assert.deepEqual(error.quoted, {
        protocol: 'tcp',
        source: connection.local,
        destination: service,
        ttl: 1,
        dscp: 0,
        tcpSequence: stamp.sequence,
      });
      assert.ok(receivedAtNs > stamp.atNs - 20_000);
    }
    assert.ok(connection.info()!.retransmissions >= 2);
  });

  test('DSCP is of the connection, of both ends, and changes with the next segment', async ({
    net,
    pair,
    connect,
    serve,
    captureAt,
  }) => {
    const accepted = await serve({ dscp: 10 });
    const seen: { outgoing: boolean; dscp: number; isSyn: boolean }[] = [];
    captureAt(pair.far, {
      handler(packet, _atNs, outgoing) {
        if (packet[9] === 6) seen.push({ outgoing, dscp: packet[1]! >> 2, isSyn: (packet[33]! & 2) !== 0 });
      },
    });
    const outcome = await connect({ remote: service, dscp: 46 });
    assert.ok(outcome.connected);
    const { connection } = outcome;
    let echoed = 0;
    connection.start({
      onData(data) {
        echoed += data.length;
      },
      onClose: () => undefined,
    });
    connection.write(Uint8Array.of(1));
    await eventually(net, 'the echo', () => echoed === 1);
    const dscpsOf = (outgoing: boolean) => [
      ...new Set(seen.filter((each) => each.outgoing === outgoing).map(({ dscp }) => dscp)),
    ];
    await eventually(net, 'both ways', () => dscpsOf(true).includes(10) && dscpsOf(false).includes(46));
    assert.ok(seen.some(({ isSyn, dscp, outgoing }) => isSyn && dscp === 46 && !outgoing));
    connection.setDscp(0);
    accepted[0]!.setDscp(34);
    connection.write(Uint8Array.of(2));
    await eventually(net, 'the change', () => dscpsOf(true).includes(34) && dscpsOf(false).includes(0));
  });

  test('a connection over IPv6 has its TTL, its stamps and its sequence numbers as well', async ({
    net,
    connect,
    serve,
    openIcmp,
  }) => {
    const { reports } = await openIcmp();
    await serve({ local: endpoint('::', service6.port) });
    const outcome = await connect({ remote: service6 });
    assert.ok(outcome.connected, JSON.stringify(outcome));
    const stamps: TcpTransmitStamp[] = [];
    let echoed = 0;
    outcome.connection.start({
      onData(data) {
        echoed += data.length;
      },
      onTransmitted: (stamp) => stamps.push(stamp),
      onClose: () => undefined,
    });
    outcome.connection.write(Uint8Array.of(1), { ttl: 1, stamp: true });
    await eventually(net, 'the echo', () => echoed === 1);
    await eventually(net, 'stamp and error', () => stamps.length === 1 && reports.length > 0);
    const { quoted } = reports[0]!.error;
    assert.equal(quoted.protocol === 'tcp' && quoted.tcpSequence, stamps[0]!.sequence);
  });
});
