import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { type IpAddress, ip } from '@pinhole/wire';
import fc from 'fast-check';
import { answerPtr } from './ptr.ts';

const names = new Map<IpAddress, string>([
  [ip('198.51.100.1'), 'site.berlin-router.example'],
  [ip('10.1.0.1'), 'lan.berlin-nat.example'],
]);

/** Node's resolver, which asks a server that answers with answerPtr. */
async function resolver(t: TestContext): Promise<Resolver> {
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    const answer = answerPtr(query, names);
    if (answer !== null) socket.send(answer, port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => socket.close());
  const asking = new Resolver({ timeout: 5000, tries: 2 });
  asking.setServers([`127.0.0.1:${socket.address().port}`]);
  return asking;
}

test('a resolver finds the name of an address', async (t) => {
  const asking = await resolver(t);
  assert.deepEqual(await asking.resolvePtr('1.100.51.198.in-addr.arpa'), ['site.berlin-router.example']);
  assert.deepEqual(await asking.reverse('10.1.0.1'), ['lan.berlin-nat.example']);
});

test('a resolver is told that an address has no name, and that other questions have no answer', async (t) => {
  const asking = await resolver(t);
  await assert.rejects(asking.resolvePtr('2.100.51.198.in-addr.arpa'), { code: 'ENOTFOUND' });
  await assert.rejects(asking.resolvePtr('1.100.51.198.example'), { code: 'ENOTFOUND' });
  await assert.rejects(asking.resolve4('site.berlin-router.example'), { code: 'ENOTFOUND' });
});

test('whatever comes is answered or not, and nothing breaks', () => {
  const question = Buffer.from('01310331303002353103313938', 'hex');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (bytes, isQuery) => {
      const query = isQuery
        ? Buffer.concat([Buffer.from('000101000001000000000000', 'hex'), question, bytes])
        : bytes;
      const answer = answerPtr(query, names);
      assert.ok(answer === null || answer.length >= 12);
    }),
  );
});
