// /v7/alerts/rules and /v7/alerts

import { z } from 'zod';
import { agentIdSchema, directionSchema, testIdSchema } from '../primitives.ts';
import { dateTimeSchema, hasNoUser, idListSchema, linkSchema, selfLinksSchema } from './common.ts';
import { simpleTestSchema } from './tests.ts';
import { timeRangeQuerySchema } from './time-range.ts';

/** Of v7's types, the one that agent-to-agent tests have. */
export const alertTypeSchema = z.literal('end-to-end-agent');

export const alertSeverities = ['info', 'minor', 'major', 'critical', 'unknown'] as const;
export const alertSeveritySchema = z.enum(alertSeverities);
export type AlertSeverity = z.infer<typeof alertSeveritySchema>;

export const alertStateSchema = z.enum(['trigger', 'clear']);
export type AlertState = z.infer<typeof alertStateSchema>;

/** `exact`: the same agents in each of the rounds; `any`: whichever agents. */
export const roundsViolatingModeSchema = z.enum(['exact', 'any']);

/** v7's bounds of "X of Y times". */
export const maxAlertRounds = 10;
const alertRoundsSchema = z.int().min(1).max(maxAlertRounds);
const sourceCountSchema = z.int().min(1).max(500);
const sourcePercentSchema = z.int().min(1).max(100);
const ruleIdSchema = z.string().regex(/^\d{1,19}$/, 'a rule id is a decimal number');

// ---- notifications -----------------------------------------------------------------------------------------------

/** Where to post to. What was configured is used as it is: see docs/operating.md. */
const targetSchema = z
  .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
  .max(2000)
  .refine(hasNoUser, {
    error: 'must not contain a user name or password; use a path or query that is secret',
  });

const webhookShape = {
  /** One is made where none is given. */
  integrationId: z.string().min(1).max(100).optional(),
  integrationName: z.string().max(200).optional(),
  target: targetSchema,
};

/** Bounds what one alert sends. */
const maxTargets = 20;

export const alertNotificationsSchema = z.object({
  /** Kept and given back; Pinhole sends no mail. */
  email: z
    .object({
      recipients: z.array(z.string().max(320)).max(100).optional(),
      message: z.string().max(5000).optional(),
    })
    .optional(),
  /** Kept and given back; Pinhole does not know these services' addresses, so nothing is sent. */
  thirdParty: z
    .array(
      z.object({
        integrationId: z.string().max(100),
        integrationType: z.enum(['pager-duty', 'slack', 'app-dynamics', 'service-now']),
      }),
    )
    .max(maxTargets)
    .optional(),
  webhook: z
    .array(z.object({ ...webhookShape, integrationType: z.literal('webhook').default('webhook') }))
    .max(maxTargets)
    .optional(),
  customWebhook: z
    .array(
      z.object({ ...webhookShape, integrationType: z.literal('custom-webhook').default('custom-webhook') }),
    )
    .max(maxTargets)
    .optional(),
});
export type AlertNotifications = z.infer<typeof alertNotificationsSchema>;

// ---- rules -------------------------------------------------------------------------------------------------------

const ruleShape = {
  ruleName: z.string().trim().min(1).max(255),
  /** `((loss >= 20 %))`; docs/operating.md has the language. */
  expression: z.string().min(1).max(1000),
  alertType: alertTypeSchema,
  roundsViolatingOutOf: alertRoundsSchema,
};

/** In v7's list. */
export const alertRuleSchema = z.object({
  ruleId: ruleIdSchema,
  ...ruleShape,
  description: z.string().optional(),
  direction: directionSchema,
  notifyOnClear: z.boolean(),
  isDefault: z.boolean(),
  alertGroupType: z.literal('cloud-enterprise'),
  /** One of the two. */
  minimumSources: sourceCountSchema.optional(),
  minimumSourcesPct: sourcePercentSchema.optional(),
  roundsViolatingMode: roundsViolatingModeSchema,
  roundsViolatingRequired: alertRoundsSchema,
  severity: alertSeveritySchema,
});
export type AlertRuleBody = z.infer<typeof alertRuleSchema>;

export const alertRulesSchema = z.object({ alertRules: z.array(alertRuleSchema), _links: selfLinksSchema });

/** What is answered to a change. */
export const changedAlertRuleSchema = alertRuleSchema.extend({
  notifications: alertNotificationsSchema,
  testIds: z.array(testIdSchema),
  /** Ours: which of the notifications are not sent, and why; sentences. */
  limitations: z.array(z.string()),
  _links: selfLinksSchema,
});
export type ChangedAlertRule = z.infer<typeof changedAlertRuleSchema>;

export const alertRuleDetailSchema = changedAlertRuleSchema.extend({
  tests: z.array(simpleTestSchema.extend({ alertsEnabled: z.boolean() })),
});
export type AlertRuleDetail = z.infer<typeof alertRuleDetailSchema>;

/** Members that are not listed here are ignored, so that what was read can be written back. */
export const alertRuleRequestSchema = z
  .object({
    ...ruleShape,
    description: z.string().max(1000).optional(),
    direction: directionSchema.optional(),
    notifyOnClear: z.boolean().optional(),
    /** The rule that was the default until then is none any more. */
    isDefault: z.boolean().optional(),
    minimumSources: sourceCountSchema.optional(),
    minimumSourcesPct: sourcePercentSchema.optional(),
    roundsViolatingMode: z
      .enum(['exact', 'any', 'auto'])
      .refine((mode) => mode !== 'auto', { error: 'auto is not possible here: Pinhole learns no baselines' })
      .pipe(roundsViolatingModeSchema)
      .optional(),
    roundsViolatingRequired: alertRoundsSchema.optional(),
    severity: alertSeveritySchema.optional(),
    notifications: alertNotificationsSchema.optional(),
    testIds: idListSchema('testId').optional(),
  })
  .refine((rule) => (rule.roundsViolatingRequired ?? 1) <= rule.roundsViolatingOutOf, {
    path: ['roundsViolatingRequired'],
    error: 'must not be more than roundsViolatingOutOf',
  })
  .refine((rule) => rule.minimumSources === undefined || rule.minimumSourcesPct === undefined, {
    path: ['minimumSourcesPct'],
    error: 'cannot be used together with minimumSources',
  });
export type AlertRuleRequest = z.infer<typeof alertRuleRequestSchema>;

// ---- alerts ------------------------------------------------------------------------------------------------------

const alertShape = {
  id: z.uuid(),
  alertType: alertTypeSchema,
  startDate: dateTimeSchema,
  /** Absent while it is active. */
  endDate: dateTimeSchema.optional(),
  /** Agents that meet the rule now; of a cleared alert, those that did in its time. */
  violationCount: z.int(),
  /** Seconds. */
  duration: z.int(),
  suppressed: z.literal(false),
  meta: z.object({ version: z.literal(1) }),
  alertState: alertStateSchema,
  alertSeverity: alertSeveritySchema,
  /** Ours, as the next four. */
  testId: testIdSchema,
  testName: z.string(),
  ruleName: z.string(),
  ruleExpression: z.string(),
  direction: directionSchema,
  _links: z.object({ test: linkSchema, rule: linkSchema, appLink: linkSchema, self: linkSchema }),
};

/** With v7's deprecated members, in their own spelling. */
export const alertSchema = z.object({
  ...alertShape,
  alertRuleId: ruleIdSchema,
  alertId: z.uuid(),
  /** `2020-04-23 13:43:16` */
  dateStart: z.string(),
  dateEnd: z.string().optional(),
  ruleId: z.int(),
  state: z.enum(['ACTIVE', 'CLEARED']),
  severity: z.enum(['INFO', 'MINOR', 'MAJOR', 'CRITICAL', 'UNKNOWN']),
  permalink: z.string(),
  apiLinks: z.array(z.object({ rel: z.string(), href: z.string() })),
});
export type AlertBody = z.infer<typeof alertSchema>;

export const alertsSchema = z.object({
  /** The newest first. */
  alerts: z.array(alertSchema),
  /** Present when a window or dates were given. */
  startDate: dateTimeSchema.optional(),
  endDate: dateTimeSchema.optional(),
  _links: z.object({ self: linkSchema, next: linkSchema.optional() }),
});
export type AlertsBody = z.infer<typeof alertsSchema>;

export const alertDetailSchema = z.object({
  ...alertShape,
  alertRuleId: ruleIdSchema,
  state: alertStateSchema,
  severity: alertSeveritySchema,
  /** One for each source agent and direction. */
  details: z.array(
    z.object({
      id: agentIdSchema,
      /** The agent's; its id where it is gone. */
      name: z.string(),
      type: z.literal('cea_agent'),
      state: alertStateSchema,
      start: z.object({ metrics: z.string() }),
      end: z.object({ metrics: z.string() }),
      /** Ours. */
      direction: directionSchema,
    }),
  ),
});
export type AlertDetail = z.infer<typeof alertDetailSchema>;

export const defaultAlertsPage = 100;
export const maxAlertsPage = 1000;

export const alertsQuerySchema = timeRangeQuerySchema.safeExtend({
  max: z.coerce.number().int().min(1).max(maxAlertsPage).default(defaultAlertsPage),
  cursor: z.string().max(500).optional().describe('Opaque; from `_links.next`.'),
  state: alertStateSchema.optional(),
});
export type AlertsQuery = z.infer<typeof alertsQuerySchema>;
