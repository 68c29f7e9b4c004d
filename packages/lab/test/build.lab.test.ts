import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { buildLab } from '../src/lab.ts';
import type { Place } from '../src/place.ts';
import { packageFile, until, watch } from './process.ts';

const unverified = { verify: false };

/** The address that a TCP server at `to` sees a connection from this place come from; '' if there is none. */
async function seenFrom(from: Place, server: Place, to: string): Promise<string> {
  const listener = server.spawn(
    process.execPath,
    [
      '-e',
      `require('net').createServer((c) => c.end(c.remoteAddress)).listen(8080, '${to}', () => console.log('up'))`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = once(listener, 'exit');
  const up = await Promise.race([once(listener.stdout!, 'data'), ended.then(() => null)]);
  assert.notEqual(up, null, `no server on ${to}`);
  const client = `require('net').connect(8080, '${to}').on('error', () => process.exit(1)).pipe(process.stdout)`;
  const { stdout } = await from.run(process.execPath, ['-e', client], { timeoutMs: 5000 });
  listener.kill('SIGKILL');
  // The port is free again only then.
  await ended;
  return stdout;
}

test('hosts reach the server: behind a NAT as its address, without one as themselves', async () => {
  const lab = await buildLab(
    {
      sites: [
        { name: 'a', nat: 'eim-apdf', hosts: 2 },
        { name: 'b', nat: 'none', hosts: 2 },
      ],
    },
    unverified,
  );
  try {
    const { a, b } = Object.fromEntries(lab.sites) as Record<
      'a' | 'b',
      NonNullable<ReturnType<typeof lab.sites.get>>
    >;
    for (const address of lab.server.addresses) {
      assert.equal(await seenFrom(a.hosts[1]!, lab.server, address), a.publicAddress);
      assert.equal(await seenFrom(b.hosts[1]!, lab.server, address), b.hosts[1]!.addresses[0]);
    }
    assert.equal(await seenFrom(lab.core, b.hosts[0]!, b.publicAddress), '203.0.113.5');
    assert.equal(await seenFrom(a.hosts[0]!, b.hosts[0]!, b.publicAddress), a.publicAddress);
    assert.equal(await seenFrom(a.hosts[0]!, a.hosts[1]!, a.hosts[1]!.addresses[0]!), '10.1.0.2');
  } finally {
    await lab.close();
  }
});

test('a private source that leaves a NAT untranslated goes no further than the router', async () => {
  const lab = await buildLab({ sites: [{ name: 'a', nat: 'eim-apdf' }] }, unverified);
  try {
    const { hosts, nat } = lab.sites.get('a')!;
    assert.equal((await nat!.run('nft', ['flush', 'ruleset'])).code, 0);
    const capture = await lab.core.capture();
    const atNat = await nat!.capture();
    const send = `const s = require('dgram').createSocket('udp4'); s.send('x', 9, '${lab.server.addresses[0]}', () => s.close())`;
    assert.equal((await hosts[0]!.run(process.execPath, ['-e', send])).code, 0);
    await until('the NAT has sent it on', () =>
      atNat.packets().some(({ outgoing, interfaceName }) => outgoing && interfaceName === 'wan'),
    );
    await atNat.stop();
    assert.deepEqual((await capture.stop()).packets, []);
  } finally {
    await lab.close();
  }
});

test('close kills what runs in the lab and removes every namespace, link and route', async () => {
  const lab = await buildLab({ sites: [{ name: 'a', nat: 'eim-eif' }] }, unverified);
  const sleeper = lab.sites
    .get('a')!
    .hosts[0]!.spawn('sh', ['-c', 'sleep 1000000; true'], { stdio: 'ignore' });
  assert.notEqual((await lab.core.run('ip', ['netns'])).stdout, '');
  await lab.close();
  assert.equal(sleeper.signalCode, 'SIGKILL');
  assert.equal((await lab.core.run('ip', ['netns'])).stdout, '');
  assert.equal((await lab.core.run('ip', ['route'])).stdout, '');
  assert.match((await lab.core.run('ip', ['-brief', 'link'])).stdout, /^lo\s.*\n$/);
});

test('a second lab in the same core is refused; after the first one’s end it is built', async () => {
  const description = { sites: [{ name: 'a', nat: 'none' as const }] };
  const first = await buildLab(description, unverified);
  await assert.rejects(buildLab(description, unverified), { code: 'lab-already-built' });
  await first.close();
  const second = await buildLab(description, unverified);
  await second.close();
});

test('what a program left that was killed is removed before the next lab is built', async () => {
  const holder = watch(process.execPath, [packageFile('test/holder.ts')], { detached: true });
  await until('its lab is up', () => holder.output().includes('\n'));
  holder.child.kill('SIGKILL');
  await holder.exit;
  const lab = await buildLab({ sites: [{ name: 'a', nat: 'eim-apdf' }] }, unverified);
  const { stdout } = await lab.core.run('ip', ['netns']);
  assert.equal(stdout.trim().split('\n').length, 4);
  await lab.close();
});

test('a lab that fails to build says which step failed and leaves nothing', async () => {
  const lab = await buildLab({ sites: [{ name: 'a', nat: 'none' }] }, unverified);
  await lab.core.run('ip', ['link', 'add', 'name', 'router-b', 'type', 'bridge']);
  await lab.close();
  await assert.rejects(buildLab({ sites: [{ name: 'b', nat: 'none' }] }, unverified), (error: Error) => {
    assert.match(error.message, /Could not make the namespaces .*File exists/s);
    return true;
  });
  assert.equal((await lab.core.run('ip', ['netns'])).stdout, '');
  assert.equal(existsSync('/run/pinhole-lab/lab.json'), false);
});

test('a port that is bound in one place is free in another', async (t) => {
  const server = createServer().listen(8080, '0.0.0.0');
  t.after(() => server.close());
  const lab = await buildLab({ sites: [{ name: 'a', nat: 'none' }] }, unverified);
  t.after(() => lab.close());
  assert.equal(await seenFrom(lab.core, lab.server, lab.server.addresses[0]!), '192.0.2.1');
});

test('in a lab of more sites than the first block of addresses has room for, the last is reached too', async () => {
  const sites = Array.from({ length: 18 }, (_, index) => ({ name: `s${index}`, nat: 'eim-apdf' as const }));
  const lab = await buildLab({ sites }, unverified);
  try {
    const { hosts, publicAddress } = lab.sites.get('s17')!;
    assert.equal(publicAddress, '198.18.0.18');
    assert.equal(await seenFrom(hosts[0]!, lab.server, lab.server.addresses[0]!), publicAddress);
  } finally {
    await lab.close();
  }
});
