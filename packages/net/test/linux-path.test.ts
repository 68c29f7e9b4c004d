// What only a way through a router shows: errors that come back from it, and what TTL, DSCP and MTU do on it.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import {
  addressBytes,
  decodeIcmpExtension,
  type Endpoint,
  encodeTimeExceeded,
  endpoint,
  ip,
  type MplsLabel,
} from '@pinhole/wire';
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
  Net,
  RawIcmpReport,
  TcpConnection,
  TcpIcmpReport,
  TcpTransmitStamp,
} from '../src/types.ts';
import {
  far,
  far6,
  farMtu,
  inside,
  namespaces,
  near,
  near6,
  nearRouter,
  nearRouter6,
  type RoutedPair,
  routedPair,
} from './namespaces.ts';
import { eventually } from './suite/subject.ts';

const any = endpoint('0.0.0.0', 0);
const service = endpoint(far, 443);
const nobody = endpoint('192.0.2.1', 443);
const label: MplsLabel = { label: 24_000, trafficClass: 3, bottom: true, ttl: 1 };

describe('on the way through a router', { skip: !namespaces }, () => {
  let net: Net;
  let pair: RoutedPair;
  const captures: Capture[] = [];

  beforeEach(() => {
    net = createLinuxNet();
    pair = routedPair();
  });
  afterEach(async () => {
    for (const capture of captures.splice(0)) capture.close();
    await net.close();
    pair.remove();
  });

  async function openUdp(local: Endpoint, options: { dontFragment?: boolean } = {}) {
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
  }

  function connect(options: Omit<ConnectOptions, 'timeoutMs'> & { timeoutMs?: number }) {
    return inNetworkNamespace(pair.near, () => net.tcp.connect({ timeoutMs: 10_000, ...options }));
  }

  /** Accepts at the far end; what is written there comes back. */
  async function serve(options: { dscp?: number } = {}): Promise<TcpConnection[]> {
    const accepted: TcpConnection[] = [];
    await inNetworkNamespace(pair.far, () =>
      net.tcp.listen({ local: { address: ip('0.0.0.0'), port: service.port }, ...options }, (connection) => {
        accepted.push(connection);
        connection.start({ onData: (data) => void connection.write(data), onClose: () => undefined });
      }),
    );
    return accepted;
  }

  async function openIcmp() {
    const reports: RawIcmpReport[] = [];
    const socket = await inNetworkNamespace(pair.near, () =>
      net.icmp.open({ onError: (report) => reports.push(report) }),
    );
    return { socket, reports };
  }

  function captureAt(path: string, options: CaptureOptions): void {
    captures.push(inNetworkNamespace(path, () => openCapture(options)));
  }

  /** Sends an ICMP message from the router to the near host, as it is. */
  function forge(message: Uint8Array): void {
    inNetworkNamespace(pair.router, () => {
      const [AF_INET, SOCK_RAW, IPPROTO_ICMP] = [2, 3, 1];
      const fd = libc().socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
      const memory = allocate(2048);
      libc().connect(fd, memory.address, writeSockaddr(memory, 0, endpoint(near, 0)));
      memory.bytes.set(message);
      assert.equal(libc().send(fd, memory.address, message.length, 0), message.length);
      libc().close(fd);
    });
  }

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

  it("a datagram whose TTL ends there is reported, with what was left of the report's own", async () => {
    const { socket, reports } = await openUdp(any);
    socket.send({ data: Uint8Array.of(7, 8, 9), to: service, ttl: 1 });
    await eventually(net, 'the report', () => reports.length === 1);
    const { to, offender, icmpType, icmpCode, ttl, quoted, extension } = reports[0]!;
    assert.deepEqual([to, offender, icmpType, icmpCode, ttl], [service, nearRouter, 11, 0, 64]);
    assert.deepEqual([[...quoted], extension], [[7, 8, 9], null]);
  });

  for (const announced of [true, false]) {
    it(`labels come as an extension, ${announced ? 'announced' : 'not announced'}; the quote ends before it`, async () => {
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

  it('what may not be fragmented is reported with the MTU, and leaves all the same the next time', async () => {
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

  it('an attempt to connect whose TTL ends there hears of it, and goes on', async () => {
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

  it('one that is cut short by that is made again, from the same port', async () => {
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

  it('one that does not listen for that is told unreachable, as any program', async () => {
    await serve();
    const outcome = await connect({ remote: service, ttl: 1 });
    assert.equal(!outcome.connected && outcome.reason, 'unreachable');
  });

  it('labels are told to an attempt to connect as well', async () => {
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

  it('an attempt to where no route leads hears of that, and ends', async () => {
    const reports: TcpIcmpReport[] = [];
    const outcome = await connect({ remote: nobody, onIcmp: (report) => reports.push(report) });
    assert.equal(!outcome.connected && outcome.reason, 'unreachable');
    assert.deepEqual(
      reports.map(({ offender, icmpType, icmpCode }) => [offender, icmpType, icmpCode]),
      [[nearRouter, 3, 0]],
    );
  });

  it('a TTL for the attempt does not stay with the connection', async () => {
    const accepted = await serve();
    const outcome = await connect({ remote: service, ttl: 2 });
    assert.ok(outcome.connected);
    const ttls: number[] = [];
    captureAt(pair.far, { handler: (packet, _atNs, outgoing) => void (outgoing || ttls.push(packet[8]!)) });
    outcome.connection.write(Uint8Array.of(1));
    await eventually(net, 'the octet', () => accepted.length === 1 && ttls.length > 0);
    assert.ok(ttls.includes(63), `${ttls}`);
  });

  it('a connection is traced by writes with a TTL, and its stream stays whole', async () => {
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

  it('DSCP is of the connection, of both ends, and changes with the next segment', async () => {
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

  it('raw ICMP hears of both families, and of nothing that is no error', async () => {
    const { reports } = await openIcmp();
    const [over4, over6] = [await openUdp(any), await openUdp(endpoint('::', 0))];
    // An echo request, and an error that quotes nothing.
    forge(Uint8Array.of(8, 0, 0xf7, 0xff, 0, 0, 0, 0));
    forge(Uint8Array.of(11, 0, 0xf4, 0xff, 0, 0, 0, 0));
    over4.socket.send({ data: Uint8Array.of(1), to: service, ttl: 1 });
    const to = endpoint(far6, 443);
    await eventually(net, 'a way over IPv6', () => {
      over6.socket.send({ data: Uint8Array.of(1), to, ttl: 1 });
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
    assert.deepEqual(first(6).error.quoted.destination, to);
    await eventually(net, 'the report to the socket', () => over6.reports.length > 0);
    const { offender, ttl, icmpType, extension } = over6.reports[0]!;
    assert.deepEqual([offender, ttl, icmpType, extension], [nearRouter6, 64, 3, null]);
  });

  it('a connection over IPv6 has its TTL, its stamps and its sequence numbers as well', async () => {
    const { reports } = await openIcmp();
    const remote = endpoint(far6, 443);
    await inNetworkNamespace(pair.far, () =>
      net.tcp.listen({ local: endpoint('::', remote.port) }, (connection) =>
        connection.start({ onData: (data) => void connection.write(data), onClose: () => undefined }),
      ),
    );
    const outcome = await connect({ remote });
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
