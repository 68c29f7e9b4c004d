import assert from 'node:assert/strict';
import { ip } from '@pinhole/wire';
import { pause, type Subject, testsOf } from './subject.ts';

export function describeBasics(subject: Subject): void {
  const test = testsOf(subject);

  test('the monotonic clock runs forwards, and no timer is early', async (net) => {
    for (const delayMs of [0, 0.5, 1, 3.3, 20]) {
      const beforeNs = net.clock.monotonicNs();
      await pause(net, delayMs);
      assert.ok(net.clock.monotonicNs() - beforeNs >= delayMs * 1e6, `${delayMs} ms`);
    }
  });

  test('timers run in the order they fall due', async (net) => {
    const order: number[] = [];
    for (const delayMs of [120, 10, 60]) net.clock.after(delayMs, () => order.push(delayMs));
    assert.deepEqual(order, []);
    await pause(net, 180);
    assert.deepEqual(order, [10, 60, 120]);
  });

  test('a timer never runs within the call that set it', async (net) => {
    let ran = false;
    net.clock.after(0, () => {
      ran = true;
    });
    assert.equal(ran, false);
    await pause(net, 5);
    assert.equal(ran, true);
  });

  test('a cancelled timer does not run, and cancelling late does nothing', async (net) => {
    let ran = 0;
    const cancelled = net.clock.after(5, () => ran++);
    const late = net.clock.after(5, () => ran++);
    cancelled.cancel();
    await pause(net, 20);
    late.cancel();
    assert.equal(ran, 1);
  });

  test('the wall clock moves with the monotonic one', async (net) => {
    const [wallMs, monotonicNs] = [net.clock.wallMs(), net.clock.monotonicNs()];
    assert.ok(wallMs > Date.UTC(2020, 0));
    await pause(net, 50);
    const differenceMs = net.clock.wallMs() - wallMs - (net.clock.monotonicNs() - monotonicNs) / 1e6;
    assert.ok(Math.abs(differenceMs) < 20, `${differenceMs} ms apart`);
  });

  test('random integers stay below their limit and reach all values', async (net) => {
    const seen = new Set<number>();
    for (let i = 0; i < 500; i++) seen.add(net.random.below(7));
    assert.deepEqual([...seen].sort(), [0, 1, 2, 3, 4, 5, 6]);
    assert.equal(net.random.below(1), 0);
  });

  test('random octets have the length asked for and do not repeat', async (net) => {
    assert.equal(net.random.bytes(0).length, 0);
    const [a, b] = [net.random.bytes(16), net.random.bytes(16)];
    assert.equal(a.length, 16);
    assert.notDeepEqual(a, b);
  });

  test('an address resolves to itself, a missing name to nothing', async (net) => {
    assert.deepEqual(await net.host.resolve('192.0.2.7'), [ip('192.0.2.7')]);
    assert.deepEqual(await net.host.resolve('::ffff:192.0.2.7'), [ip('192.0.2.7')]);
    assert.deepEqual(await net.host.resolve('no-such-name.invalid'), []);
  });

  test('packets to loopback leave with its address, whatever other interfaces there are', async (net) => {
    assert.equal(await net.host.sourceFor(ip('127.0.0.1')), '127.0.0.1');
  });

  test('the interfaces leave loopback out', async (net) => {
    assert.notEqual(net.host.hostname, '');
    const addresses = net.host.interfaces().flatMap((entry) => entry.ipAddresses);
    assert.ok(!addresses.includes(ip('127.0.0.1')) && !addresses.includes(ip('::1')));
  });
}
