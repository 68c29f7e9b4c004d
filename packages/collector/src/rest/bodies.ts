// What is stored, as REST shows it. Pure.

import {
  type AccountGroup,
  type Agent,
  type AgentNatTraversal,
  type AgentState,
  defaultAgentPort,
  dscpLabel,
  type SimpleAgent,
  type SimpleTest,
  type Test,
} from '@pinhole/contract';
import { interfaceAddresses } from '../agents/reach.ts';
import { type NetworkDatabase, noFacts } from '../networks/facts.ts';
import type { AgentRecord } from '../store/agents.ts';
import { type AlertRule, linkedRules } from '../store/alert-rules.ts';
import type { TestRecord } from '../store/tests.ts';
import { testAlertRuleBody } from './alert-rule-bodies.ts';
import { dateTime } from './date-time.ts';
import { natTraversalErrors } from './nat-traversal.ts';
import { networkMembers } from './network-members.ts';
import { optional } from './optional.ts';

/** An agent that has not been heard of for longer is offline (ThousandEyes' figure). */
export const offlineAfterMs = 30 * 60_000;

export function agentState(agent: AgentRecord, nowMs: number): AgentState {
  if (!agent.enabled) return 'disabled';
  return nowMs - agent.lastSeenAtMs <= offlineAfterMs ? 'online' : 'offline';
}

export function simpleAgentBody(agent: AgentRecord): SimpleAgent {
  return {
    agentId: agent.agentId,
    agentName: agent.agentName,
    agentType: 'enterprise',
    enabled: agent.enabled,
    ipAddresses: interfaceAddresses(agent.facts),
    publicIpAddresses: agent.observedAddress === null ? [] : [agent.observedAddress],
  };
}

export interface AgentFrame {
  readonly accountGroup: AccountGroup;
  readonly networks: NetworkDatabase;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly nowMs: number;
}

export function agentBody(
  agent: AgentRecord,
  natTraversal: AgentNatTraversal,
  { accountGroup, networks, baseUrl, nowMs }: AgentFrame,
): Agent {
  return {
    ...simpleAgentBody(agent),
    ...networkMembers(agent.observedAddress === null ? noFacts : networks.find(agent.observedAddress)),
    agentState: agentState(agent, nowMs),
    hostname: agent.facts.hostname,
    createdDate: dateTime(agent.createdAtMs),
    lastSeen: dateTime(agent.lastSeenAtMs),
    interfaceIpMapping: agent.facts.interfaces,
    ...(agent.targetForTests === null ? {} : { targetForTests: agent.targetForTests }),
    errorDetails: natTraversalErrors(natTraversal),
    accountGroups: [accountGroup],
    behindNat: agent.behindNat,
    ...(agent.registration === null ? {} : { registration: agent.registration }),
    natTraversal,
    testPort: agent.facts.port,
    agentVersion: agent.facts.version,
    limitations: agent.facts.limitations,
    _links: { self: { href: `${baseUrl}/v7/agents/${agent.agentId}` } },
  };
}

export function testUrl(testId: string, baseUrl: string): string {
  return `${baseUrl}/v7/tests/agent-to-agent/${testId}`;
}

export function simpleTestBody(test: TestRecord, baseUrl: string): SimpleTest {
  return {
    testId: test.testId,
    testName: test.testName,
    type: 'agent-to-agent',
    ...optional('description', test.settings.description),
    createdDate: dateTime(test.createdAtMs),
    modifiedDate: dateTime(test.modifiedAtMs),
    enabled: test.enabled,
    ...optional('interval', test.intervalS),
    _links: {
      self: { href: testUrl(test.testId, baseUrl) },
      testResults: ['network', 'path-vis'].map((kind) => ({
        href: `${baseUrl}/v7/test-results/${test.testId}/${kind}`,
      })),
    },
  };
}

/** What v7 can expand and Pinhole has none of. */
const nothings = [
  ['label', 'labels'],
  ['tag', 'tags'],
  ['monitor', 'monitors'],
] as const;

export interface TestFrame {
  /** Those of the test, by id. */
  readonly agents: ReadonlyMap<string, AgentRecord>;
  readonly accountGroup: AccountGroup;
  /** All that there are. */
  readonly alertRules: readonly AlertRule[];
  /** Without a slash at its end. */
  readonly baseUrl: string;
}

/** `expand`: what else to show, in v7's words. */
export function testBody(
  test: TestRecord,
  { agents, accountGroup, alertRules, baseUrl }: TestFrame,
  expand: readonly string[],
): Test {
  const { settings } = test;
  const sources = test.sourceAgentIds
    .map((agentId) => agents.get(agentId))
    .filter((agent) => agent !== undefined)
    .map(simpleAgentBody);
  return {
    ...simpleTestBody(test, baseUrl),
    alertsEnabled: settings.alertsEnabled,
    ...(test.intervalS === null ? {} : { bgpMeasurements: false, usePublicBgp: false }),
    savedEvent: false,
    liveShare: false,
    direction: settings.direction,
    protocol: settings.protocol,
    targetAgentId: test.targetAgentId,
    port: agents.get(test.targetAgentId)?.facts.port ?? defaultAgentPort,
    dscp: dscpLabel(settings.dscpId),
    dscpId: settings.dscpId,
    ...optional('mss', settings.mss),
    ...optional('fixedPacketRate', settings.fixedPacketRate),
    numPathTraces: settings.numPathTraces,
    pathTraceMode: settings.pathTraceMode,
    randomizedStartTime: settings.randomizedStartTime,
    throughputMeasurements: settings.throughputMeasurements,
    throughputDuration: settings.throughputDuration,
    ...optional('throughputRate', settings.throughputRate),
    ...(expand.includes('agent') ? { agents: sources } : {}),
    ...(expand.includes('alert-rule')
      ? { alertRules: linkedRules(settings.alertRules, alertRules).map(testAlertRuleBody) }
      : {}),
    ...Object.fromEntries(
      nothings.filter(([name]) => expand.includes(name)).map(([, member]) => [member, []]),
    ),
    ...(expand.includes('shared-with-account')
      ? { sharedWithAccounts: [{ aid: accountGroup.aid, name: accountGroup.accountGroupName }] }
      : {}),
  };
}
