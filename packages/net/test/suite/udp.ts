import assert from 'node:assert/strict';
import { it } from 'node:test';
import { addressFamily, type Endpoint, type IpAddress, ip } from '@pinhole/wire';
import {
  type Datagram,
  type IcmpReport,
  type Net,
  SocketError,
  type TransmitStamp,
  type UdpHandler,
  type UdpSocket,
} from '../../src/types.ts';
import { eventually, pause, type Subject } from './subject.ts';

/** Keeps what it is given, copying what is only lent. */
class Recorder implements UdpHandler {
  readonly datagrams: Datagram[] = [];
  readonly handledAtNs: number[] = [];
  readonly stamps: TransmitStamp[] = [];
  readonly reports: IcmpReport[] = [];
  readonly net: Net;

  constructor(net: Net) {
    this.net = net;
  }
  onDatagrams(batch: readonly Datagram[]): void {
    for (const datagram of batch) {
      this.datagrams.push({ ...datagram, data: Uint8Array.from(datagram.data) });
      this.handledAtNs.push(this.net.clock.monotonicNs());
    }
  }
  onTransmitted(stamp: TransmitStamp): void {
    this.stamps.push(stamp);
  }
  onUnreachable(report: IcmpReport): void {
    this.reports.push({ ...report, quoted: Uint8Array.from(report.quoted) });
  }
  arrived(count: number): Promise<void> {
    return eventually(this.net, `${count} datagrams`, () => this.datagrams.length >= count);
  }
}

/** The kernel stamps by another clock, and to convert from one to the other takes longer on a busy machine. */
const CONVERSION_NS = 20_000;

const octets = (...values: number[]) => Uint8Array.from(values);

export function describeUdp(subject: Subject, loopback: IpAddress): void {
  const any: IpAddress = addressFamily(loopback) === 6 ? ip('::') : ip('0.0.0.0');
  const test = (name: string, program: (net: Net) => Promise<void>) =>
    it(name, async (context) => {
      const world = subject.create();
      try {
        if (!world.loopbacks.includes(loopback)) context.skip(`no ${loopback} here`);
        else await world.run(program(world.net));
      } finally {
        await world.destroy();
      }
    });

  async function open(net: Net, local: Endpoint = { address: loopback, port: 0 }) {
    const recorder = new Recorder(net);
    return { recorder, socket: await net.udp.open({ local }, recorder) };
  }

  /** A port that was free a moment ago. */
  async function closedPort(net: Net): Promise<Endpoint> {
    const { socket } = await open(net);
    socket.close();
    return socket.local;
  }

  const nothing: UdpHandler = { onDatagrams: () => undefined };

  test('port 0 takes a free port and tells which', async (net) => {
    const [a, b] = [await open(net), await open(net)];
    assert.ok(a.socket.local.port > 0);
    assert.notEqual(a.socket.local.port, b.socket.local.port);
    assert.equal(a.socket.local.address, loopback);
  });

  test('datagrams go both ways and name their sender', async (net) => {
    const [a, b] = [await open(net), await open(net)];
    assert.equal(a.socket.send({ data: octets(1, 2), to: b.socket.local }).sent, true);
    await b.recorder.arrived(1);
    assert.deepEqual(b.recorder.datagrams[0]?.data, octets(1, 2));
    assert.deepEqual(b.recorder.datagrams[0]?.from, a.socket.local);
    assert.equal(b.recorder.datagrams[0]?.to, loopback);
    b.socket.send({ data: octets(3), to: b.recorder.datagrams[0]!.from });
    await a.recorder.arrived(1);
    assert.deepEqual(a.recorder.datagrams[0]?.from, b.socket.local);
  });

  test('a batch longer than one system call takes keeps its order, and ids count up', async (net) => {
    const [a, b] = [await open(net), await open(net)];
    const requests = Array.from({ length: 150 }, (_, i) => ({ data: octets(i), to: b.socket.local }));
    const outcomes = a.socket.sendBatch(requests);
    assert.deepEqual(
      outcomes.map((outcome) => outcome.sent && outcome.id),
      requests.map((_, i) => i),
    );
    await b.recorder.arrived(150);
    assert.deepEqual(
      b.recorder.datagrams.map((datagram) => datagram.data[0]),
      requests.map((_, i) => i),
    );
    assert.deepEqual(a.socket.sendBatch([]), []);
  });

  test('datagrams of 0, 1,400 and 20,000 octets arrive whole', async (net) => {
    const [a, b] = [await open(net), await open(net)];
    const payloads = [0, 1400, 20_000].map((length) => net.random.bytes(length));
    a.socket.sendBatch(payloads.map((data) => ({ data, to: b.socket.local })));
    await b.recorder.arrived(3);
    assert.deepEqual(
      b.recorder.datagrams.map((datagram) => datagram.data),
      payloads,
    );
  });

  test('one that no datagram can hold is too big', async (net) => {
    const { socket } = await open(net);
    const outcome = socket.send({ data: new Uint8Array(65_536), to: socket.local });
    assert.deepEqual(outcome, { sent: false, reason: 'too-big' });
  });

  test('the sender may use its octets again at once', async (net) => {
    const [a, b] = [await open(net), await open(net)];
    const data = octets(1);
    a.socket.send({ data, to: b.socket.local });
    data[0] = 2;
    await b.recorder.arrived(1);
    assert.deepEqual(b.recorder.datagrams[0]?.data, octets(1));
  });

  test('arrival times are in order, after the sending and before the handler', async (net) => {
    const [a, b] = [await open(net), await open(net)];
    const sentAtNs: number[] = [];
    for (let i = 0; i < 20; i++) {
      const outcome = a.socket.send({ data: octets(i), to: b.socket.local });
      assert.ok(outcome.sent);
      sentAtNs.push(outcome.atNs);
      await pause(net, 2);
    }
    await b.recorder.arrived(20);
    b.recorder.datagrams.forEach((datagram, i) => {
      assert.ok(datagram.receivedAtNs >= sentAtNs[i]! - CONVERSION_NS, 'after the sending');
      assert.ok(datagram.receivedAtNs <= b.recorder.handledAtNs[i]!, 'before the handler');
      if (i > 0) assert.ok(datagram.receivedAtNs > b.recorder.datagrams[i - 1]!.receivedAtNs, 'in order');
    });
  });

  test('transmit stamps come for the sends that asked, and only for those', async (net) => {
    const [a, b] = [await open(net), await open(net)];
    const stamped: { id: number; atNs: number }[] = [];
    for (let i = 0; i < 12; i++) {
      const stamp = i % 3 === 1;
      const outcome = a.socket.send({ data: octets(i), to: b.socket.local, stamp });
      assert.ok(outcome.sent);
      if (stamp) stamped.push(outcome);
    }
    await b.recorder.arrived(12);
    const expected = net.udp.features.transmitStamps ? stamped : [];
    await eventually(net, 'all stamps', () => a.recorder.stamps.length >= expected.length);
    await pause(net, 20);
    assert.deepEqual(
      a.recorder.stamps.map((stamp) => stamp.id),
      expected.map((outcome) => outcome.id),
    );
    a.recorder.stamps.forEach((stamp, i) => {
      const arrival = b.recorder.datagrams.find((datagram) => datagram.data[0] === 3 * i + 1);
      assert.ok(stamp.atNs >= stamped[i]!.atNs - CONVERSION_NS, 'not before the send');
      assert.ok(stamp.atNs <= arrival!.receivedAtNs + CONVERSION_NS, 'not after the arrival');
    });
  });

  test('transmit stamps keep naming the right datagram after a send that failed', async (net) => {
    const [a, b] = [await open(net), await open(net)];
    // Over IPv4 the kernel refuses it, over IPv6 no socket lets it through.
    const tooBig = new Uint8Array(addressFamily(loopback) === 4 ? 65_520 : 65_536);
    const requests = [octets(0), octets(1), tooBig, octets(3), octets(4)].map((data) => ({
      data,
      to: b.socket.local,
      stamp: data.length !== 1 || data[0] !== 3,
    }));
    const outcomes = a.socket.sendBatch(requests);
    assert.deepEqual(
      outcomes.map((outcome) => outcome.sent),
      [true, true, false, true, true],
    );
    if (!net.udp.features.transmitStamps) return;
    await eventually(net, 'three stamps', () => a.recorder.stamps.length >= 3);
    await b.recorder.arrived(4);
    const stamped = [0, 1, 4].map((value) => ({ value, outcome: outcomes[value]! }));
    assert.deepEqual(
      a.recorder.stamps.map(({ id }) => id),
      stamped.map(({ outcome }) => outcome.sent && outcome.id),
    );
    a.recorder.stamps.forEach(({ atNs }, i) => {
      const { value, outcome } = stamped[i]!;
      const arrival = b.recorder.datagrams.find(({ data }) => data[0] === value)!;
      assert.ok(outcome.sent && atNs >= outcome.atNs - CONVERSION_NS, 'not before the send');
      assert.ok(atNs <= arrival.receivedAtNs + CONVERSION_NS, 'not after the arrival');
      if (i > 0) assert.ok(atNs >= a.recorder.stamps[i - 1]!.atNs, 'in order');
    });
  });

  test('ttl and dscp are carried, where packet options are there', async (net) => {
    const [a, b] = [await open(net), await open(net)];
    a.socket.send({ data: octets(0), to: b.socket.local, ttl: 7, dscp: 46 });
    a.socket.send({ data: octets(1), to: b.socket.local });
    a.socket.send({ data: octets(2), to: b.socket.local, dscp: 10 });
    await b.recorder.arrived(3);
    const seen = b.recorder.datagrams.map(({ ttl, dscp }) => [ttl, dscp]);
    if (net.udp.features.packetOptions) {
      assert.deepEqual(seen, [
        [7, 46],
        [64, 0],
        [64, 10],
      ]);
    } else {
      assert.deepEqual(seen, Array(3).fill([null, null]));
    }
  });

  test('a socket bound to all addresses sends from the one asked for and says where it was reached', async (net) => {
    const [a, b] = [await open(net, { address: any, port: 0 }), await open(net)];
    const to = { address: loopback, port: a.socket.local.port };
    b.socket.send({ data: octets(1), to });
    await a.recorder.arrived(1);
    assert.equal(a.recorder.datagrams[0]!.to, net.udp.features.packetOptions ? loopback : null);
    a.socket.send({ data: octets(2), to: b.socket.local, from: loopback });
    await b.recorder.arrived(1);
    assert.deepEqual(b.recorder.datagrams[0]!.from, to);
  });

  test('a closed port is reported, and the next send still arrives', async (net) => {
    const [a, b] = [await open(net), await open(net)];
    const closed = await closedPort(net);
    assert.ok(a.socket.send({ data: octets(9, 8, 7), to: closed }).sent);
    // Both at once: the first send of the second pair meets the error of the pair before.
    assert.ok(a.socket.send({ data: octets(1), to: b.socket.local }).sent);
    await b.recorder.arrived(1);
    if (net.udp.features.errorQueue) {
      await eventually(net, 'the report', () => a.recorder.reports.length > 0);
      const report = a.recorder.reports[0]!;
      assert.deepEqual(report.to, closed);
      assert.equal(report.offender, loopback);
      assert.deepEqual([report.icmpType, report.icmpCode], addressFamily(loopback) === 6 ? [1, 4] : [3, 3]);
      assert.deepEqual(report.quoted.subarray(0, 3), octets(9, 8, 7));
      assert.ok(report.receivedAtNs <= net.clock.monotonicNs());
      assert.deepEqual([report.ttl, report.extension, report.mtu], [64, null, 0]);
    } else {
      await pause(net, 50);
      assert.deepEqual(a.recorder.reports, []);
    }
    assert.ok(a.socket.send({ data: octets(2), to: b.socket.local }).sent);
    await b.recorder.arrived(2);
  });

  test('a handler may send to a closed port, and again, with its batch unharmed', async (net) => {
    const b = await open(net);
    const closed = await closedPort(net);
    const seen: Uint8Array[] = [];
    let sends = 0;
    const socket: UdpSocket = await net.udp.open(
      { local: { address: loopback, port: 0 } },
      {
        onDatagrams(batch) {
          // The second meets the error of the first, which quotes these octets.
          for (let i = 0; i < 2; i++) {
            if (socket.send({ data: new Uint8Array(64).fill(0xee), to: closed, stamp: true }).sent) sends++;
          }
          seen.push(...batch.map(({ data }) => Uint8Array.from(data)));
        },
      },
    );
    const payloads = Array.from({ length: 40 }, (_, i) => new Uint8Array(64).fill(i));
    b.socket.sendBatch(payloads.map((data) => ({ data, to: socket.local })));
    await eventually(net, 'all datagrams', () => seen.length >= payloads.length);
    assert.deepEqual(seen, payloads);
    assert.ok(sends >= 2);
  });

  test('one closed port among many receivers loses nothing for the others', async (net) => {
    const [a, b] = [await open(net), await open(net)];
    const closed = await closedPort(net);
    const requests = Array.from({ length: 60 }, (_, i) => ({
      data: octets(i),
      to: i % 3 === 0 ? closed : b.socket.local,
      stamp: true,
    }));
    const outcomes = a.socket.sendBatch(requests);
    assert.ok(outcomes.every((outcome) => outcome.sent));
    await b.recorder.arrived(40);
    if (net.udp.features.transmitStamps) {
      await eventually(net, 'all stamps', () => a.recorder.stamps.length === 60);
      assert.deepEqual(
        a.recorder.stamps.map((stamp) => stamp.id),
        outcomes.map((outcome) => outcome.sent && outcome.id),
      );
    }
    assert.deepEqual(
      b.recorder.datagrams.map((datagram) => datagram.data[0]),
      requests.map((_, i) => i).filter((i) => i % 3 !== 0),
    );
  });

  test('a taken port is SocketError address-in-use', async (net) => {
    const { socket } = await open(net);
    await assert.rejects(net.udp.open({ local: socket.local }, nothing), (error) => {
      assert.ok(error instanceof SocketError);
      assert.equal(error.code, 'address-in-use');
      assert.match(error.message, new RegExp(`${socket.local.port}`));
      return true;
    });
  });

  test('an address of another host is SocketError address-not-available', async (net) => {
    const local = { address: addressFamily(loopback) === 6 ? ip('2001:db8::99') : ip('192.0.2.99'), port: 0 };
    await assert.rejects(net.udp.open({ local }, nothing), {
      name: 'SocketError',
      code: 'address-not-available',
    });
  });

  test('several sockets share a port with reusePort, each datagram going to one', async (net) => {
    const recorder = new Recorder(net);
    const first = await net.udp.open({ local: { address: loopback, port: 0 }, reusePort: true }, recorder);
    const second = await net.udp.open({ local: first.local, reusePort: true }, recorder);
    assert.deepEqual(second.local, first.local);
    const { socket } = await open(net);
    for (let i = 0; i < 5; i++) socket.send({ data: octets(i), to: first.local });
    await recorder.arrived(5);
    await pause(net, 10);
    assert.equal(recorder.datagrams.length, 5);
  });

  test('a send to the other family is unreachable', async (net) => {
    const { socket } = await open(net);
    const to = { address: addressFamily(loopback) === 6 ? ip('127.0.0.1') : ip('::1'), port: 9 };
    assert.deepEqual(socket.send({ data: octets(1), to }), { sent: false, reason: 'unreachable' });
  });

  test('after close no handler runs, nothing is sent, and the port is free', async (net) => {
    const [a, b] = [await open(net), await open(net)];
    for (let i = 0; i < 10; i++) b.socket.send({ data: octets(i), to: a.socket.local });
    a.socket.close();
    a.socket.close();
    await pause(net, 30);
    assert.deepEqual(a.recorder.datagrams, []);
    assert.deepEqual(a.socket.send({ data: octets(1), to: b.socket.local }), {
      sent: false,
      reason: 'closed',
    });
    const again = await open(net, a.socket.local);
    assert.deepEqual(again.socket.local, a.socket.local);
  });

  test('a socket closed within its own handler hears nothing more', async (net) => {
    let calls = 0;
    const socket: UdpSocket = await net.udp.open(
      { local: { address: loopback, port: 0 } },
      {
        onDatagrams() {
          calls++;
          socket.close();
        },
      },
    );
    const { socket: sender } = await open(net);
    for (let i = 0; i < 3; i++) {
      sender.send({ data: octets(i), to: socket.local });
      await pause(net, 10);
    }
    await eventually(net, 'the handler', () => calls > 0);
    assert.equal(calls, 1);
  });

  test('closing the net closes its sockets', async (net) => {
    const { socket } = await open(net);
    await net.close();
    assert.deepEqual(socket.send({ data: octets(1), to: socket.local }), { sent: false, reason: 'closed' });
  });
}
