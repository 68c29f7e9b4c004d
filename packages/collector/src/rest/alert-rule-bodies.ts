// Alert rules as REST shows them. Pure.

import type { AlertRuleBody, ChangedAlertRule, TestAlertRule } from '@pinhole/contract';
import type { AlertRule } from '../store/alert-rules.ts';
import { optional } from './optional.ts';

/** In v7's list. */
export function alertRuleBody(rule: AlertRule): AlertRuleBody {
  return {
    ruleId: rule.ruleId,
    ruleName: rule.ruleName,
    expression: rule.expression,
    ...optional('description', rule.description),
    direction: rule.direction,
    notifyOnClear: rule.notifyOnClear,
    isDefault: rule.isDefault,
    alertType: 'end-to-end-agent',
    alertGroupType: 'cloud-enterprise',
    ...optional('minimumSources', rule.minimumSources),
    ...optional('minimumSourcesPct', rule.minimumSourcesPct),
    roundsViolatingMode: rule.roundsViolatingMode,
    roundsViolatingOutOf: rule.roundsViolatingOutOf,
    roundsViolatingRequired: rule.roundsViolatingRequired,
    severity: rule.severity,
  };
}

/** Inside a test. */
export function testAlertRuleBody(rule: AlertRule): TestAlertRule {
  const { description: _, notifyOnClear: __, alertGroupType: ___, ...shown } = alertRuleBody(rule);
  return shown;
}

/** `testIds`: of the tests that it is at. `baseUrl` without a slash at its end. */
export function changedAlertRuleBody(
  rule: AlertRule,
  testIds: readonly string[],
  baseUrl: string,
): ChangedAlertRule {
  return {
    ...alertRuleBody(rule),
    notifications: rule.notifications,
    testIds: [...testIds],
    limitations: limitations(rule),
    _links: { self: { href: alertRuleUrl(rule.ruleId, baseUrl) } },
  };
}

/** With other addresses of webhooks. */
export function withTargets(
  notifications: AlertRule['notifications'],
  shown: (target: string) => string,
): AlertRule['notifications'] {
  const { webhook, customWebhook } = notifications;
  const changed = <T extends { readonly target: string }>(hooks: readonly T[]) =>
    hooks.map((hook) => ({ ...hook, target: shown(hook.target) }));
  return {
    ...notifications,
    ...(webhook !== undefined && { webhook: changed(webhook) }),
    ...(customWebhook !== undefined && { customWebhook: changed(customWebhook) }),
  };
}

export function alertRuleUrl(ruleId: string, baseUrl: string): string {
  return `${baseUrl}/v7/alerts/rules/${ruleId}`;
}

function limitations({ notifications: { email, thirdParty } }: AlertRule): string[] {
  const sentences: string[] = [];
  if ((email?.recipients?.length ?? 0) > 0)
    sentences.push('No mail is sent: Pinhole has no mail server. Use a webhook.');
  if ((thirdParty?.length ?? 0) > 0)
    sentences.push(
      'Nothing is sent to third-party integrations: Pinhole does not know their addresses. Use a webhook.',
    );
  return sentences;
}
