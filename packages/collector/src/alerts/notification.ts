// What is posted to a webhook when an alert begins or ends: v7's classic form, docs/operating.md describes it. Pure.

import type { AlertRecord } from '../store/alerts.ts';
import type { AlertSource } from './machine.ts';

export interface NotificationNames {
  /** Of agents by id, as far as they exist. */
  readonly agents: ReadonlyMap<string, string>;
  /** Null where the test is gone. */
  readonly targetAgentId: string | null;
  /** Without a slash at its end; null where nobody has said how the collector is reached. */
  readonly publicUrl: string | null;
}

/** `eventId`: the same whenever this is posted again. */
export function notificationBody(eventId: string, alert: AlertRecord, names: NotificationNames) {
  const { agents, targetAgentId, publicUrl } = names;
  const isActive = alert.endedAtMs === null;
  return {
    eventId,
    eventType: isActive ? 'ALERT_NOTIFICATION_TRIGGER' : 'ALERT_NOTIFICATION_CLEAR',
    alert: {
      alertId: alert.alertId,
      active: Number(isActive),
      type: 'end-to-end-agent',
      severity: alert.severity.toUpperCase(),
      dateStart: plainDate(alert.startedAtMs),
      dateStartZoned: `${plainDate(alert.startedAtMs)} UTC`,
      ...(alert.endedAtMs !== null && {
        dateEnd: plainDate(alert.endedAtMs),
        dateEndZoned: `${plainDate(alert.endedAtMs)} UTC`,
      }),
      ruleId: Number(alert.ruleId),
      ruleName: alert.ruleName,
      ruleExpression: alert.expression,
      testId: Number(alert.testId),
      testName: alert.testName,
      testTargetsDescription: targetAgentId === null ? [] : [agents.get(targetAgentId) ?? targetAgentId],
      violationCount: violationCount(alert),
      agents: alert.sources.map((source) => ({
        agentId: Number(source.sourceAgentId),
        agentName: agents.get(source.sourceAgentId) ?? source.sourceAgentId,
        direction: source.direction,
        active: Number(source.violates),
        metricsAtStart: source.startMetrics,
        metricsAtEnd: source.endMetrics,
      })),
      ...(publicUrl !== null && {
        permalink: viewUrl(publicUrl, alert),
        apiLinks: apiLinks(publicUrl, alert),
      }),
    },
  };
}

export function viewUrl(base: string, { testId, startRoundId }: AlertRecord): string {
  return `${base}/views/${testId}?round=${startRoundId}`;
}

export function apiLinks(base: string, { alertId, testId, ruleId }: AlertRecord) {
  return [
    { rel: 'self', href: `${base}/v7/alerts/${alertId}` },
    { rel: 'test', href: `${base}/v7/tests/agent-to-agent/${testId}` },
    { rel: 'rule', href: `${base}/v7/alerts/rules/${ruleId}` },
    { rel: 'data', href: `${base}/v7/test-results/${testId}/network` },
  ];
}

/** Agents that violate now; once it is over, those that did in its time. */
export function violationCount({ endedAtMs, sources }: AlertRecord): number {
  const counted = (source: AlertSource) => endedAtMs !== null || source.violates;
  return new Set(sources.filter(counted).map(({ sourceAgentId }) => sourceAgentId)).size;
}

/** `2020-04-23 13:43:16` */
export function plainDate(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 19).replace('T', ' ');
}
