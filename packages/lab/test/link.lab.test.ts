import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import type { CapturedPacket } from '../src/capture/capture.ts';
import type { LabDescription } from '../src/description.ts';
import { buildLab, type Lab } from '../src/lab.ts';
import type { Place } from '../src/place.ts';

/** Of the first datagram; the others go to the ports above. */
const firstPort = 10_000;
/** What a machine that is busy may add to the shortest of many delays. */
const toleranceMs = 3;

/** Sends datagrams to one port after the other; `gapMs` 0 sends them at once. */
async function sendEach(from: Place, to: string, count: number, gapMs: number): Promise<void> {
  const program = `
    const socket = require('dgram').createSocket('udp4');
    let sent = 0;
    const next = () => {
      if (sent === ${count}) return setTimeout(() => socket.close(), 300);
      socket.send('x', ${firstPort} + sent++, '${to}', () => (${gapMs} ? setTimeout(next, ${gapMs}) : next()));
    };
    socket.bind(next);`;
  assert.equal((await from.run(process.execPath, ['-e', program])).code, 0);
}

/** Sends from one place to another; what left and what came, by the kernel's stamps. */
async function observe(from: Place, to: Place, count: number, gapMs: number) {
  const probes = ({ protocol, destinationPort, interfaceName }: CapturedPacket) =>
    protocol === 'udp' && destinationPort! >= firstPort && interfaceName === 'eth0';
  const captures = await Promise.all([from.capture(probes), to.capture(probes)]);
  await sendEach(from, to.addresses[0]!, count, gapMs);
  const [left, came] = (await Promise.all(captures.map((capture) => capture.stop()))).map(
    (each) => each.packets,
  );
  const leftAt = new Map(left!.map((each) => [each.destinationPort, each.atNs]));
  return {
    numbers: came!.map(({ destinationPort }) => destinationPort! - firstPort),
    delaysMs: came!.map(({ destinationPort, atNs }) => (atNs - leftAt.get(destinationPort)!) / 1e6),
    ttl: came![0]?.ttl,
  };
}

async function withLab(description: LabDescription, use: (lab: Lab, host: Place) => Promise<void>) {
  const lab = await buildLab(description, { verify: false });
  try {
    await use(lab, lab.sites.get('a')!.hosts[0]!);
  } finally {
    await lab.close();
  }
}

function assertDelay(delaysMs: readonly number[], expectedMs: number): void {
  const least = Math.min(...delaysMs);
  assert.ok(least >= expectedMs && least < expectedMs + toleranceMs, `${least} ms, expected ${expectedMs}`);
}

test('each direction has its own delay, those of site and server add up, and no TTL is spent', async () => {
  const sites = [{ name: 'a', nat: 'none', link: { up: { delayMs: 20 }, down: { delayMs: 5 } } }] as const;
  await withLab({ sites: [...sites], link: { up: { delayMs: 10 } } }, async ({ server }, host) => {
    const up = await observe(host, server, 30, 5);
    assertDelay(up.delaysMs, 20);
    const down = await observe(server, host, 30, 5);
    assertDelay(down.delaysMs, 15);
    assert.deepEqual([up.ttl, down.ttl], [62, 62]);
    assert.deepEqual([up.numbers.length, down.numbers.length], [30, 30]);
  });
});

test('loss, reordering and jitter are as large as described, and can be changed', async () => {
  const count = 1000;
  const inOrder = (numbers: readonly number[]) =>
    numbers.every((each, at) => at === 0 || each > numbers[at - 1]!);
  await withLab({ sites: [{ name: 'a', nat: 'none', link: { lossPercent: 20 } }] }, async (lab, host) => {
    const lossy = await observe(host, lab.server, count, 0);
    // Six standard deviations either way.
    assert.ok(
      lossy.numbers.length > 720 && lossy.numbers.length < 880,
      `${lossy.numbers.length} of ${count}`,
    );
    assert.ok(inOrder(lossy.numbers));

    await lab.setLink('a', { delayMs: 20, jitterMs: 10 });
    const jittery = await observe(host, lab.server, 60, 25);
    assert.equal(jittery.numbers.length, 60);
    assert.ok(inOrder(jittery.numbers));
    assertDelay(jittery.delaysMs, 10);
    assert.ok(Math.max(...jittery.delaysMs) > 25);

    await lab.setLink('a', { reorderPercent: 10 });
    const { numbers } = await observe(host, lab.server, count, 0);
    assert.equal(new Set(numbers).size, count);
    // RFC 4737 section 3.3: a packet is reordered where a later one came before it.
    let expected = 0;
    const reordered = numbers.filter((each) => {
      const isLate = each < expected;
      expected = Math.max(expected, each);
      return isLate;
    });
    assert.ok(reordered.length > 40 && reordered.length < 160, `${reordered.length} of ${count}`);

    await assert.rejects(lab.setLink('server', { delayMs: 1 }), { code: 'link-failed' });
  });
});

test('a stream passes whole, with its NAT verified before the link gets slow and lossy', async () => {
  const link = { delayMs: 300, lossPercent: 30 };
  const lab = await buildLab({ sites: [{ name: 'a', nat: 'eim-eif', link }] });
  try {
    const host = lab.sites.get('a')!.hosts[0]!;
    const { delaysMs } = await observe(host, lab.server, 20, 5);
    assertDelay(delaysMs, 300);
    await lab.setLink('a', { delayMs: 2, lossPercent: 0.1 });

    const [to] = lab.server.addresses;
    const program = `require('net').createServer((c) => c.pipe(c)).listen(5000, () => console.log('up'))`;
    const echo = lab.server.spawn(process.execPath, ['-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(echo.stdout!, 'data');
    const client = `
      const sent = require('crypto').randomBytes(2_000_000);
      const socket = require('net').connect(5000, '${to}', () => socket.end(sent));
      const parts = [];
      socket.on('data', (part) => parts.push(part));
      socket.on('end', () => process.exit(Buffer.concat(parts).equals(sent) ? 0 : 1));`;
    assert.deepEqual(await host.run(process.execPath, ['-e', client]), { code: 0, stdout: '', stderr: '' });
  } finally {
    await lab.close();
  }
});
