// What the simulator's routers and NATs say of packets whose TTL ends at them, to connections and to raw ICMP.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endpoint, ip } from '@pinhole/wire';
import type { RawIcmpReport, TcpIcmpReport, TcpTransmitStamp } from '../src/types.ts';
import { SERVER, twoHomes } from './sim-world.ts';

const remote = endpoint(SERVER, 443);
const router = ip('10.0.0.1');

describe('an attempt to connect whose TTL ends at the NAT', () => {
  it('hears of each SYN, goes on, and is over with its time', async () => {
    const { simulation, a, server } = twoHomes();
    await server.net.tcp.listen({ local: remote }, () => undefined);
    const reports: TcpIcmpReport[] = [];
    const attempt = a.net.tcp.connect({
      remote,
      ttl: 1,
      timeoutMs: 4000,
      onIcmp: (report) => reports.push(report),
    });
    const outcome = await simulation.runUntil(attempt);
    assert.equal(!outcome.connected && outcome.reason, 'timeout');
    // At 0, 1 and 3 s (RFC 6298).
    assert.deepEqual(
      reports.map(({ offender, icmpType, icmpCode, ttl }) => [offender, icmpType, icmpCode, ttl]),
      Array(3).fill([router, 11, 0, 64]),
    );
  });

  it('is unreachable, where it does not listen for that', async () => {
    const { simulation, a } = twoHomes();
    const outcome = await simulation.runUntil(a.net.tcp.connect({ remote, ttl: 1, timeoutMs: 4000 }));
    assert.equal(!outcome.connected && outcome.reason, 'unreachable');
  });

  it('has the usual TTL once it is connected', async () => {
    const { simulation, a, server } = twoHomes();
    let received = 0;
    await server.net.tcp.listen({ local: remote }, (connection) =>
      connection.start({
        onData: (data) => {
          received += data.length;
        },
        onClose: () => undefined,
      }),
    );
    const raw: RawIcmpReport[] = [];
    await a.net.icmp.open({ onError: (report) => raw.push(report) });
    const outcome = await simulation.runUntil(a.net.tcp.connect({ remote, ttl: 2, timeoutMs: 4000 }));
    assert.ok(outcome.connected);
    outcome.connection.write(Uint8Array.of(1));
    await simulation.runUntil(() => received === 1);
    assert.deepEqual(raw, []);
  });
});

describe('a connection through a NAT', () => {
  it('is traced by writes with a TTL; the errors name them, and the stream stays whole', async () => {
    const { simulation, a, server } = twoHomes();
    const received: number[] = [];
    await server.net.tcp.listen({ local: remote }, (connection) =>
      connection.start({ onData: (data) => received.push(...data), onClose: () => undefined }),
    );
    const raw: RawIcmpReport[] = [];
    await a.net.icmp.open({ onError: (report) => raw.push(report) });
    const outcome = await simulation.runUntil(a.net.tcp.connect({ remote, timeoutMs: 4000 }));
    assert.ok(outcome.connected);
    const { connection } = outcome;
    const stamps: TcpTransmitStamp[] = [];
    connection.start({
      onData: () => undefined,
      onTransmitted: (stamp) => stamps.push(stamp),
      onClose: () => undefined,
    });
    const ids = [1, 2, 1].map((ttl, i) => connection.write(Uint8Array.of(i), { ttl, stamp: true }));
    await simulation.runUntil(() => received.length === 3);
    assert.deepEqual(received, [0, 1, 2]);
    assert.deepEqual(
      stamps.map(({ id }) => id),
      ids,
    );
    assert.deepEqual(
      raw.map(({ from, error }) => [
        from,
        error.type,
        error.quoted.protocol === 'tcp' && error.quoted.tcpSequence,
      ]),
      [stamps[0]!, stamps[2]!].map(({ sequence }) => [router, 11, sequence]),
    );
    assert.deepEqual(
      raw.map(({ error }) => error.quoted.source),
      Array(2).fill(connection.local),
    );
    assert.ok(connection.info()!.retransmissions > 0);
  });

  it('carries its DSCP, as it is at the time', async () => {
    const { simulation, a, server } = twoHomes();
    const nobody = { onData: () => undefined, onClose: () => undefined };
    await server.net.tcp.listen({ local: remote }, (connection) => connection.start(nobody));
    const raw: RawIcmpReport[] = [];
    await a.net.icmp.open({ onError: (report) => raw.push(report) });
    const outcome = await simulation.runUntil(a.net.tcp.connect({ remote, dscp: 46, timeoutMs: 4000 }));
    assert.ok(outcome.connected);
    outcome.connection.start(nobody);
    outcome.connection.write(Uint8Array.of(1), { ttl: 1 });
    await simulation.runUntil(() => raw.length === 1);
    outcome.connection.setDscp(10);
    outcome.connection.write(Uint8Array.of(2), { ttl: 1 });
    await simulation.runUntil(() => raw.length === 2);
    assert.deepEqual(
      raw.map(({ error }) => error.quoted.dscp),
      [46, 10],
    );
  });
});
