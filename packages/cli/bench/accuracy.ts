// How exact Pinhole's figures are: against an emulated link's own record, packet by packet, and beside other people's
// tools over the same link. On an idle machine, with busy agents, and with clocks that are wrong.
//
//   npm run bench:accuracy
//
// The record's moments are those at which a packet passes the link's two ends. The agents are at these ends: their
// cables add about 1 µs each, so 4 µs to a round trip, which count as the agents' error here (and as the others').

import { setTimeout as sleep } from 'node:timers/promises';
import { spreadText } from './accuracy-figures.ts';
import { installedPeers, type PeerFigures, runFping, runIrtt } from './accuracy-peers.ts';
import { compareRound, type DirectionComparison, type RoundComparison } from './accuracy-round.ts';
import { AccuracySystem, type Agent } from './accuracy-system.ts';
import { Verdicts } from './accuracy-verdicts.ts';

/** Asymmetric, so that nobody can guess the one-way delays from the round trip. */
const [there, back] = [
  { delayMs: 10, jitterMs: 2 },
  { delayMs: 30, jitterMs: 3 },
];
const lossy = [
  { ...there, lossPercent: 6, duplicatePercent: 4, reorderPercent: 4 },
  { ...back, lossPercent: 2, duplicatePercent: 4, reorderPercent: 4 },
] as const;
const rounds = { idle: 10, lossy: 8, busy: 8, skewed: 14 };
/** What Pinhole promises of each round trip, in ns. */
const target = { median: 20_000, p95: 50_000 };
const clock = { offsetMs: 7000, driftPpm: 50, step: { afterMs: 15_000, byMs: 300 } };
const busy = { NODE_OPTIONS: `--import=${new URL('./accuracy-busy.ts', import.meta.url).href}` };

const peers = installedPeers();
const verdicts = new Verdicts();
await AccuracySystem.use(async (system) => {
  const { core, server } = system;
  const plain = [
    await system.startAgent('plain-a', core, 49153),
    await system.startAgent('plain-b', server, 49153),
  ];
  await system.setLink(there, back);
  // What starts keeps the machine busy for a moment longer.
  await sleep(2000);
  await measure('idle', system, plain);
  await comparePeers(system, 'idle', there, back);

  await system.setLink(...lossy);
  await count(system, plain);
  await comparePeers(system, 'loss', ...lossy);

  await system.setLink(there, back);
  const hurried = [
    await system.startAgent('busy-a', core, 49154, busy),
    await system.startAgent('busy-b', server, 49154, busy),
  ];
  await measure('busy', system, hurried);
  const env = { PINHOLE_TEST_CLOCK: JSON.stringify(clock) };
  await skewed(system, [plain[0]!, await system.startAgent('skewed', server, 49155, env)]);
});
process.exitCode = verdicts.failed ? 1 : 0;

async function run(
  system: AccuracySystem,
  [source, goal]: readonly Agent[],
  rounds: number,
): Promise<RoundComparison[]> {
  const comparisons: RoundComparison[] = [];
  let testId: string | null = null;
  while (comparisons.length < rounds) {
    const round = await compareRound(system, source!, goal!, testId);
    testId = round.testId;
    comparisons.push(round.comparison);
  }
  return comparisons;
}

function directionsOf(comparisons: readonly RoundComparison[]): DirectionComparison[] {
  return comparisons.flatMap(({ directions }) => directions);
}

async function measure(
  name: 'idle' | 'busy',
  system: AccuracySystem,
  agents: readonly Agent[],
): Promise<void> {
  const comparisons = await run(system, agents, rounds[name]);
  const errorsNs = comparisons.flatMap(({ roundTripErrorsNs }) => roundTripErrorsNs);
  verdicts.roundTrips(`Pinhole, ${name}`, errorsNs, target);
  figures(name, directionsOf(comparisons));
  verdicts.share(
    `one-way delay within its bound, ${name}`,
    directionsOf(comparisons),
    ({ boundHolds }) => boundHolds,
  );
  verdicts.share(
    `loss, duplicates and order exact, ${name}`,
    directionsOf(comparisons),
    ({ countsExact }) => countsExact,
  );
}

/** The largest error of each figure of a round. */
function figures(name: string, directions: readonly DirectionComparison[]): void {
  const largest = (of: (each: DirectionComparison) => Readonly<Record<string, number>>) => {
    const names = Object.keys(of(directions[0]!));
    const errors = names.map((figure) => {
      const magnitudes = directions.map((each) => Math.abs(of(each)[figure] ?? 0));
      return `${figure} ${Math.max(...magnitudes).toFixed(3)}`;
    });
    return errors.join(', ');
  };
  verdicts.say(
    `round trip of a round, ${name}: largest error, ms`,
    largest((each) => each.roundTripErrorsMs),
  );
  verdicts.say(
    `one-way delay of a round, ${name}: largest error, ms`,
    largest((each) => each.oneWayErrorsMs),
  );
  const jitter = Math.max(...directions.map(({ jitterErrorMs }) => Math.abs(jitterErrorMs)));
  verdicts.say(`jitter of a round, ${name}: largest error, ms`, jitter.toFixed(3));
}

async function count(system: AccuracySystem, agents: readonly Agent[]): Promise<void> {
  const directions = directionsOf(await run(system, agents, rounds.lossy));
  const sum = (of: (each: DirectionComparison['truth']) => number) =>
    directions.reduce((total, { truth }) => total + of(truth), 0);
  const lost = sum(({ sent, received }) => sent - received);
  const happened = `${lost} lost, ${sum((each) => each.duplicates)} twice, ${sum((each) => each.reordered)} out of order`;
  verdicts.share(
    `loss, duplicates and order exact, of ${happened}`,
    directions,
    ({ countsExact }) => countsExact,
  );
  verdicts.share('one-way delay within its bound, with loss', directions, ({ boundHolds }) => boundHolds);
}

async function skewed(system: AccuracySystem, agents: readonly Agent[]): Promise<void> {
  const directions = directionsOf(await run(system, agents, rounds.skewed));
  const steps = directions.flatMap(({ measurement }) => measurement.clock?.steppedByMs ?? []);
  verdicts.share(
    'one-way delay within its bound, a clock 7 s off, 50 ppm fast, and set by 300 ms',
    directions,
    // A bound that is null is no claim, and may be where the clock was set within the round.
    ({ boundHolds, measurement }) =>
      boundHolds || (measurement.delay?.errorBoundMs === null && measurement.clock?.steppedByMs != null),
  );
  verdicts.share(
    'loss, duplicates and order exact, with that clock',
    directions,
    ({ countsExact }) => countsExact,
  );
  const isTold = steps.some((each) => Math.abs(Math.abs(each) - clock.step.byMs) < clock.step.byMs / 4);
  verdicts.say('steps told, ms', steps.map((each) => each.toFixed(1)).join(', ') || 'none', isTold);
}

async function comparePeers(
  system: AccuracySystem,
  name: string,
  ...ways: readonly [object, object]
): Promise<void> {
  const { core, server } = system;
  await system.setLink(...ways);
  const record = (run: () => Promise<void>) => system.record(run);
  const tell = (tool: string, { roundTripErrorsNs, oneWayErrorsNs, jitterErrorNs, ...loss }: PeerFigures) => {
    verdicts.peer(`${tool}, ${name}`, roundTripErrorsNs);
    if (oneWayErrorsNs !== null) {
      const { there, back } = oneWayErrorsNs;
      verdicts.say(`${tool}, ${name}: one-way there (µs; one clock)`, spreadText(there));
      verdicts.say(`${tool}, ${name}: one-way back`, spreadText(back));
    }
    if (jitterErrorNs !== null)
      verdicts.say(`${tool}, ${name}: IPDV, error in ms`, (jitterErrorNs / 1e6).toFixed(3));
    const ways =
      loss.lossExact === null ? '' : `; there ${loss.lossExact.there}, back ${loss.lossExact.back}`;
    verdicts.say(`${tool}, ${name}: loss exact`, `${loss.roundTripLossExact}${ways}`);
  };
  if (peers.has('irtt')) tell('irtt', await runIrtt(core, server, 8, record));
  if (peers.has('fping')) tell('fping', await runFping(core, server, 300, record));
}
