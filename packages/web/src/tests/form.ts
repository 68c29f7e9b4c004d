// The form of a test: what was typed, and the request that it makes. Pure. Numbers stay the text that was typed until the
// request is made, so that nothing typed is lost.

import {
  type Direction,
  type DscpId,
  type InstantTestRequest,
  instantTestRequestSchema,
  type PathTraceMode,
  type PreflightRequest,
  type Protocol,
  type Test,
  type TestRequest,
  type TestUpdate,
  testRequestSchema,
} from '@pinhole/contract';

export interface TestForm {
  readonly testName: string;
  readonly description: string;
  readonly sourceIds: readonly string[];
  readonly targetAgentId: string | null;
  readonly direction: Direction;
  readonly protocol: Protocol;
  /** Seconds. */
  readonly interval: number;
  readonly enabled: boolean;
  readonly alertsEnabled: boolean;
  readonly dscpId: DscpId;
  /** Octets; empty for the path's own. */
  readonly mss: string;
  /** Packets a second; empty for the agent's own pacing. */
  readonly fixedPacketRate: string;
  readonly numPathTraces: string;
  readonly pathTraceMode: PathTraceMode;
  readonly randomizedStartTime: boolean;
  readonly throughputMeasurements: boolean;
  /** Seconds, where the API has milliseconds. */
  readonly throughputDuration: string;
  /** Megabits a second, of UDP; empty for what the agent chooses. */
  readonly throughputRate: string;
}

export type FormField = keyof TestForm;
export type FormErrors = Partial<Record<FormField, string>>;

/** With the API's defaults. */
export const emptyForm: TestForm = {
  testName: '',
  description: '',
  sourceIds: [],
  targetAgentId: null,
  direction: 'to-target',
  protocol: 'tcp',
  interval: 300,
  enabled: true,
  alertsEnabled: true,
  dscpId: '0',
  mss: '',
  fixedPacketRate: '',
  numPathTraces: '3',
  pathTraceMode: 'classic',
  randomizedStartTime: false,
  throughputMeasurements: false,
  throughputDuration: '10',
  throughputRate: '',
};

export function formOf(test: Test): TestForm {
  return {
    testName: test.testName,
    description: test.description ?? '',
    sourceIds: (test.agents ?? []).map(({ agentId }) => agentId),
    targetAgentId: test.targetAgentId,
    direction: test.direction,
    protocol: test.protocol,
    interval: test.interval ?? emptyForm.interval,
    enabled: test.enabled,
    alertsEnabled: test.alertsEnabled,
    dscpId: test.dscpId,
    mss: textOf(test.mss),
    // 0 is the API's other way to leave the pacing to the agent.
    fixedPacketRate: test.fixedPacketRate === 0 ? '' : textOf(test.fixedPacketRate),
    numPathTraces: String(test.numPathTraces),
    pathTraceMode: test.pathTraceMode,
    randomizedStartTime: test.randomizedStartTime,
    throughputMeasurements: test.throughputMeasurements,
    throughputDuration: String((test.throughputDuration ?? 10_000) / 1000),
    throughputRate: textOf(test.throughputRate),
  };
}

/** `Name (copy)`, or `Name (copy 2)`: the first that is free. */
export function copyName(name: string, taken: ReadonlySet<string>): string {
  const stem = name.replace(/ \(copy(?: \d+)?\)$/, '');
  for (let count = 1; ; count++) {
    const candidate = `${stem} (copy${count === 1 ? '' : ` ${count}`})`;
    if (!taken.has(candidate)) return candidate;
  }
}

export type FormRequest =
  | { readonly kind: 'ok'; readonly body: TestRequest & TestUpdate }
  | { readonly kind: 'errors'; readonly errors: FormErrors };

/** What the form asks for, or which fields are wrong. A member that was emptied is null: a change clears it. */
export function requestOf(form: TestForm): FormRequest {
  const wanted = {
    testName: form.testName,
    description: form.description.trim(),
    agents: form.sourceIds.map((agentId) => ({ agentId })),
    targetAgentId: form.targetAgentId ?? '',
    direction: form.direction,
    protocol: form.protocol,
    interval: form.interval,
    enabled: form.enabled,
    alertsEnabled: form.alertsEnabled,
    dscpId: form.dscpId,
    mss: numberOf(form.mss),
    fixedPacketRate: numberOf(form.fixedPacketRate),
    numPathTraces: numberOf(form.numPathTraces),
    pathTraceMode: form.pathTraceMode,
    randomizedStartTime: form.randomizedStartTime,
    throughputMeasurements: form.throughputMeasurements,
    throughputDuration: thousandfold(numberOf(form.throughputDuration)),
    throughputRate: form.protocol === 'udp' ? numberOf(form.throughputRate) : undefined,
  };
  const errors: FormErrors = {};
  const parsed = testRequestSchema.safeParse(wanted);
  for (const { path } of parsed.error?.issues ?? []) {
    const field = fieldOf(String(path[0]));
    errors[field] = sentences[field] ?? 'This is not possible here.';
  }
  if (form.numPathTraces.trim() === '') errors.numPathTraces = sentences.numPathTraces!;
  if (form.throughputDuration.trim() === '') errors.throughputDuration = sentences.throughputDuration!;
  if (form.targetAgentId !== null && form.sourceIds.includes(form.targetAgentId))
    errors.sourceIds = 'The target agent cannot be a source as well: an agent cannot test with itself.';
  if (!parsed.success || Object.keys(errors).length > 0) return { kind: 'errors', errors };
  const { mss = null, fixedPacketRate = null, throughputRate = null, ...rest } = parsed.data;
  return { kind: 'ok', body: { ...rest, mss, fixedPacketRate, throughputRate } as TestRequest & TestUpdate };
}

/** The same without what only a change can say. */
export function creationOf(body: TestRequest & TestUpdate): TestRequest {
  return Object.fromEntries(
    Object.entries(body).filter(([, value]) => value !== null),
  ) as unknown as TestRequest;
}

/** A single round of `test`, now. */
export function instantOf(test: Test): InstantTestRequest {
  return instantTestRequestSchema.parse(test);
}

/** Null while too little is chosen to say anything. */
export function preflightOf(form: TestForm): PreflightRequest | null {
  const { targetAgentId, sourceIds, protocol, direction } = form;
  const others = sourceIds.filter((agentId) => agentId !== targetAgentId);
  if (targetAgentId === null || others.length === 0) return null;
  return { protocol, direction, targetAgentId, agents: others.map((agentId) => ({ agentId })) };
}

/** The field of the form that shows what the collector says of a member of the request. */
export function fieldOf(member: string): FormField {
  const name = member.split('.', 1)[0];
  return name === 'agents' ? 'sourceIds' : (name as FormField);
}

const sentences: FormErrors = {
  testName: 'A name has 1 to 255 characters.',
  description: 'A description has at most 1000 characters.',
  sourceIds: 'Choose at least one source agent, 500 at most.',
  targetAgentId: 'Choose the target agent.',
  mss: 'A whole number from 20 to 1400, or empty.',
  fixedPacketRate: 'A whole number from 0 to 100, or empty.',
  numPathTraces: 'A whole number from 1 to 10.',
  throughputDuration: 'From 5 to 30 seconds.',
  throughputRate: 'A whole number from 8 to 1000, or empty.',
};

function textOf(value: number | undefined): string {
  return value === undefined ? '' : String(value);
}

/** Undefined for nothing; what is no number becomes NaN, which the schema refuses. */
function numberOf(text: string): number | undefined {
  const trimmed = text.trim();
  return trimmed === '' ? undefined : Number(trimmed);
}

function thousandfold(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value * 1000);
}
