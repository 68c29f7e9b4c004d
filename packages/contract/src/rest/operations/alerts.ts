import {
  alertDetailSchema,
  alertRuleDetailSchema,
  alertRuleRequestSchema,
  alertRulesSchema,
  alertsQuerySchema,
  alertsSchema,
  changedAlertRuleSchema,
} from '../alerts.ts';
import type { Operation } from './form.ts';

const tag = 'Alerts';
const rulesTag = 'Alert Rules';
const rule = '/alerts/rules/{ruleId}';

export const alertOperations: readonly Operation[] = [
  {
    method: 'GET',
    path: '/alerts',
    operationId: 'getAlerts',
    tag,
    summary: 'List alerts',
    description:
      'Without anything said, those that are active. With a window or dates: `state=trigger` those that began then and are active, `state=clear` those that ended then; without a state those that ended then, and all that are active and began before the end. Newest first.',
    query: alertsQuerySchema,
    answer: { status: 200, schema: alertsSchema },
  },
  {
    method: 'GET',
    path: '/alerts/{alertId}',
    operationId: 'getAlert',
    tag,
    summary: 'Show an alert',
    description: 'With each source agent and direction, how it began and how it is.',
    answer: { status: 200, schema: alertDetailSchema },
  },
  {
    method: 'GET',
    path: '/alerts/rules',
    operationId: 'getAlertsRules',
    tag: rulesTag,
    summary: 'List alert rules',
    answer: { status: 200, schema: alertRulesSchema },
  },
  {
    method: 'POST',
    path: '/alerts/rules',
    operationId: 'createAlertRule',
    tag: rulesTag,
    summary: 'Create an alert rule',
    description:
      'It watches the tests of `testIds`, and as the default rule those that name no rules. A webhook is posted to its `target`; mail and third-party integrations are kept and not sent, as `limitations` says.',
    request: alertRuleRequestSchema,
    answer: { status: 201, schema: changedAlertRuleSchema },
  },
  {
    method: 'GET',
    path: rule,
    operationId: 'getAlertRule',
    tag: rulesTag,
    summary: 'Show an alert rule',
    answer: { status: 200, schema: alertRuleDetailSchema },
  },
  {
    method: 'PUT',
    path: rule,
    operationId: 'updateAlertRule',
    tag: rulesTag,
    summary: 'Change an alert rule',
    description:
      'Optional members that are absent keep their values. Where rounds are judged differently from before, its active alerts are cleared, and it begins anew with the next rounds.',
    request: alertRuleRequestSchema,
    answer: { status: 200, schema: changedAlertRuleSchema },
  },
  {
    method: 'DELETE',
    path: rule,
    operationId: 'deleteAlertRule',
    tag: rulesTag,
    summary: 'Delete an alert rule',
    description: 'Its active alerts are cleared.',
    answer: { status: 204 },
  },
];
