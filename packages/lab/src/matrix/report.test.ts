import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matrixPage } from './html.ts';
import { type CellResult, isAsExpected, type Outcome, outcomeOf, resultLine } from './outcome.ts';
import { matrixText } from './text.ts';

const punched: Outcome = { kind: 'connected', method: 'punched', lossPercent: 0 };
const failed: Outcome = {
  kind: 'failed',
  sentence: 'Connection to target agent failed',
  evidence: '14 checks sent, none answered',
};
const result = (source: 'eim-apdf' | 'apdm-apdf', outcome: Outcome): CellResult => ({
  cell: { source, target: 'eim-apdf', protocol: 'udp' },
  outcome,
  afterMs: 1940,
});

const good = [result('eim-apdf', punched), result('apdm-apdf', failed)];
const bad = [result('eim-apdf', failed), result('apdm-apdf', failed)];

test('a cell is as expected where its words are, an error that is not yet overcome too', () => {
  assert.deepEqual(good.map(isAsExpected), [true, true]);
  assert.deepEqual(bad.map(isAsExpected), [false, true]);
  assert.equal(isAsExpected(result('apdm-apdf', punched)), false);
});

test('the line of a cell has the evidence, and what was expected instead', () => {
  assert.equal(resultLine(result('eim-apdf', punched)), 'UDP eim-apdf → eim-apdf: punched after 1.9 s');
  assert.equal(
    resultLine(result('eim-apdf', failed)),
    'UDP eim-apdf → eim-apdf: Connection to target agent failed after 1.9 s (14 checks sent, none answered); expected: punched',
  );
});

test('the text has a row and a column for each kind, letters that it explains, and a mark on what differs', () => {
  const text = matrixText(bad);
  assert.match(text, /^Over UDP: .*\n\n +1 +2\n 1 eim-apdf +!A1\.9\n 2 apdm-apdf +A1\.9\n/);
  assert.match(text, /\n {2}A {2}Connection to target agent failed\n/);
  assert.match(text, /\n2 pairs: 0 connected; 1 wait .*; 1 not as expected:\n {2}UDP eim-apdf → eim-apdf: /);
  assert.match(matrixText(good), /0 not as expected\.$/);
});

test('a letter means the same in the grids of both protocols', () => {
  const overTcp: CellResult = {
    ...result('eim-apdf', { ...failed, sentence: 'Another error' }),
    cell: { source: 'eim-apdf', target: 'eim-apdf', protocol: 'tcp' },
  };
  const text = matrixText([result('apdm-apdf', failed), overTcp]);
  assert.match(text, /Over UDP:[\s\S]* 2 apdm-apdf +B1\.9\n[\s\S]*Over TCP:[\s\S]* 1 eim-apdf +!A1\.9\n/);
  assert.match(text, /\n {2}A {2}Another error\n {2}B {2}Connection to target agent failed\n/);
});

test('the page says in words what it shows, and needs nothing from elsewhere', () => {
  const page = matrixPage(bad);
  assert.match(page, /Connection to target agent failed, 1\.9 s<br>expected: punched/);
  assert.match(page, /<br>not yet: needs birthday search/);
  assert.doesNotMatch(page, /<script|<link|https?:|src=/);
});

test('what agents say of a failure does not become part of the page', () => {
  const page = matrixPage([result('eim-apdf', { ...failed, evidence: '"><img src=x>' })]);
  assert.doesNotMatch(page, /<img/);
});

test('a round is as good as the worse of its directions', () => {
  const row = {
    agent: { agentId: '1' },
    targetAgent: { agentId: '2' },
    date: '2026-01-01T00:00:00Z',
    roundId: 1,
    startTime: 1,
    endTime: 2,
    direction: 'to-target',
    method: 'punched',
    _links: { appLink: { href: '/' } },
  } as const;
  assert.deepEqual(
    outcomeOf([
      { ...row, loss: 0 },
      { ...row, direction: 'from-target', loss: 4 },
    ]),
    {
      kind: 'connected',
      method: 'punched',
      lossPercent: 4,
    },
  );
  const lost = { ...row, direction: 'from-target', errorDetails: 'lost', errorEvidence: 'silence' } as const;
  assert.deepEqual(outcomeOf([{ ...row, loss: 0 }, lost]), {
    kind: 'failed',
    sentence: 'lost',
    evidence: 'silence',
  });
});
