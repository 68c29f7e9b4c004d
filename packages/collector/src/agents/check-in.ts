// Enrolment and check-in: what happens in the store, each in one transaction.

import {
  type AgentConfig,
  type AgentFacts,
  agentFactsSchema,
  type EnrollResponse,
  maxResultsPerCheckIn,
  natTraversalSchema,
  type RoundResult,
  registrationStateSchema,
} from '@pinhole/contract';
import type { IpAddress } from '@pinhole/wire';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { type AgentRecord, addAgent, changeAgent, findAgent, findAgents } from '../store/agents.ts';
import { keepCheck } from '../store/compatibility.ts';
import { keepPaths } from '../store/paths.ts';
import { countResultsOfRuns, keepResults, roundOfPair } from '../store/results.ts';
import type { Store } from '../store/schema.ts';
import { findTests, findTestsOfAgent, isRunOpen, recentRuns } from '../store/tests.ts';
import { buildConfiguration, configurationDigest } from './configuration.ts';
import { hopAddresses, readResults, sortResults } from './results.ts';

const agentSecretBytes = 32;

/** As the contract's, but each result, and the check, is judged alone: one that this version cannot read must not block the others. */
export const checkInSchema = z.object({
  configVersion: z.int().min(0),
  facts: agentFactsSchema,
  registration: registrationStateSchema,
  results: z.array(z.unknown()).max(maxResultsPerCheckIn),
  natTraversal: z.unknown().optional(),
});
export type CheckIn = z.infer<typeof checkInSchema>;

export async function enroll(
  context: Context,
  agentName: string,
  facts: AgentFacts,
  observedAddress: IpAddress | null,
): Promise<EnrollResponse> {
  const agentSecret = Buffer.from(context.random.bytes(agentSecretBytes)).toString('base64url');
  const nowMs = context.clock.wallMs();
  const agentId = await context.db
    .transaction()
    .execute((db) => addAgent(db, { agentName, agentSecret, facts, observedAddress, nowMs }));
  return { agentId, agentSecret };
}

export interface CheckedIn {
  readonly config: AgentConfig;
  readonly configVersion: number;
  /** Agents whose configuration may have changed by what this one reported. */
  readonly concerned: readonly string[];
  readonly dropped: Readonly<Record<string, number>>;
  /** Who has answered to its traces, as it reported them now. */
  readonly hops: readonly IpAddress[];
  /** Results that were not had before. */
  readonly fresh: readonly RoundResult[];
}

/** Null when the agent is gone. */
export async function checkIn(
  context: Context,
  agentId: string,
  report: CheckIn,
  observedAddress: IpAddress | null,
): Promise<CheckedIn | null> {
  const nowMs = context.clock.wallMs();
  return await context.db.transaction().execute(async (db) => {
    const before = await findAgent(db, agentId);
    if (before === null) return null;
    const { facts, registration } = report;
    await changeAgent(db, agentId, { facts, registration, observedAddress, lastSeenAtMs: nowMs });
    const check = natTraversalSchema.safeParse(report.natTraversal);
    const isUnreadable = report.natTraversal !== undefined && !check.success;
    // One that comes after the tick was taken away is of no use to anybody.
    if (check.success && before.behindNat) await keepCheck(db, agentId, check.data);
    const results = readResults(report.results);
    const named = new Set(results.map((result) => result.testId));
    const tests = new Map((await findTests(db, [...named])).map((test) => [test.testId, test]));
    const { rounds, paths, dropped } = sortResults(results, report.results.length, agentId, tests, nowMs);
    const fresh = await keepResults(db, rounds);
    await context.outgoing.take(db, fresh, tests, nowMs);
    await keepPaths(db, paths);
    const current = await currentConfiguration(context, db, agentId);
    if (current === null) return null;
    const moved = reachOf(before) !== reachOf({ ...before, facts, observedAddress });
    return {
      ...current,
      dropped: { ...dropped, ...(isUnreadable && { 'malformed-check': 1 }) },
      concerned: moved ? await peersOf(db, agentId, nowMs) : [],
      hops: hopAddresses(paths),
      fresh,
    };
  });
}

/** The configuration an agent should have now, with its version; the version grows when the content has changed. */
export async function currentConfiguration(
  context: Context,
  db: Store,
  agentId: string,
): Promise<{ config: AgentConfig; configVersion: number } | null> {
  const agent = await findAgent(db, agentId);
  if (agent === null) return null;
  const nowMs = context.clock.wallMs();
  const config = buildConfiguration({
    agent,
    nowMs,
    ...(await situation(db, agentId, nowMs)),
    watchedUntilMs: (testId) => context.watched.untilMs(testId, nowMs),
    placement: context.placement,
    traversalSecret: context.traversalSecret,
    pairSecret: context.pairSecret,
  });
  const configDigest = configurationDigest(config);
  if (configDigest === agent.configDigest) return { config, configVersion: agent.configVersion };
  const configVersion = agent.configVersion + 1;
  await changeAgent(db, agentId, { configVersion, configDigest });
  return { config, configVersion };
}

/** The agents that share a test with this one. */
export async function peersOf(db: Store, agentId: string, nowMs: number): Promise<string[]> {
  const tests = await findTestsOfAgent(db, agentId, nowMs);
  return [...new Set(tests.flatMap((test) => [test.targetAgentId, ...test.sourceAgentIds]))];
}

async function situation(db: Store, agentId: string, nowMs: number) {
  const tests = (await findTestsOfAgent(db, agentId, nowMs)).filter((test) => test.enabled);
  const memberIds = new Set(tests.flatMap((test) => [test.targetAgentId, ...sourcesSeenBy(agentId, test)]));
  const instantIds = tests.filter((test) => test.intervalS === null).map((test) => test.testId);
  const runs = await recentRuns(db, instantIds, nowMs);
  const resultsIn = await countResultsOfRuns(db, instantIds, nowMs);
  return {
    tests,
    agents: await findAgents(db, [...memberIds]),
    openRounds: (test: (typeof tests)[number], sourceId: string) =>
      runs
        .filter((run) => run.testId === test.testId)
        .map((run) => run.roundId)
        .filter((roundId) =>
          isRunOpen(
            test,
            resultsIn.get(roundOfPair(test.testId, roundId, sourceId, test.targetAgentId)) ?? 0,
          ),
        ),
  };
}

/** A source deals with the target only; the target with all sources. */
function sourcesSeenBy(
  agentId: string,
  test: { targetAgentId: string; sourceAgentIds: readonly string[] },
): readonly string[] {
  return test.targetAgentId === agentId ? test.sourceAgentIds : [agentId];
}

/** What of an agent's report its peers' configurations depend on. */
function reachOf({ facts, observedAddress }: Pick<AgentRecord, 'facts' | 'observedAddress'>): string {
  return JSON.stringify([observedAddress, facts.port, facts.interfaces]);
}
