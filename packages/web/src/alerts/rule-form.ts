// The form of an alert rule: what was typed, and the request that it makes. Pure.

import {
  type AlertRuleDetail,
  type AlertRuleRequest,
  type AlertSeverity,
  alertRuleRequestSchema,
  type Direction,
} from '@pinhole/contract';

export interface RuleForm {
  readonly ruleName: string;
  readonly expression: string;
  readonly description: string;
  readonly direction: Direction;
  readonly severity: AlertSeverity;
  readonly roundsViolatingRequired: string;
  readonly roundsViolatingOutOf: string;
  readonly minimumSources: string;
  readonly isDefault: boolean;
  readonly notifyOnClear: boolean;
  readonly testIds: readonly string[];
  /** One address a line. */
  readonly webhooks: string;
}

export type RuleErrors = Partial<Record<keyof RuleForm, string>>;

export const emptyRule: RuleForm = {
  ruleName: '',
  expression: '((loss >= 20 %))',
  description: '',
  direction: 'bidirectional',
  severity: 'info',
  roundsViolatingRequired: '1',
  roundsViolatingOutOf: '1',
  minimumSources: '1',
  isDefault: false,
  notifyOnClear: true,
  testIds: [],
  webhooks: '',
};

export function ruleFormOf(rule: AlertRuleDetail): RuleForm {
  return {
    ruleName: rule.ruleName,
    expression: rule.expression,
    description: rule.description ?? '',
    direction: rule.direction,
    severity: rule.severity,
    roundsViolatingRequired: String(rule.roundsViolatingRequired),
    roundsViolatingOutOf: String(rule.roundsViolatingOutOf),
    minimumSources: rule.minimumSources === undefined ? '' : String(rule.minimumSources),
    isDefault: rule.isDefault,
    notifyOnClear: rule.notifyOnClear,
    testIds: rule.testIds,
    webhooks: (rule.notifications.webhook ?? []).map(({ target }) => target).join('\n'),
  };
}

export type RuleRequest =
  | { readonly kind: 'ok'; readonly body: AlertRuleRequest }
  | { readonly kind: 'errors'; readonly errors: RuleErrors };

/** `before`: the rule that is changed; what the form does not show of it stays as it is. */
export function ruleRequestOf(form: RuleForm, before: AlertRuleDetail | null): RuleRequest {
  const known = new Map((before?.notifications.webhook ?? []).map((webhook) => [webhook.target, webhook]));
  const targets = [...new Set(form.webhooks.split(/\s+/).filter((line) => line !== ''))];
  const minimumSources = numberOf(form.minimumSources);
  const parsed = alertRuleRequestSchema.safeParse({
    ruleName: form.ruleName,
    expression: form.expression.trim(),
    description: form.description.trim(),
    alertType: 'end-to-end-agent',
    direction: form.direction,
    severity: form.severity,
    roundsViolatingMode: before?.roundsViolatingMode,
    roundsViolatingRequired: numberOf(form.roundsViolatingRequired),
    roundsViolatingOutOf: numberOf(form.roundsViolatingOutOf),
    minimumSources,
    minimumSourcesPct: minimumSources === undefined ? before?.minimumSourcesPct : undefined,
    isDefault: form.isDefault,
    notifyOnClear: form.notifyOnClear,
    testIds: form.testIds,
    notifications: {
      ...before?.notifications,
      webhook: targets.map((target) => known.get(target) ?? { target, integrationType: 'webhook' }),
    },
  });
  if (parsed.success) return { kind: 'ok', body: parsed.data };
  const errors: RuleErrors = {};
  for (const { path } of parsed.error.issues) {
    const field = ruleFieldOf(String(path[0]));
    errors[field] = sentences[field] ?? 'This is not possible here.';
  }
  return { kind: 'errors', errors };
}

/** The field of the form that shows what the collector says of a member of the request. */
export function ruleFieldOf(member: string): keyof RuleForm {
  const name = member.split('.', 1)[0];
  return name === 'notifications' ? 'webhooks' : (name as keyof RuleForm);
}

const sentences: RuleErrors = {
  ruleName: 'A name has 1 to 255 characters.',
  expression: 'Write a condition, such as ((loss >= 20 %)).',
  roundsViolatingRequired: 'A whole number from 1 to 10, not more than the rounds looked at.',
  roundsViolatingOutOf: 'A whole number from 1 to 10.',
  minimumSources: 'A whole number from 1 to 500, or empty.',
  webhooks: 'Each line is an http or https address without a user name, 20 at most.',
};

function numberOf(text: string): number | undefined {
  const trimmed = text.trim();
  return trimmed === '' ? undefined : Number(trimmed);
}
