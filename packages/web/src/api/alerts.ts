import {
  type AlertRuleDetail,
  type AlertRuleRequest,
  alertRuleDetailSchema,
  alertRulesSchema,
  alertsSchema,
  type ChangedAlertRule,
  changedAlertRuleSchema,
  maxAlertsPage,
} from '@pinhole/contract';
import { queryOptions } from '@tanstack/react-query';
import { listPollMs } from './agents.ts';
import { get, nothing, send } from './client.ts';

const rulesPath = '/v7/alerts/rules';

/** Those that are active; with a window, those that ended in it as well. The newest first. */
export function alertsQuery(window: string | undefined) {
  return queryOptions({
    queryKey: ['alerts', window ?? null],
    queryFn: async ({ signal }) =>
      (await get('/v7/alerts', alertsSchema, { query: { window, max: maxAlertsPage }, signal })).alerts,
    refetchInterval: listPollMs,
  });
}

export const alertRulesQuery = queryOptions({
  queryKey: ['alert-rules'],
  queryFn: async ({ signal }) => (await get(rulesPath, alertRulesSchema, { signal })).alertRules,
});

export function alertRuleQuery(ruleId: string) {
  return queryOptions({
    queryKey: ['alert-rules', ruleId],
    queryFn: ({ signal }): Promise<AlertRuleDetail> =>
      get(rulePath(ruleId), alertRuleDetailSchema, { signal }),
  });
}

/** `ruleId`: null for a new one. */
export async function saveAlertRule(
  ruleId: string | null,
  body: AlertRuleRequest,
): Promise<ChangedAlertRule> {
  return ruleId === null
    ? await send('POST', rulesPath, changedAlertRuleSchema, { body })
    : await send('PUT', rulePath(ruleId), changedAlertRuleSchema, { body });
}

export async function deleteAlertRule(ruleId: string): Promise<void> {
  await send('DELETE', rulePath(ruleId), nothing);
}

function rulePath(ruleId: string): string {
  return `${rulesPath}/${encodeURIComponent(ruleId)}`;
}
