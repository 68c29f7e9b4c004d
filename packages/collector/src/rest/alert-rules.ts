// /v7/alerts/rules and /v7/alerts/rules/{ruleId}

import {
  type AlertRuleDetail,
  type AlertRuleRequest,
  alertRuleRequestSchema,
  type ChangedAlertRule,
  halMediaType,
} from '@pinhole/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { restartRule, sweepAlerts } from '../alerts/judge.ts';
import type { Context } from '../context.ts';
import {
  type AlertRule,
  addAlertRule,
  changeAlertRule,
  deleteAlertRule,
  findAlertRule,
  linkedRules,
  listAlertRules,
  nameRulesOfTest,
} from '../store/alert-rules.ts';
import type { Store } from '../store/schema.ts';
import { listScheduledTests, type TestRecord } from '../store/tests.ts';
import { uuid } from '../store/uuid.ts';
import { alertRuleBody, alertRuleUrl, changedAlertRuleBody, withTargets } from './alert-rule-bodies.ts';
import { judgesOtherwise, ruleErrors, wantedRule } from './alert-rule-requests.ts';
import { baseUrl } from './base-url.ts';
import { simpleTestBody } from './bodies.ts';
import { invalidRequest, notFound, parseRequest } from './problem.ts';
import { shownAddress } from './requester.ts';
import { resource } from './resource.ts';

export function alertRuleRoutes(app: FastifyInstance, context: Context): void {
  const { db, clock, random, outgoing } = context;
  const newId = () => uuid(random);

  resource(app, '/v7/alerts/rules', {
    async GET(request, reply) {
      const rules = await listAlertRules(db);
      reply.type(halMediaType);
      return {
        alertRules: rules.map(alertRuleBody),
        _links: { self: { href: `${baseUrl(context, request)}/v7/alerts/rules` } },
      };
    },
    async POST(request, reply) {
      const wanted = parseRequest(alertRuleRequestSchema, request.body);
      const changed = await db.transaction().execute(async (tx) => {
        const definition = wantedRule(wanted, null, newId);
        refuse(ruleErrors(definition));
        const ruleId = await addAlertRule(tx, definition, wanted.isDefault ?? false);
        return await link(tx, request, ruleId, wanted);
      });
      outgoing.wake();
      reply.code(201).type(halMediaType);
      reply.header('location', alertRuleUrl(changed.ruleId, baseUrl(context, request)));
      return changed;
    },
  });

  resource(app, '/v7/alerts/rules/:ruleId', {
    async GET(request, reply): Promise<AlertRuleDetail> {
      const rule = await existing(db, request);
      const tests = (await listScheduledTests(db)).filter(await isAt(db, rule.ruleId));
      const base = baseUrl(context, request);
      reply.type(halMediaType);
      const shown = changedAlertRuleBody(rule, tests.map(idOf), base);
      return {
        ...shown,
        notifications: withTargets(shown.notifications, (url) => shownAddress(request, url)),
        tests: tests.map((test) => ({
          ...simpleTestBody(test, base),
          alertsEnabled: test.settings.alertsEnabled,
        })),
      };
    },
    async PUT(request, reply) {
      const wanted = parseRequest(alertRuleRequestSchema, request.body);
      const changed = await db.transaction().execute(async (tx) => {
        const before = await existing(tx, request);
        const definition = wantedRule(wanted, before, newId);
        refuse(ruleErrors(definition));
        if (judgesOtherwise(before, definition)) await restartRule(context, tx, before, clock.wallMs());
        await changeAlertRule(tx, before.ruleId, definition, wanted.isDefault ?? before.isDefault);
        return await link(tx, request, before.ruleId, wanted);
      });
      outgoing.wake();
      reply.type(halMediaType);
      return changed;
    },
    async DELETE(request, reply) {
      await db.transaction().execute(async (tx) => {
        const rule = await existing(tx, request);
        await restartRule(context, tx, rule, clock.wallMs());
        for (const { testId, settings } of await listScheduledTests(tx))
          if (settings.alertRules?.includes(rule.ruleId) === true)
            await nameRulesOfTest(tx, testId, settings.alertRules.filter(isNot(rule.ruleId)));
        await deleteAlertRule(tx, rule.ruleId);
      });
      outgoing.wake();
      return reply.code(204).send();
    },
  });

  /** Puts the rule at the tests that the request names, as far as it does, and no others. */
  async function link(
    tx: Store,
    request: FastifyRequest,
    ruleId: string,
    { testIds }: AlertRuleRequest,
  ): Promise<ChangedAlertRule> {
    if (testIds !== undefined) {
      const tests = await listScheduledTests(tx);
      const known = new Set(tests.map(idOf));
      const isUnknown = (testId: string) => !known.has(testId);
      refuse(
        [...testIds.entries()]
          .filter(([, testId]) => isUnknown(testId))
          .map(([index, testId]) => ({
            code: 'unknown-test',
            field: `testIds.${index}`,
            message: `There is no test ${testId}.`,
          })),
      );
      const rules = await listAlertRules(tx);
      for (const { testId, settings } of tests) {
        const linked = linkedRules(settings.alertRules, rules).map((rule) => rule.ruleId);
        if (testIds.includes(testId) === linked.includes(ruleId)) continue;
        const after = testIds.includes(testId) ? [...linked, ruleId] : linked.filter(isNot(ruleId));
        await nameRulesOfTest(tx, testId, after);
      }
    }
    await sweepAlerts(context, tx, clock.wallMs());
    const rule = (await findAlertRule(tx, ruleId))!;
    const tests = (await listScheduledTests(tx)).filter(await isAt(tx, ruleId));
    return changedAlertRuleBody(rule, tests.map(idOf), baseUrl(context, request));
  }
}

/** The rule that the path names. Throws 404. */
async function existing(db: Store, request: FastifyRequest): Promise<AlertRule> {
  const { ruleId } = request.params as { ruleId: string };
  const rule = await findAlertRule(db, ruleId);
  if (rule === null) throw notFound(`There is no alert rule ${ruleId}.`);
  return rule;
}

async function isAt(db: Store, ruleId: string): Promise<(test: TestRecord) => boolean> {
  const rules = await listAlertRules(db);
  return ({ settings }) => linkedRules(settings.alertRules, rules).some((rule) => rule.ruleId === ruleId);
}

function refuse(errors: Parameters<typeof invalidRequest>[0]): void {
  if (errors.length > 0) throw invalidRequest(errors);
}

function idOf({ testId }: TestRecord): string {
  return testId;
}

function isNot(ruleId: string): (other: string) => boolean {
  return (other) => other !== ruleId;
}
