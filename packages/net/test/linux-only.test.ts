// What only the Linux implementation has: capture, namespaces, and the care of the process it runs in.

import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { endpoint } from '@pinhole/wire';
import {
  createLinuxNet,
  inNetworkNamespace,
  linuxNetAvailable,
  NamespaceError,
  openCapture,
} from '../src/index.ts';
import type { Datagram } from '../src/types.ts';
import { namespaces } from './namespaces.ts';
import { eventually } from './suite/subject.ts';

const run = promisify(execFile);
const module = new URL('../src/index.ts', import.meta.url).href;

/** Runs a program in a process of its own; fails where it does not end by itself. */
function runProgram(program: string, shellSetup = ':') {
  const source = `import { createLinuxNet } from '${module}';\n${program}`;
  const command = [process.execPath, '--input-type=module', '-e', source];
  return run('sh', ['-c', `${shellSetup}; exec "$@"`, 'sh', ...command], { timeout: 60_000 });
}

const OPEN = `const net = createLinuxNet();
const local = { address: '127.0.0.1', port: 0 };
const socket = await net.udp.open({ local }, { onDatagrams() {} });`;

describe('the Linux implementation', { skip: !linuxNetAvailable().available }, () => {
  it('lets the process end once it is closed', async () => {
    const { stdout } = await runProgram(`${OPEN}
      await new Promise((resolve) => setTimeout(resolve, 100));
      await net.close();
      console.log('closed');`);
    assert.equal(stdout, 'closed\n');
  });

  it('lets process.exit() end the process while a socket waits', async () => {
    const { stdout } = await runProgram(`${OPEN}
      setTimeout(() => { console.log('exit'); process.exit(0); }, 100);`);
    assert.equal(stdout, 'exit\n');
  });

  it('uses no processor time while nothing arrives', async () => {
    const { stdout } = await runProgram(`${OPEN}
      await new Promise((resolve) => setTimeout(resolve, 200));
      const before = process.cpuUsage();
      await new Promise((resolve) => setTimeout(resolve, 1000));
      const { user, system } = process.cpuUsage(before);
      console.log(user + system);
      await net.close();`);
    assert.ok(Number(stdout) < 300_000, `${stdout.trim()} µs of one second`);
  });

  it('goes on reading after a handler threw', async () => {
    const { stdout } = await runProgram(`
      const net = createLinuxNet();
      const local = { address: '127.0.0.1', port: 0 };
      process.on('uncaughtException', (error) => console.log(error.message));
      let calls = 0;
      const socket = await net.udp.open({ local }, { onDatagrams() {
        if (++calls === 1) { setTimeout(() => socket.send({ data, to: socket.local }), 50); throw new Error('thrown'); }
        console.log('called again');
        void net.close();
      } });
      const data = Uint8Array.of(1);
      setTimeout(() => socket.send({ data, to: socket.local }), 50);`);
    assert.equal(stdout, 'thrown\ncalled again\n');
  });

  it('goes on with other connections after a handler threw', async () => {
    const { stdout } = await runProgram(`
      const net = createLinuxNet();
      process.on('uncaughtException', (error) => console.log(error.message));
      const listener = await net.tcp.listen({ local: { address: '127.0.0.1', port: 0 } }, (connection) =>
        connection.start({ onData(data) { if (data[0] === 1) throw new Error('thrown'); connection.write(data); }, onClose() {} }));
      const dial = async () => (await net.tcp.connect({ remote: listener.local, timeoutMs: 10000 })).connection;
      const [one, other] = [await dial(), await dial()];
      other.start({ onData(data) { console.log('answered', data[0]); void net.close(); }, onClose() {} });
      one.write(Uint8Array.of(1));
      setTimeout(() => other.write(Uint8Array.of(2)), 100);`);
    assert.equal(stdout, 'thrown\nanswered 2\n');
  });

  it('waits without work while there are too many files to accept, and then goes on', async () => {
    const { stdout } = await runProgram(
      `const net = createLinuxNet();
      let accepted = 0;
      const onClose = () => undefined;
      const listener = await net.tcp.listen({ local: { address: '127.0.0.1', port: 0 } }, (connection) => {
        accepted++;
        connection.start({ onData() {}, onClose });
      });
      const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
      const dialled = [];
      let detail = null;
      while (detail === null) {
        const outcome = await net.tcp.connect({ remote: listener.local, timeoutMs: 20000 });
        if (outcome.connected) { dialled.push(outcome.connection); outcome.connection.start({ onData() {}, onClose }); }
        else detail = outcome.detail;
      }
      console.log(/EMFILE/.test(detail));
      await pause(200);
      const before = process.cpuUsage();
      const whileFull = accepted;
      await pause(1000);
      const { user, system } = process.cpuUsage(before);
      console.log(user + system < 300000, accepted === whileFull, whileFull < dialled.length);
      for (const connection of dialled.splice(0, 20)) connection.reset();
      const again = await net.tcp.connect({ remote: listener.local, timeoutMs: 20000 });
      while (accepted === whileFull) await pause(10);
      console.log(again.connected);
      await net.close();`,
      'ulimit -n 100',
    );
    assert.equal(stdout, 'true\ntrue true true\ntrue\n');
  });

  it('listens in silence without any right', { skip: !namespaces }, async () => {
    const { stdout } = await runProgram(
      `const net = createLinuxNet();
      const local = { address: '127.0.0.1', port: 0 };
      const listener = await net.tcp.listen({ local, silent: true }, () => console.log('accepted'));
      for (let i = 0; i < 2; i++) {
        const { reason } = await net.tcp.connect({ remote: listener.local, timeoutMs: 200 });
        console.log(reason);
      }
      listener.close();
      const { reason } = await net.tcp.connect({ remote: listener.local, timeoutMs: 10000 });
      console.log(reason);
      await net.close();`,
      'set -- setpriv --inh-caps=-all --ambient-caps=-all --bounding-set=-all --no-new-privs "$@"',
    );
    assert.equal(stdout, 'timeout\ntimeout\nrefused\n');
  });

  it('opens a socket in another network namespace', { skip: !namespaces }, async () => {
    const name = `pinhole-net-${process.pid}`;
    execFileSync('ip', ['netns', 'add', name]);
    const net = createLinuxNet();
    try {
      execFileSync('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
      execFileSync('ip', ['-n', name, 'address', 'add', '192.0.2.77/32', 'dev', 'lo']);
      const local = endpoint('192.0.2.77', 0);
      const handler = { onDatagrams: () => undefined };
      await assert.rejects(net.udp.open({ local }, handler), { code: 'address-not-available' });
      const received: Datagram[] = [];
      const path = `/run/netns/${name}`;
      const socket = await inNetworkNamespace(path, () =>
        net.udp.open({ local }, { onDatagrams: (batch) => received.push(...batch) }),
      );
      socket.send({ data: Uint8Array.of(1), to: socket.local });
      await eventually(net, 'the datagram', () => received.length === 1);
      // And this thread is back where it was.
      await assert.rejects(net.udp.open({ local }, handler), { code: 'address-not-available' });
    } finally {
      await net.close();
      execFileSync('ip', ['netns', 'delete', name]);
    }
  });

  it('names the namespace that cannot be entered', () => {
    assert.throws(
      () => inNetworkNamespace('/run/netns/no-such-namespace', () => undefined),
      (error) => error instanceof NamespaceError && /no-such-namespace/.test(error.message),
    );
  });

  it('captures what is sent and received, with the kernel stamps', { skip: !namespaces }, async () => {
    const net = createLinuxNet();
    const seen: { packet: Uint8Array; atNs: number; outgoing: boolean }[] = [];
    const capture = openCapture({
      interfaceName: 'lo',
      handler: (packet, atNs, outgoing) => seen.push({ packet: Uint8Array.from(packet), atNs, outgoing }),
    });
    try {
      const received: Datagram[] = [];
      const receiver = await net.udp.open(
        { local: endpoint('127.0.0.1', 0) },
        { onDatagrams: (batch) => received.push(...batch) },
      );
      const marker = net.random.bytes(32);
      const outcome = receiver.send({ data: marker, to: receiver.local });
      assert.ok(outcome.sent);
      const ours = () => seen.filter(({ packet }) => Buffer.from(packet).includes(Buffer.from(marker)));
      await eventually(net, 'both sightings', () => ours().length === 2 && received.length === 1);
      assert.deepEqual(
        ours()
          .map(({ outgoing }) => outgoing)
          .sort(),
        [false, true],
      );
      for (const { packet, atNs } of ours()) {
        assert.equal(packet[0], 0x45);
        assert.equal(packet.length, 20 + 8 + 32);
        assert.ok(atNs >= outcome.atNs && atNs <= net.clock.monotonicNs());
      }
      assert.equal(capture.takeDropCount(), 0);
    } finally {
      capture.close();
      await net.close();
    }
    assert.throws(() => openCapture({ interfaceName: 'no-such-if', handler: () => undefined }), {
      code: 'address-not-available',
    });
  });
});
