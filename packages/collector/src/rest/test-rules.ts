// What a test must fulfil beyond the form of its members. Pure.

import type { FieldError, InstantTestRequest, TestRequest, TestUpdate } from '@pinhole/contract';
import type { AgentRecord } from '../store/agents.ts';
import type { TestDefinition, TestRecord, TestSettings } from '../store/tests.ts';

/** A definition, and the port that the request named, which is not kept: it is the target agent's. */
export interface WantedTest {
  readonly definition: TestDefinition;
  readonly port: number | null;
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
      },
    },
    port: request.port ?? null,
  };
}

/** Members that the update leaves out keep their values. */
export function updatedTest(test: TestRecord, update: TestUpdate): WantedTest {
  const { testName, enabled, interval, targetAgentId, agents, port, ...settings } = update;
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return {
    definition: {
      testName: testName ?? test.testName,
      enabled: enabled ?? test.enabled,
      intervalS: interval ?? test.intervalS,
      targetAgentId: targetAgentId ?? test.targetAgentId,
      sourceAgentIds: agents === undefined ? test.sourceAgentIds : idsOf(agents),
      settings: { ...test.settings, ...(Object.fromEntries(given) as Partial<TestSettings>) },
    },
    port: port ?? null,
  };
}

/** `agents`: those that the definition names, as far as they exist, by id. */
export function testErrors(
  { definition, port }: WantedTest,
  agents: ReadonlyMap<string, AgentRecord>,
  isNameTaken: boolean,
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
  } else if (port !== null && port !== target.facts.port) {
    add(
      'port-differs',
      'port',
      `${target.agentName} listens on port ${target.facts.port}. Start that agent with --port ${port} to test with this port.`,
    );
  }
  if (sourceAgentIds.length === 0) add('no-agents', 'agents', 'A test needs at least one source agent.');
  for (const [index, agentId] of sourceAgentIds.entries()) {
    const field = `agents.${index}.agentId`;
    if (!agents.has(agentId)) add('unknown-agent', field, `There is no agent ${agentId}.`);
    else if (agentId === targetAgentId) add('source-is-target', field, 'An agent cannot test with itself.');
  }
  return errors;
}

function idsOf(agents: readonly { agentId: string }[]): string[] {
  return [...new Set(agents.map((agent) => agent.agentId))];
}
