import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matrixPage } from './html.ts';
import { type CellResult, isAsExpected, type Outcome, outcomeOf, resultLine } from './outcome.ts';
import { matrixText } from './text.ts';

const connected = (method: 'punched' | 'searched', connectMs: number | null = 80): Outcome => ({
  kind: 'connected',
  method,
  connectMs,
  lossPercent: 0,
});
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

const good = [result('eim-apdf', connected('punched')), result('apdm-apdf', connected('searched', 1430))];
const bad = [result('eim-apdf', failed), result('apdm-apdf', connected('searched', null))];

test('a cell is as expected where its words are', () => {
  assert.deepEqual(good.map(isAsExpected), [true, true]);
  assert.deepEqual(bad.map(isAsExpected), [false, true]);
  assert.equal(isAsExpected(result('apdm-apdf', connected('punched'))), false);
});

test('the line of a cell has its times, the evidence, and what was expected instead', () => {
  assert.equal(resultLine(good[0]!), 'UDP eim-apdf → eim-apdf: punched in 0.08 s, result after 1.9 s');
  assert.equal(
    resultLine(bad[0]!),
    'UDP eim-apdf → eim-apdf: Connection to target agent failed after 1.9 s (14 checks sent, none answered); expected: punched',
  );
  assert.equal(resultLine(bad[1]!), 'UDP apdm-apdf → eim-apdf: searched, result after 1.9 s');
});

test('the text has a row and a column for each kind, letters that it explains, and a mark on what differs', () => {
  const text = matrixText(good);
  assert.match(text, /^Over UDP: .*\n\n +1 +2\n 1 eim-apdf +p0\.08\/1\.9\n 2 apdm-apdf +s1\.43\/1\.9\n/);
  assert.match(text, /\n {2}p {2}punched\n {2}r {2}predicted\n {2}s {2}searched\n/);
  assert.match(
    text,
    /\n2 tests: 0 direct, 1 punched, 0 predicted, 1 searched, 0 failed; 0 not as expected\.\n/,
  );
  assert.match(matrixText(bad), /\n 1 eim-apdf +!A1\.9\n 2 apdm-apdf +s1\.9\n/);
  assert.match(matrixText(bad), /\n {2}A {2}Connection to target agent failed\n/);
});

test('what differs is listed by what it should have been and what it came to', () => {
  assert.match(
    matrixText(bad),
    /; 1 not as expected:\n {2}1 × punched expected, came to Connection to target agent failed:\n {4}UDP eim-apdf → eim-apdf: /,
  );
});

test('of a pair that is tested several times, the first is shown', () => {
  const [first, second] = [
    result('eim-apdf', connected('punched', 70)),
    result('eim-apdf', connected('punched', 90)),
  ];
  assert.match(matrixText([first, second]), /p0\.07/);
  assert.doesNotMatch(matrixText([first, second]), /p0\.09/);
  assert.match(matrixPage([first, second]), /<td class="punched"[^>]*>punched in 0\.07 s/);
});

test('a letter means the same in the grids of both protocols', () => {
  const overTcp: CellResult = {
    ...result('eim-apdf', { ...failed, sentence: 'Another error' }),
    cell: { source: 'eim-apdf', target: 'eim-apdf', protocol: 'tcp' },
  };
  const text = matrixText([result('apdm-apdf', failed), overTcp]);
  assert.match(text, /Over UDP:[\s\S]* 2 apdm-apdf +!B1\.9\n[\s\S]*Over TCP:[\s\S]* 1 eim-apdf +!A1\.9\n/);
  assert.match(text, /\n {2}A {2}Another error\n {2}B {2}Connection to target agent failed\n/);
});

test('the page says in words what it shows, and needs nothing from elsewhere', () => {
  const page = matrixPage(bad);
  assert.match(page, /Connection to target agent failed after 1\.9 s<br>expected: punched/);
  assert.match(page, /<td class="searched"[^>]*>searched, result after 1\.9 s/);
  assert.match(page, /Times:/);
  assert.doesNotMatch(page, /<script|<link|https?:|src=/);
});

test('what agents say of a failure does not become part of the page', () => {
  const page = matrixPage([result('eim-apdf', { ...failed, evidence: '"><img src=x>' })]);
  assert.doesNotMatch(page, /<img/);
});

test('a round is as good as the worse of its directions, and its source says how it connected', () => {
  const row = {
    agent: { agentId: '1' },
    targetAgent: { agentId: '2' },
    date: '2026-01-01T00:00:00Z',
    roundId: 1,
    startTime: 1,
    endTime: 2,
    direction: 'to-target',
    _links: { appLink: { href: '/' } },
  } as const;
  const back = { ...row, direction: 'from-target', method: 'searched', connectMs: 812.5 } as const;
  assert.deepEqual(
    outcomeOf([
      { ...row, method: 'direct', connectMs: 3, loss: 0 },
      { ...back, loss: 4 },
    ]),
    { kind: 'connected', method: 'searched', connectMs: 812.5, lossPercent: 4 },
  );
  const lost = { ...row, direction: 'from-target', errorDetails: 'lost', errorEvidence: 'silence' } as const;
  assert.deepEqual(outcomeOf([{ ...row, loss: 0 }, lost]), {
    kind: 'failed',
    sentence: 'lost',
    evidence: 'silence',
  });
});
