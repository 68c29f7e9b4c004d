import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maxTestVersions } from '@pinhole/contract';
import { temporaryFolder } from '../../test/harness.ts';
import { openStore } from './open.ts';
import { findVersion, keepVersion, listVersions } from './test-versions.ts';
import { addTest, changeTest, deleteTest, findTest, type TestDefinition } from './tests.ts';

const definition: TestDefinition = {
  testName: 'a test',
  enabled: true,
  intervalS: 60,
  targetAgentId: '2',
  sourceAgentIds: [],
  settings: {
    description: null,
    direction: 'to-target',
    protocol: 'tcp',
    dscpId: '0',
    mss: null,
    fixedPacketRate: null,
    numPathTraces: 3,
    pathTraceMode: 'classic',
    randomizedStartTime: false,
    throughputMeasurements: false,
    throughputDuration: 10_000,
    throughputRate: null,
    alertsEnabled: true,
    alertRules: null,
  },
};

test('the oldest versions make room, those of another test do not', async (t) => {
  const { db, close } = await openStore(temporaryFolder(t));
  t.after(close);
  const other = await addTest(db, { ...definition, testName: 'other' }, 1, null);
  const testId = await addTest(db, definition, 1, 'somebody');
  const [first] = await listVersions(db, testId, 1);
  await db.transaction().execute(async (tx) => {
    for (let version = 2; version <= maxTestVersions + 3; version += 1)
      await keepVersion(tx, testId, definition, version, null);
  });
  const kept = await listVersions(db, testId, 10_000);
  assert.deepEqual(
    [kept.length, kept[0]!.createdAtMs, kept.at(-1)!.createdAtMs],
    [maxTestVersions, maxTestVersions + 3, 4],
  );
  assert.equal(await findVersion(db, (await findTest(db, testId))!, first!.versionId), null);
  assert.equal((await listVersions(db, other, 10)).length, 1);
});

test('a version is of one test only, and goes with it', async (t) => {
  const { db, close } = await openStore(temporaryFolder(t));
  t.after(close);
  const [one, two] = [
    await addTest(db, definition, 1, 'somebody'),
    await addTest(db, { ...definition, testName: 'other' }, 1, null),
  ];
  const test = (await findTest(db, one))!;
  await changeTest(db, test, { ...test, intervalS: 300 }, 2, null);
  const [last, first] = await listVersions(db, one, 10);
  assert.deepEqual([last!.createdBy, first!.createdBy], [null, 'somebody']);
  assert.equal((await findVersion(db, test, first!.versionId))?.intervalS, 60);
  assert.equal(await findVersion(db, (await findTest(db, two))!, first!.versionId), null);
  await deleteTest(db, one);
  assert.deepEqual(await listVersions(db, one, 10), []);
});
