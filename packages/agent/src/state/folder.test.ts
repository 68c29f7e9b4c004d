import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { AgentConfig } from '@pinhole/contract';
import { AgentError, type AgentErrorCode } from '../errors.ts';
import { StateFolder } from './folder.ts';

const identity = { agentId: '11', agentSecret: 'a secret of the agent', collectorUrl: 'https://c.example' };
const config: AgentConfig = {
  agentId: '11',
  agentName: 'agent',
  enabled: true,
  behindNat: false,
  traversal: null,
  assignments: [],
};

function parent(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'pinhole-state-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function open(t: TestContext, path: string): StateFolder {
  const folder = new StateFolder(path);
  t.after(() => folder.close());
  return folder;
}

function code(expected: AgentErrorCode) {
  return (error: unknown) => error instanceof AgentError && error.code === expected;
}

describe('the state folder', () => {
  it('is made where it is not there, for its user alone', (t) => {
    const path = join(parent(t), 'deep', 'down');
    const folder = open(t, path);
    assert.equal(statSync(path).mode & 0o777, 0o700);
    assert.deepEqual([folder.identity(), folder.heldConfig()], [null, null]);
  });

  it('that is there already keeps its mode: it may be somebody else’s as well', (t) => {
    const path = parent(t);
    chmodSync(path, 0o755);
    open(t, path);
    assert.equal(statSync(path).mode & 0o777, 0o755);
  });

  it('keeps identity and configuration over a restart, in files of mode 600', async (t) => {
    const path = parent(t);
    const before = open(t, path);
    await before.keepIdentity(identity);
    await before.keepConfig(config);
    before.close();
    const after = open(t, path);
    assert.deepEqual(after.identity(), identity);
    assert.deepEqual(after.heldConfig(), config);
    for (const name of ['agent.json', 'config.json']) {
      assert.equal(statSync(join(path, name)).mode & 0o777, 0o600);
      assert.equal(existsSync(join(path, `${name}.new`)), false);
    }
  });

  it('is emptied of what belonged to another identity', async (t) => {
    const folder = open(t, parent(t));
    await folder.keepIdentity(identity);
    await folder.keepConfig(config);
    folder.spool.add([
      {
        outcome: 'failed',
        testId: '7',
        roundId: 60,
        sourceAgentId: '11',
        targetAgentId: '22',
        direction: 'to-target',
        startedAtMs: 0,
        finishedAtMs: 0,
        errorCode: 'session-lost',
        party: 'target',
        evidence: '',
      },
    ]);
    await folder.keepIdentity({ ...identity, agentId: '12', collectorUrl: 'https://other.example' });
    assert.equal(folder.identity()?.agentId, '12');
    assert.equal(folder.heldConfig(), null);
    assert.equal(folder.spool.size, 0);
  });

  it('forgets a configuration, also where there is none', async (t) => {
    const folder = open(t, parent(t));
    await folder.keepConfig(config);
    await folder.forgetConfig();
    await folder.forgetConfig();
    assert.equal(folder.heldConfig(), null);
  });

  for (const [name, text] of [
    ['empty', ''],
    ['cut', '{"agentId":"11"'],
    ['of another shape', '{"agentId":11}'],
  ] as const) {
    it(`does not begin anew over an identity that is ${name}, and says which file`, (t) => {
      const path = parent(t);
      const file = join(path, 'agent.json');
      writeFileSync(file, text);
      const folder = open(t, path);
      assert.throws(
        () => folder.identity(),
        (error) => code('state-folder-unusable')(error) && String(error).includes(file),
      );
      assert.equal(readFileSync(file, 'utf8'), text);
    });

    it(`goes on without a configuration that is ${name}: the collector has it`, (t) => {
      const path = parent(t);
      writeFileSync(join(path, 'config.json'), text);
      assert.equal(open(t, path).heldConfig(), null);
    });
  }

  it('is one agent’s at a time', async (t) => {
    const path = parent(t);
    const first = open(t, path);
    await first.keepIdentity(identity);
    assert.throws(() => new StateFolder(path), code('state-folder-in-use'));
    first.close();
    open(t, path);
  });

  it('cannot be a file', (t) => {
    const path = join(parent(t), 'file');
    writeFileSync(path, '');
    assert.throws(() => new StateFolder(path), code('state-folder-unusable'));
  });

  it('that cannot be written to is an AgentError when the identity is to be kept', async (t) => {
    const path = parent(t);
    const folder = open(t, path);
    // A folder stands where the file is first written.
    mkdirSync(join(path, 'agent.json.new'));
    await assert.rejects(folder.keepIdentity(identity), code('state-folder-unusable'));
  });
});
