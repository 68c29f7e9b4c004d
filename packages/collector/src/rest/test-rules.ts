// What a test must fulfil beyond the form of its members. Pure.

import type { FieldError, InstantTestRequest, TestRequest, TestUpdate } from '@pinhole/contract';
import { parseIpAddress } from '@pinhole/wire';
import { interfaceAddresses } from '../agents/reach.ts';
import { accountGroupId } from '../store/account-group.ts';
import type { AgentRecord } from '../store/agents.ts';
import type { TestDefinition, TestRecord, TestSettings } from '../store/tests.ts';

/** A definition, and what the request says beside it, which is checked and not kept. */
export interface WantedTest {
  readonly definition: TestDefinition;
  readonly beside: {
    /** The target agent's own, or it is an error. */
    readonly port?: number | undefined;
    readonly agents?: TestRequest['agents'] | undefined;
    readonly alertRules?: readonly string[] | undefined;
    readonly labels?: readonly string[] | undefined;
    readonly tags?: readonly string[] | undefined;
    readonly monitors?: readonly string[] | undefined;
    readonly sharedWithAccounts?: readonly string[] | undefined;
  };
}

export function wantedTest(request: TestRequest | InstantTestRequest): WantedTest {
  return {
    definition: {
      testName: request.testName,
      enabled: 'enabled' in request ? request.enabled : true,
      intervalS: 'interval' in request ? request.interval : null,
      targetAgentId: request.targetAgentId,
      sourceAgentIds: idsOf(request.agents),
      settings: {
        description: request.description ?? null,
        direction: request.direction,
        protocol: request.protocol,
        dscpId: request.dscpId,
        mss: request.mss ?? null,
        fixedPacketRate: request.fixedPacketRate ?? null,
        numPathTraces: request.numPathTraces,
        pathTraceMode: request.pathTraceMode,
        randomizedStartTime: request.randomizedStartTime,
        throughputMeasurements: request.throughputMeasurements,
        throughputDuration: request.throughputDuration,
        throughputRate: request.throughputRate ?? null,
        // v7's instant tests raise no alerts.
        alertsEnabled: 'alertsEnabled' in request ? request.alertsEnabled : false,
        alertRules: ('alertRules' in request ? request.alertRules : null) ?? null,
      },
    },
    beside: request,
  };
}

/** Members that the update leaves out keep their values. */
export function updatedTest(test: TestRecord, update: TestUpdate): WantedTest {
  const { testName, enabled, interval, targetAgentId, agents } = update;
  const given = Object.entries(update).filter(
    ([name, value]) => Object.hasOwn(test.settings, name) && value !== undefined,
  );
  return {
    definition: {
      testName: testName ?? test.testName,
      enabled: enabled ?? test.enabled,
      intervalS: interval ?? test.intervalS,
      targetAgentId: targetAgentId ?? test.targetAgentId,
      sourceAgentIds: agents === undefined ? test.sourceAgentIds : idsOf(agents),
      settings: { ...test.settings, ...(Object.fromEntries(given) as Partial<TestSettings>) },
    },
    beside: update,
  };
}

export interface Existing {
  /** Those that the definition names, as far as they exist, by id. */
  readonly agents: ReadonlyMap<string, AgentRecord>;
  /** The ids of the alert rules that it names, as far as they exist. */
  readonly alertRules: ReadonlySet<string>;
  readonly isNameTaken: boolean;
}

export function testErrors(
  { definition, beside }: WantedTest,
  { agents, alertRules, isNameTaken }: Existing,
): FieldError[] {
  const { targetAgentId, sourceAgentIds } = definition;
  const errors: FieldError[] = [];
  const add = (code: string, field: string, message: string) => errors.push({ code, field, message });

  if (isNameTaken) {
    add('name-taken', 'testName', `Another test is called "${definition.testName}" already.`);
  }
  const target = agents.get(targetAgentId);
  if (target === undefined) {
    add('unknown-agent', 'targetAgentId', `There is no agent ${targetAgentId}.`);
  } else if (beside.port !== undefined && beside.port !== target.facts.port) {
    add(
      'port-differs',
      'port',
      `${target.agentName} listens on port ${target.facts.port}. Start that agent with --port ${beside.port} to test with this port.`,
    );
  }
  if (sourceAgentIds.length === 0) add('no-agents', 'agents', 'A test needs at least one source agent.');
  for (const [index, agentId] of sourceAgentIds.entries()) {
    const field = `agents.${index}.agentId`;
    if (!agents.has(agentId)) add('unknown-agent', field, `There is no agent ${agentId}.`);
    else if (agentId === targetAgentId) add('source-is-target', field, 'An agent cannot test with itself.');
  }
  return [...errors, ...sourceAddressErrors(beside, agents), ...unknownErrors(beside, alertRules)];
}

/** An agent has one socket for everything, on all its addresses, so that none of several can be chosen. */
function sourceAddressErrors(
  { agents: sources = [] }: WantedTest['beside'],
  agents: ReadonlyMap<string, AgentRecord>,
): FieldError[] {
  return [...sources.entries()].flatMap(([index, { agentId, sourceIpAddress }]) => {
    const agent = agents.get(agentId);
    if (sourceIpAddress === undefined || agent === undefined) return [];
    const field = `agents.${index}.sourceIpAddress`;
    const own = interfaceAddresses(agent.facts);
    if (!own.some((address) => address === parseIpAddress(sourceIpAddress)))
      return [
        { code: 'unknown-address', field, message: `${agent.agentName} does not have ${sourceIpAddress}.` },
      ];
    if (own.length === 1) return [];
    const message = `${agent.agentName} has several addresses and sends from the one that its system chooses.`;
    return [{ code: 'source-address-not-selectable', field, message }];
  });
}

/** Of what v7 has and Pinhole has none (labels, tags, monitors), nothing can be named. */
function unknownErrors(
  { alertRules, labels, tags, monitors, sharedWithAccounts }: WantedTest['beside'],
  knownRules: ReadonlySet<string>,
): FieldError[] {
  const unknown = (
    field: string,
    what: string,
    ids: readonly string[] = [],
    isKnown: (id: string) => boolean = () => false,
  ) =>
    [...ids.entries()]
      .filter(([, id]) => !isKnown(id))
      .map(([index, id]) => ({
        code: `unknown-${what.replaceAll(' ', '-')}`,
        field: `${field}.${index}`,
        message: `There is no ${what} ${id}.`,
      }));
  return [
    ...unknown('alertRules', 'alert rule', alertRules, (id) => knownRules.has(id)),
    ...unknown('labels', 'label', labels),
    ...unknown('tags', 'tag', tags),
    ...unknown('monitors', 'monitor', monitors),
    ...unknown('sharedWithAccounts', 'account group', sharedWithAccounts, (aid) => aid === accountGroupId),
  ];
}

function idsOf(agents: readonly { agentId: string }[]): string[] {
  return [...new Set(agents.map((agent) => agent.agentId))];
}
