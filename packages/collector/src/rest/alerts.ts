// /v7/alerts and /v7/alerts/{alertId}

import {
  type AlertBody,
  type AlertDetail,
  type AlertsBody,
  type AlertsQuery,
  alertsQuerySchema,
  epochMillisecondsSchema,
  halMediaType,
} from '@pinhole/contract';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { apiLinks, plainDate, viewUrl, violationCount } from '../alerts/notification.ts';
import type { Context } from '../context.ts';
import { agentNames } from '../store/agents.ts';
import { type AlertQuestion, type AlertRecord, findAlert, listAlerts } from '../store/alerts.ts';
import { alertRuleUrl } from './alert-rule-bodies.ts';
import { baseUrl } from './base-url.ts';
import { testUrl } from './bodies.ts';
import { dateTime } from './date-time.ts';
import { invalidRequest, notFound, parseRequest } from './problem.ts';
import { resource } from './resource.ts';
import { askedRange } from './time-range.ts';

export function alertRoutes(app: FastifyInstance, context: Context): void {
  const { db, clock } = context;

  resource(app, '/v7/alerts', {
    async GET(request, reply): Promise<AlertsBody> {
      const query = parseRequest(alertsQuerySchema, request.query);
      const question = questionOf(query, clock.wallMs());
      const found = await listAlerts(db, { ...question, limit: query.max + 1 });
      const shown = found.slice(0, query.max);
      const base = baseUrl(context, request);
      const last = found.length > query.max ? shown.at(-1)! : null;
      const { range } = question;
      reply.type(halMediaType);
      return {
        alerts: shown.map((alert) => alertBody(alert, base, clock.wallMs())),
        ...(range !== null && { startDate: dateTime(range.fromMs), endDate: dateTime(range.toMs) }),
        _links: {
          self: { href: base + request.url },
          ...(last !== null && {
            next: {
              href: `${base}/v7/alerts?max=${query.max}&cursor=${encodeCursor({ ...question, after: last })}`,
            },
          }),
        },
      };
    },
  });

  resource(app, '/v7/alerts/:alertId', {
    async GET(request, reply): Promise<AlertDetail> {
      const { alertId } = request.params as { alertId: string };
      const alert = await findAlert(db, alertId);
      if (alert === null) throw notFound(`There is no alert ${alertId}.`);
      const names = await agentNames(db);
      const state = alert.endedAtMs === null ? 'trigger' : 'clear';
      reply.type(halMediaType);
      return {
        ...common(alert, baseUrl(context, request), clock.wallMs()),
        state,
        severity: alert.severity,
        details: alert.sources.map((source) => ({
          id: source.sourceAgentId,
          name: names.get(source.sourceAgentId) ?? source.sourceAgentId,
          type: 'cea_agent',
          state: source.violates ? 'trigger' : 'clear',
          start: { metrics: source.startMetrics },
          end: { metrics: source.endMetrics },
          direction: source.direction,
        })),
      };
    },
  });
}

type Question = Omit<AlertQuestion, 'limit'>;

function questionOf(query: AlertsQuery, nowMs: number): Question {
  if (query.cursor !== undefined) {
    const cursor = decodeCursor(query.cursor);
    if (cursor !== null) return cursor;
    const message = 'This is no cursor of this API; follow _links.next instead of making one.';
    throw invalidRequest([{ code: 'invalid-cursor', field: 'cursor', message }]);
  }
  const asked = askedRange(query, nowMs);
  const range = asked === null ? null : { fromMs: asked.fromS * 1000, toMs: asked.toS * 1000 };
  // Without anything said, v7 shows what is active.
  return { state: query.state ?? (range === null ? 'trigger' : null), range, after: null };
}

const cursorSchema = z.object({
  state: z.enum(['trigger', 'clear']).nullable(),
  range: z.object({ fromMs: epochMillisecondsSchema, toMs: epochMillisecondsSchema }).nullable(),
  after: z.object({ startedAtMs: epochMillisecondsSchema, alertId: z.string() }),
});

/** Everything the next page needs, so that all pages are of one range although time goes on. */
function encodeCursor(question: Question): string {
  return Buffer.from(JSON.stringify(cursorSchema.parse(question))).toString('base64url');
}

function decodeCursor(text: string): Question | null {
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch {
    return null;
  }
}

function alertBody(alert: AlertRecord, base: string, nowMs: number): AlertBody {
  return {
    ...common(alert, base, nowMs),
    alertId: alert.alertId,
    dateStart: plainDate(alert.startedAtMs),
    ...(alert.endedAtMs !== null && { dateEnd: plainDate(alert.endedAtMs) }),
    ruleId: Number(alert.ruleId),
    state: alert.endedAtMs === null ? 'ACTIVE' : 'CLEARED',
    severity: alert.severity.toUpperCase() as AlertBody['severity'],
    permalink: viewUrl(base, alert),
    apiLinks: apiLinks(base, alert),
  };
}

function common(alert: AlertRecord, base: string, nowMs: number) {
  const { alertId, ruleId, testId, startedAtMs, endedAtMs } = alert;
  return {
    id: alertId,
    alertType: 'end-to-end-agent' as const,
    startDate: dateTime(startedAtMs),
    ...(endedAtMs !== null && { endDate: dateTime(endedAtMs) }),
    violationCount: violationCount(alert),
    duration: Math.max(0, Math.round(((endedAtMs ?? nowMs) - startedAtMs) / 1000)),
    suppressed: false as const,
    meta: { version: 1 as const },
    alertRuleId: ruleId,
    alertState: endedAtMs === null ? ('trigger' as const) : ('clear' as const),
    alertSeverity: alert.severity,
    testId,
    testName: alert.testName,
    ruleName: alert.ruleName,
    ruleExpression: alert.expression,
    direction: alert.direction,
    _links: {
      test: { href: testUrl(testId, base) },
      rule: { href: alertRuleUrl(ruleId, base) },
      appLink: { href: viewUrl(base, alert) },
      self: { href: `${base}/v7/alerts/${alertId}` },
    },
  };
}
