import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type PathVisDetailResult, type PathVisRoute, pathVisDetailResultsSchema } from '@pinhole/contract';
import { startDnsServer } from '../../test/dns-server.ts';
import { temporaryFolder, traced } from '../../test/harness.ts';
import { worldWithTest } from '../../test/measured-test.ts';

const peer = '203.0.113.2';

describe('hops', () => {
  const file = [
    '198.51.100.0,198.51.100.255,64496,ZA,Example Networks',
    '203.0.113.0,203.0.113.127,64497,None,',
    '192.168.0.0,192.168.255.255,0,None,Headquarters',
  ].join('\n');

  function fileOf(t: TestContext, text: string): string {
    const path = join(temporaryFolder(t), 'networks.csv');
    writeFileSync(path, text);
    return path;
  }

  test('have networks, prefixes and places by the files that were given', async (t) => {
    const options = { networks: [fileOf(t, file)] };
    const { key, keep, paths, pathsOfRound } = await worldWithTest(t, 'to-target', options);
    await keep([traced(key(0), [['192.168.1.1', null, '198.51.100.7', '192.0.2.9', peer]])]);
    const { body } = await pathsOfRound(key(0).roundId);
    assert.deepEqual(pathVisDetailResultsSchema.parse(body), body);
    const [row] = body.results as PathVisDetailResult[];
    assert.deepEqual(
      row!.pathTraces[0]!.hops.map(({ prefix, network, location, asn, countryId }) =>
        [prefix, network, location, asn, countryId].filter((member) => member !== undefined),
      ),
      [
        ['192.168.0.0/16', 'Headquarters'],
        [],
        ['198.51.100.0/24', 'Example Networks (AS 64496)', 'South Africa', 64_496, 'ZA'],
        [],
        ['203.0.113.0/25', 'AS 64497', 64_497],
      ],
    );
    assert.equal((await paths()).body.results[0].sourcePrefix, '192.168.0.0/16');
    assert.equal(row!.sourcePrefix, '192.168.0.0/16');
  });

  test('have names, private ones too, that were looked up when the path came in', async (t) => {
    const { server, questions } = await startDnsServer(t, (question) =>
      question.endsWith('.168.192.in-addr.arpa') ? ['gateway.corp.example'] : 'none',
    );
    const options = { reverseDns: true, dnsServers: [server] };
    const { key, keep, pathsOfRound } = await worldWithTest(t, 'to-target', options);
    await keep([traced(key(0), [['192.168.1.1', null, '198.51.100.7', peer], ['192.168.1.1']])]);
    while (questions.length < 3) await setTimeout(5);
    const names = async () =>
      (await pathsOfRound(key(0).roundId)).body.results[0].pathTraces.map(({ hops }: PathVisRoute) =>
        hops.map(({ rdns }) => rdns ?? null),
      );
    const expected = [['gateway.corp.example', null, null, null], ['gateway.corp.example']];
    while (!isDeepStrictEqual(await names(), expected)) await setTimeout(5);
    assert.equal(questions.length, 3);
  });

  test('without names, where no server answers, are shown all the same', async (t) => {
    const { server } = await startDnsServer(t, () => 'silence');
    const options = { reverseDns: true, dnsServers: [server] };
    const { key, keep, pathsOfRound } = await worldWithTest(t, 'to-target', options);
    await keep([traced(key(0), [['192.168.1.1', peer]])]);
    const { status, body } = await pathsOfRound(key(0).roundId);
    assert.deepEqual([status, body.results[0].pathTraces[0].hops.length], [200, 2]);
  });
});
