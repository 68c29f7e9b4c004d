// The sentences of failed rounds that no other test of real agents comes to (docs/errors.md: "Seen in the lab").

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { errorSentence, type Party, type RoundErrorCode } from '@pinhole/contract';
import { System } from './system.ts';

const nats = {
  source: 'none',
  uneven: {
    mapping: 'address-dependent',
    allocation: { law: 'range', first: 1024, last: 65_535 },
    simultaneousOpen: false,
  },
  closed: 'eim-apdf-no-simultaneous-open',
  deaf: 'eim-apdf',
  lost: 'eim-apdf',
  nowhere: 'eim-apdf',
} as const;
type Site = keyof typeof nats;

const proxyPort = 8081;

test('a round that fails says why', { concurrency: true }, async (t) => {
  await System.use(nats, async (system) => {
    await system.startCollector('--listen', '0.0.0.0:8080', '--public-url', system.collectorUrl);
    await startNowhere(system);
    await system.startAgents({ source: false, uneven: true, closed: true, deaf: true, lost: true });
    await system.checked('uneven', 'closed');
    const ids = await system.enrolled(...Object.keys(nats));

    const fails = (
      [source, target]: readonly [Site, Site],
      more: object,
      [code, party, evidence]: readonly [RoundErrorCode, Party, RegExp],
      meanwhile: () => Promise<void> = async () => undefined,
    ) =>
      system.part(t, errorSentence(code, party), async () => {
        const testId = await system.instantTest(ids[source], ids[target], {
          direction: 'to-target',
          ...more,
        });
        await meanwhile();
        const [result] = await system.resultsOf(testId, 1);
        assert.deepEqual(
          [result?.errorCode, result?.errorParty, result?.errorDetails],
          [code, party, errorSentence(code, party)],
          result?.errorEvidence,
        );
        assert.match(result?.errorEvidence ?? '', evidence);
      });

    // To its server it still speaks.
    await system.cut('deaf', 'tcp dport 8080 reject with tcp reset', 'tcp sport 8080 drop');
    await Promise.all([
      fails(['uneven', 'closed'], { protocol: 'tcp' }, [
        'connection-failed',
        'source',
        /^TCP to .* connections tried/,
      ]),
      fails(['source', 'nowhere'], {}, ['agent-address-unknown', 'target', /knows no address of nowhere/]),
      fails(['source', 'deaf'], {}, ['session-refused', 'target', /This agent does not know the test/]),
      fails(
        ['source', 'lost'],
        { fixedPacketRate: 25 },
        ['session-lost', 'target', /The target did not confirm what it received/],
        () => cutAmidProbes(system, 'lost'),
      ),
    ]);
  });
});

/**
 * An agent that has no address but a link-local one, and comes to the collector by a reverse proxy that does not tell
 * from where (RFC 7239 section 6.2).
 */
async function startNowhere(system: System): Promise<void> {
  const run = async (place: 'host' | 'nat', ...args: readonly string[]) => {
    const where = place === 'host' ? system.host('nowhere') : system.lab.sites.get('nowhere')!.nat!;
    const { code, stderr } = await where.run('ip', args);
    assert.equal(code, 0, stderr);
  };
  await run('nat', 'address', 'add', '169.254.7.1/24', 'dev', 'lan');
  await run('host', 'address', 'flush', 'dev', 'eth0');
  await run('host', 'address', 'add', '169.254.7.2/24', 'dev', 'eth0');
  await run('host', 'route', 'add', 'default', 'via', '169.254.7.1');

  const program = `
    const { createServer, request } = require('http');
    createServer((asked, answer) => {
      const headers = { ...asked.headers, 'x-forwarded-for': 'unknown' };
      const options = { port: 8080, host: '127.0.0.1', method: asked.method, path: asked.url, headers };
      const onward = request(options, (found) => {
        answer.writeHead(found.statusCode, found.headers).flushHeaders();
        found.pipe(answer);
      });
      onward.on('error', () => answer.destroy());
      answer.on('close', () => onward.destroy());
      asked.pipe(onward);
    }).listen(${proxyPort}, () => console.log('up'));`;
  const proxy = system.lab.server.spawn(process.execPath, ['-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(proxy.stdout!, 'data');
  system.startAgent('nowhere', `http://${system.lab.server.addresses[0]}:${proxyPort}`);
}

/** More than checks and Open are, and fewer than all probes. */
const amidProbes = 25;

/** From the middle of a round on nothing passes this NAT, not to the collector either. */
async function cutAmidProbes(system: System, site: Site): Promise<void> {
  const { publicAddress } = system.lab.sites.get('source')!;
  const capture = await system.lab.sites
    .get(site)!
    .nat!.capture(
      ({ protocol, source, outgoing }) => protocol === 'udp' && source === publicAddress && !outgoing,
    );
  await system.present('the probes', async () => (capture.packets().length >= amidProbes ? true : null));
  await system.cut(site, 'drop');
  await capture.stop();
}
