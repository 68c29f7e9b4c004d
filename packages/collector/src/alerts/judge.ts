// Puts results to the rules, in the transaction that keeps them: what has been judged is what is kept, also after a crash.

import type { RoundResult } from '@pinhole/contract';
import type { Random } from '@pinhole/net';
import { agentNames } from '../store/agents.ts';
import { type AlertRule, listAlertRules, rulesAt } from '../store/alert-rules.ts';
import {
  type AlertRecord,
  activeAlert,
  activeAlerts,
  addAlert,
  changeAlert,
  deleteAlertsBefore,
  forgetSeries,
  keepSeries,
  listWatched,
  readSeries,
} from '../store/alerts.ts';
import { resultsOfPair } from '../store/results.ts';
import type { Store } from '../store/schema.ts';
import { findTest, listScheduledTests, type TestRecord } from '../store/tests.ts';
import { uuid } from '../store/uuid.ts';
import { addDeliveries } from '../store/webhooks.ts';
import { type Expression, parseExpression } from './expression.ts';
import { type AlertMachineState, type Sample, type Series, seriesName, step } from './machine.ts';
import { notificationBody } from './notification.ts';
import { expectedSeries, isBothWays, judgedDirections, sampleOf, sampleOfBoth, termsOf } from './samples.ts';

export interface Judging {
  readonly random: Random;
  /** Without a slash at its end; null where nobody has said how the collector is reached. */
  readonly publicUrl: string | null;
}

/** `fresh`: results that were not had before. `tests`: those that they are of, by id. */
export async function judgeResults(
  judging: Judging,
  db: Store,
  fresh: readonly RoundResult[],
  tests: ReadonlyMap<string, TestRecord>,
  nowMs: number,
): Promise<void> {
  if (fresh.length === 0) return;
  const rules = await listAlertRules(db);
  for (const [testId, results] of Map.groupBy(fresh, (result) => result.testId)) {
    const test = tests.get(testId);
    if (test === undefined) continue;
    for (const rule of rulesAt(test, rules)) await judge(judging, db, rule, test, results, nowMs);
  }
}

async function judge(
  judging: Judging,
  db: Store,
  rule: AlertRule,
  test: TestRecord,
  results: readonly RoundResult[],
  nowMs: number,
): Promise<void> {
  const parsed = parseExpression(rule.expression);
  // REST refuses others.
  if (!parsed.ok) return;
  const { expression } = parsed;
  const directions = judgedDirections(rule, expression, test);
  const samples = isBothWays(expression)
    ? await samplesOfBoth(db, expression, results)
    : results.map((result) => sampleOf(expression, result));
  const judged = samples.filter(({ direction }) => directions.includes(direction));
  if (judged.length === 0) return;

  const expected = expectedSeries(test, directions);
  const names = new Set(expected.map(seriesName));
  // Those of sources and directions that the test has no more would keep their alert for ever.
  const series = new Map(
    (await readSeries(db, rule.ruleId, test.testId))
      .map((each): [string, Series] => [seriesName(each), each])
      .filter(([name]) => names.has(name)),
  );
  let alert = await activeAlert(db, rule.ruleId, test.testId);
  let state: AlertMachineState = { series, active: alert };
  const moved = new Map<string, Series>();
  const terms = termsOf(rule, test.sourceAgentIds.length);
  const rounds = [...Map.groupBy(judged, ({ roundId }) => roundId)].sort(([a], [b]) => a - b);
  for (const [, ofRound] of rounds) {
    const done = step(state, ofRound, terms, expected);
    state = done.state;
    for (const each of done.moved) moved.set(seriesName(each), each);
    const { effect } = done;
    if (effect === null) continue;
    const { sources, startRoundId } = effect.alert;
    if (effect.kind === 'triggered') {
      alert = newAlert(uuid(judging.random), rule, test, startRoundId, sources);
      await addAlert(db, alert);
      await notify(judging, db, rule, test, alert, nowMs);
    } else if (alert !== null) {
      const endedAtMs = effect.kind === 'cleared' ? effect.endRoundId * 1000 : null;
      alert = { ...alert, sources, endedAtMs };
      await changeAlert(db, alert);
      if (effect.kind === 'cleared') await notify(judging, db, rule, test, alert, nowMs);
    }
  }
  await keepSeries(db, rule.ruleId, test.testId, [...moved.values()]);
}

async function samplesOfBoth(
  db: Store,
  expression: Expression,
  results: readonly RoundResult[],
): Promise<Sample[]> {
  const pairs = new Map(results.map((result) => [`${result.sourceAgentId}|${result.roundId}`, result]));
  const samples: Sample[] = [];
  for (const pair of pairs.values()) {
    const sample = sampleOfBoth(expression, await resultsOfPair(db, pair));
    if (sample !== null) samples.push(sample);
  }
  return samples;
}

function newAlert(
  alertId: string,
  rule: AlertRule,
  { testId, testName }: TestRecord,
  startRoundId: number,
  sources: AlertRecord['sources'],
): AlertRecord {
  const { ruleId, ruleName, expression, direction, severity } = rule;
  const startedAtMs = startRoundId * 1000;
  const about = { ruleId, ruleName, expression, direction, severity, testId, testName };
  return { ...about, alertId, startRoundId, startedAtMs, endedAtMs: null, sources };
}

/** `test` null: it is gone. */
async function notify(
  { random, publicUrl }: Judging,
  db: Store,
  { notifyOnClear, notifications }: AlertRule,
  test: TestRecord | null,
  alert: AlertRecord,
  nowMs: number,
): Promise<void> {
  if (alert.endedAtMs !== null && !notifyOnClear) return;
  const targets = [...(notifications.webhook ?? []), ...(notifications.customWebhook ?? [])];
  if (targets.length === 0) return;
  const names = { agents: await agentNames(db), targetAgentId: test?.targetAgentId ?? null, publicUrl };
  const deliveries = targets.map(({ target }) => ({
    alertId: alert.alertId,
    target,
    body: JSON.stringify(notificationBody(uuid(random), alert, names)),
  }));
  await addDeliveries(db, deliveries, nowMs);
}

/** What the rule has found so far counts no more: it is another, or about to be deleted. */
export async function restartRule(
  judging: Judging,
  db: Store,
  rule: AlertRule,
  nowMs: number,
): Promise<void> {
  await forgetSeries(db, rule.ruleId, null);
  for (const alert of await activeAlerts(db))
    if (alert.ruleId === rule.ruleId) await end(judging, db, rule, alert, nowMs);
}

/** How long cleared alerts are kept. */
const keptMs = 90 * 86_400_000;

/** Ends the alerts of rules and tests that do not belong together any more: deleted, disabled, taken apart. */
export async function sweepAlerts(judging: Judging, db: Store, nowMs: number): Promise<void> {
  const rules = await listAlertRules(db);
  const inForce = new Set(
    (await listScheduledTests(db)).flatMap((test) =>
      rulesAt(test, rules).map(({ ruleId }) => `${ruleId}|${test.testId}`),
    ),
  );
  const isOver = ({ ruleId, testId }: { ruleId: string; testId: string }) =>
    !inForce.has(`${ruleId}|${testId}`);
  for (const { ruleId, testId } of (await listWatched(db)).filter(isOver))
    await forgetSeries(db, ruleId, testId);
  for (const alert of (await activeAlerts(db)).filter(isOver)) {
    const rule = rules.find(({ ruleId }) => ruleId === alert.ruleId) ?? null;
    await end(judging, db, rule, alert, nowMs);
  }
  await deleteAlertsBefore(db, nowMs - keptMs);
}

async function end(
  judging: Judging,
  db: Store,
  rule: AlertRule | null,
  alert: AlertRecord,
  nowMs: number,
): Promise<void> {
  const sources = alert.sources.map((source) => ({ ...source, violates: false }));
  const ended = { ...alert, sources, endedAtMs: Math.max(nowMs, alert.startedAtMs) };
  await changeAlert(db, ended);
  if (rule !== null) await notify(judging, db, rule, await findTest(db, alert.testId), ended, nowMs);
}
