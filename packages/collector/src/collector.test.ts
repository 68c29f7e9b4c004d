import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { ask, startWorld, temporaryFolder } from '../test/harness.ts';
import { CollectorError, type CollectorErrorCode } from './index.ts';

const mode = (path: string) => statSync(path).mode & 0o777;

describe('the first start', () => {
  test('makes the folder and its secrets, for this user only', async (t) => {
    const dataDir = join(temporaryFolder(t), 'below', 'data');
    const { collector } = await startWorld(t, { dataDir });
    assert.equal(mode(dataDir), 0o700);
    for (const name of ['api-token', 'account-token', 'traversal-secret']) {
      assert.equal(mode(join(dataDir, name)), 0o600);
      assert.match(readFileSync(join(dataDir, name), 'utf8'), /^[\w-]{43}\n$/);
    }
    assert.equal(collector.apiTokenFile, join(dataDir, 'api-token'));
    assert.equal(collector.accountTokenFile, join(dataDir, 'account-token'));
    assert.equal(collector.traversalSecret.length, 43);
    assert.deepEqual(
      readdirSync(dataDir).filter((name) => name.endsWith('.new')),
      [],
    );
  });

  test('writes down the tokens it is given', async (t) => {
    const { collector } = await startWorld(t, { apiToken: 'chosen-by-the-operator' });
    assert.equal(readFileSync(collector.apiTokenFile, 'utf8'), 'chosen-by-the-operator\n');
  });
});

test('later starts keep the secrets; a token that is given wins over its file and leaves it alone', async (t) => {
  const world = await startWorld(t);
  const secrets = () =>
    ['api-token', 'account-token', 'traversal-secret'].map((name) =>
      readFileSync(join(world.dataDir, name), 'utf8'),
    );
  const before = secrets();
  const traversalSecret = world.collector.traversalSecret;
  await world.restart();
  assert.deepEqual(secrets(), before);
  assert.deepEqual(world.collector.traversalSecret, traversalSecret);
  await world.collector.close();
  const given = await startWorld(t, { dataDir: world.dataDir, apiToken: 'given-later' });
  assert.deepEqual(secrets(), before);
  const agents = `${given.collector.url}/v7/agents`;
  assert.equal((await ask(agents, 'GET', 'given-later')).status, 200);
  assert.equal((await ask(agents, 'GET', before[0]!.trim())).status, 401);
});

describe('a collector does not start, and says why', () => {
  async function refuses(
    t: Parameters<typeof startWorld>[0],
    options: Parameters<typeof startWorld>[1],
    code: CollectorErrorCode,
  ) {
    await assert.rejects(startWorld(t, options), (error) => {
      assert.ok(error instanceof CollectorError, String(error));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, /^[\w/].*\.$/);
      return true;
    });
  }

  test('when a file is where the folder should be', async (t) => {
    const dataDir = join(temporaryFolder(t), 'a-file');
    writeFileSync(dataDir, '');
    await refuses(t, { dataDir }, 'data-folder-not-a-folder');
    await refuses(t, { dataDir: join(dataDir, 'below') }, 'data-folder-not-a-folder');
  });

  test('when another collector runs on the folder', async (t) => {
    const { dataDir } = await startWorld(t);
    await refuses(t, { dataDir }, 'data-folder-in-use');
  });

  test('when the database is none', async (t) => {
    const dataDir = temporaryFolder(t);
    const path = join(dataDir, 'pinhole.sqlite');
    writeFileSync(path, 'this is no database, and long enough that nobody takes it for one. '.repeat(50));
    const before = readFileSync(path);
    await refuses(t, { dataDir }, 'database-damaged');
    assert.deepEqual(readFileSync(path), before);
    assert.equal(existsSync(join(dataDir, 'api-token')), false);
  });

  test('when the database comes from a newer version', async (t) => {
    const world = await startWorld(t);
    await world.collector.close();
    const database = new DatabaseSync(join(world.dataDir, 'pinhole.sqlite'));
    database.exec("INSERT INTO kysely_migration VALUES ('999-from-the-future', '')");
    database.close();
    await refuses(t, { dataDir: world.dataDir }, 'database-newer');
  });

  test('when a secret file is empty', async (t) => {
    const dataDir = temporaryFolder(t);
    writeFileSync(join(dataDir, 'traversal-secret'), '');
    await refuses(t, { dataDir }, 'secret-file-damaged');
  });

  test('when a given token cannot be sent', async (t) => {
    await refuses(t, { apiToken: 'two words' }, 'token-not-usable');
  });

  test('when a file of networks is wrong, and then has made nothing', async (t) => {
    const folder = temporaryFolder(t);
    const networks = [join(folder, 'networks.csv')];
    const dataDir = join(folder, 'data');
    await refuses(t, { dataDir, networks }, 'networks-file-unusable');
    writeFileSync(networks[0]!, '198.51.100.0/24,64496,EXAMPLE\n198.51.100.1/24,64496,EXAMPLE\n');
    await refuses(t, { dataDir, networks }, 'networks-file-unusable');
    assert.equal(existsSync(dataDir), false);
  });

  test('when the port is taken, and then leaves the folder free', async (t) => {
    const other = createServer().listen(0, '127.0.0.1');
    t.after(() => other.close());
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const dataDir = temporaryFolder(t);
    await refuses(t, { dataDir, listen: { host: '127.0.0.1', port } }, 'port-in-use');
    await startWorld(t, { dataDir });
  });

  test('when the address is none of this machine', async (t) => {
    await refuses(t, { listen: { host: '192.0.2.1', port: 0 } }, 'address-not-available');
  });
});
