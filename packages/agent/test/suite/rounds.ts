// What the suites of rounds have in common: two agents in a world of their own, and what becomes of a round.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Assignment, MeasuredResult, RoundResult } from '@pinhole/contract';
import type { Net } from '@pinhole/net';
import type { IpAddress, Transport } from '@pinhole/wire';
import { openParty, type Party, sourceId, targetId } from './party.ts';

export interface SessionWorld {
  readonly source: { readonly net: Net; readonly address: IpAddress };
  readonly target: { readonly net: Net; readonly address: IpAddress };
  /** Runs a program to its end, in real or in virtual time. */
  run<T>(program: Promise<T>): Promise<T>;
  destroy(): Promise<void>;
}

/** A test of two agents over `transport`, in a new world. */
export function testOver(transport: Transport, createWorld: () => SessionWorld) {
  return (title: string, program: (source: Party, target: Party, world: SessionWorld) => Promise<void>) =>
    it(title, async () => {
      const world = createWorld();
      const both = async () => {
        const source = await openParty(transport, world.source.net, world.source.address, sourceId);
        const target = await openParty(transport, world.target.net, world.target.address, targetId);
        await program(source, target, world);
        source.port.close();
        target.port.close();
      };
      try {
        await world.run(both());
      } finally {
        await world.destroy();
      }
    });
}

export function runRound(source: Party, roundId = 1_800_000_000): Promise<void> {
  const [assignment] = source.assignments;
  assert.ok(assignment !== undefined);
  return source.runner.run({ assignment, roundId });
}

export function measured(
  results: readonly RoundResult[],
  direction: RoundResult['direction'],
  testId: Assignment['testId'] = '7',
): MeasuredResult {
  const result = results.find((each) => each.direction === direction && each.testId === testId);
  assert.ok(result?.outcome === 'measured', `no measured result ${direction}: ${JSON.stringify(results)}`);
  return result;
}

/** The target ends a moment after the source. */
export async function reported({ target }: SessionWorld, party: Party, count: number): Promise<void> {
  for (let waits = 0; party.results.length < count && waits < 400; waits++) await passed(target.net, 50);
  assert.equal(party.results.length, count);
}

export function passed(net: Net, delayMs: number): Promise<void> {
  return new Promise((resolve) => net.clock.after(delayMs, resolve));
}
