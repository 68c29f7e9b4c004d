// What an alert rule must fulfil beyond the form of its members. Pure.

import type { AlertNotifications, AlertRuleRequest, FieldError } from '@pinhole/contract';
import { conditionsOf, parseExpression } from '../alerts/expression.ts';
import type { AlertRuleDefinition } from '../store/alert-rules.ts';

/** v7's, where it names one. */
const defaults: Omit<AlertRuleDefinition, 'ruleName' | 'expression' | 'roundsViolatingOutOf'> = {
  description: null,
  direction: 'bidirectional',
  notifyOnClear: false,
  minimumSources: 1,
  minimumSourcesPct: null,
  roundsViolatingMode: 'any',
  roundsViolatingRequired: 1,
  severity: 'info',
  notifications: {},
};

/** Members that the request leaves out keep their values, or get the defaults. `newId` names integrations that have no id. */
export function wantedRule(
  request: AlertRuleRequest,
  before: AlertRuleDefinition | null,
  newId: () => string,
): AlertRuleDefinition {
  const kept = before ?? defaults;
  const sources =
    request.minimumSources === undefined && request.minimumSourcesPct === undefined
      ? { minimumSources: kept.minimumSources, minimumSourcesPct: kept.minimumSourcesPct }
      : {
          minimumSources: request.minimumSources ?? null,
          minimumSourcesPct: request.minimumSourcesPct ?? null,
        };
  return {
    ruleName: request.ruleName,
    expression: request.expression.trim(),
    description: request.description ?? kept.description,
    direction: request.direction ?? kept.direction,
    notifyOnClear: request.notifyOnClear ?? kept.notifyOnClear,
    ...sources,
    roundsViolatingMode: request.roundsViolatingMode ?? kept.roundsViolatingMode,
    roundsViolatingRequired: request.roundsViolatingRequired ?? kept.roundsViolatingRequired,
    roundsViolatingOutOf: request.roundsViolatingOutOf,
    severity: request.severity ?? kept.severity,
    notifications:
      request.notifications === undefined ? kept.notifications : withIds(request.notifications, newId),
  };
}

function withIds(notifications: AlertNotifications, newId: () => string): AlertNotifications {
  const { webhook, customWebhook } = notifications;
  const named = <H extends { integrationId?: string | undefined }>(hooks: readonly H[]) =>
    hooks.map((hook) => ({ ...hook, integrationId: hook.integrationId ?? newId() }));
  return {
    ...notifications,
    ...(webhook !== undefined && { webhook: named(webhook) }),
    ...(customWebhook !== undefined && { customWebhook: named(customWebhook) }),
  };
}

export function ruleErrors(rule: AlertRuleDefinition): FieldError[] {
  const errors: FieldError[] = [];
  if (rule.roundsViolatingRequired > rule.roundsViolatingOutOf)
    errors.push({
      code: 'rounds-required-too-many',
      field: 'roundsViolatingRequired',
      message: `Is ${rule.roundsViolatingRequired}, which is more than roundsViolatingOutOf.`,
    });
  const parsed = parseExpression(rule.expression);
  if (!parsed.ok) {
    const message = `At character ${parsed.at}: ${parsed.reason}.`;
    return [...errors, { code: 'invalid-expression', field: 'expression', message }];
  }
  const conditions = conditionsOf(parsed.expression);
  const both = conditions.filter(({ bothWays }) => bothWays).length;
  if (both > 0 && both < conditions.length)
    errors.push({
      code: 'mixed-ways',
      field: 'expression',
      message: 'Metrics of both ways and of one direction cannot stand in one rule. Make two.',
    });
  else if (both > 0 && rule.direction !== 'bidirectional')
    errors.push({
      code: 'direction-not-both-ways',
      field: 'direction',
      message: 'Metrics of both ways need the direction bidirectional.',
    });
  return errors;
}

/** Whether rounds are judged differently from before. */
export function judgesOtherwise(before: AlertRuleDefinition, after: AlertRuleDefinition): boolean {
  const terms = (rule: AlertRuleDefinition) => [
    rule.expression,
    rule.direction,
    rule.minimumSources,
    rule.minimumSourcesPct,
    rule.roundsViolatingMode,
    rule.roundsViolatingRequired,
    rule.roundsViolatingOutOf,
  ];
  return JSON.stringify(terms(before)) !== JSON.stringify(terms(after));
}
