// Other people's tools over the same link, where they are installed.

import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Place } from '@pinhole/lab';
import { meanStep } from './accuracy-figures.ts';
import { echoNaming, irttNaming, Truth, trueCounts, trueRoundTrips } from './accuracy-truth.ts';

const packages = ['irtt', 'fping'];

/** What is installed when this returns; as root, where apt is there, it installs what is not. */
export function installedPeers(): ReadonlySet<string> {
  const isInstalled = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
  const missing = packages.filter((program) => !isInstalled(program));
  if (missing.length > 0 && process.getuid?.() === 0 && isInstalled('apt-get')) {
    const install = `apt-get -qq update && apt-get -qq install -y --no-install-recommends ${missing.join(' ')}`;
    // irtt's package would start a server of its own; nothing is to be started here.
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    spawnSync('sh', ['-c', install], { env, stdio: 'ignore', timeout: 60_000 });
  }
  return new Set(packages.filter(isInstalled));
}

export interface PeerFigures {
  /** Of each round trip that was measured, less what the link's record says, in ns. */
  readonly roundTripErrorsNs: readonly number[];
  /** One-way, by two clocks that are the same here. */
  readonly oneWayErrorsNs: { readonly there: readonly number[]; readonly back: readonly number[] } | null;
  /** Of the mean difference of two round trips that follow each other. */
  readonly jitterErrorNs: number | null;
  /** Each is whether what the tool tells is what has happened; null where it tells nothing. */
  readonly lossExact: { readonly there: boolean; readonly back: boolean } | null;
  readonly roundTripLossExact: boolean;
}

/** Runs it from one place to another while `recording` records. */
export type Recording = (run: () => Promise<void>) => Promise<string>;

interface IrttOutput {
  readonly stats: {
    readonly ipdv_round_trip: { readonly mean: number };
  };
  readonly round_trips: readonly {
    readonly seqno: number;
    readonly lost: 'false' | 'true' | 'true_up' | 'true_down';
    readonly delay: { readonly rtt?: number; readonly send?: number; readonly receive?: number };
  }[];
}

export async function runIrtt(
  from: Place,
  to: Place,
  durationS: number,
  record: Recording,
): Promise<PeerFigures> {
  const server = to.spawn('irtt', ['server', '-b', `${to.addresses[0]}:2112`], { stdio: 'ignore' });
  let output: IrttOutput | null = null;
  try {
    await sleep(500);
    const file = await record(async () => {
      const args = ['client', '-i', '20ms', '-d', `${durationS}s`, '-Q', '-o', '-', to.addresses[0]!];
      const { code, stdout, stderr } = await from.run('irtt', args);
      if (code !== 0) throw new Error(`irtt: ${stderr || stdout}`);
      output = JSON.parse(stdout) as IrttOutput;
    });
    return irttFigures(output!, new Truth(file, irttNaming));
  } finally {
    server.kill();
  }
}

function irttFigures({ stats, round_trips }: IrttOutput, truth: Truth): PeerFigures {
  const [probes, reflections] = [truth.packets('down', 'probes'), truth.packets('up', 'reflections')];
  const held = trueRoundTrips(probes, reflections);
  const errors = (
    of: (trip: IrttOutput['round_trips'][number]) => number | undefined,
    truly: (sequence: number) => number | null | undefined,
  ) =>
    round_trips.flatMap((trip) => {
      const [told, real] = [of(trip), truly(trip.seqno)];
      return told === undefined || real == null ? [] : [told - real];
    });
  const [there, back] = [trueCounts(probes), trueCounts(reflections)];
  const lost = (how: string) => round_trips.filter((trip) => trip.lost === how).length;
  return {
    roundTripErrorsNs: errors(
      ({ delay }) => delay.rtt,
      (sequence) => held.get(sequence),
    ),
    oneWayErrorsNs: {
      there: errors(
        ({ delay }) => delay.send,
        (sequence) => probes.get(sequence)?.heldNs,
      ),
      back: errors(
        ({ delay }) => delay.receive,
        (sequence) => reflections.get(sequence)?.heldNs,
      ),
    },
    jitterErrorNs: stats.ipdv_round_trip.mean - meanStep([...held.values()]),
    lossExact: {
      there: lost('true_up') === there.sent - there.received,
      back: lost('true_down') === back.sent - back.received,
    },
    roundTripLossExact: lost('false') === held.size,
  };
}

export async function runFping(
  from: Place,
  to: Place,
  count: number,
  record: Recording,
): Promise<PeerFigures> {
  let told: (number | null)[] = [];
  const file = await record(async () => {
    const { stderr } = await from.run('fping', [
      '-C',
      String(count),
      '-q',
      '-p',
      '20',
      // Otherwise what takes longer than the period is lost to it.
      '-t',
      '1000',
      '-b',
      '100',
      to.addresses[0]!,
    ]);
    // `192.0.2.2 : 40.1 - 40.3`, behind a line for each duplicate.
    const values = stderr
      .trim()
      .split('\n')
      .at(-1)!
      .replace(/^.* : /, '')
      .split(' ');
    told = values.map((value) => (value === '-' ? null : Number(value) * 1e6));
    if (told.length !== count) throw new Error(`fping: ${stderr}`);
  });
  const truth = new Truth(file, echoNaming);
  const held = trueRoundTrips(truth.packets('down', 'probes'), truth.packets('up', 'reflections'));
  const roundTripErrorsNs = told.flatMap((each, sequence) => {
    const real = held.get(sequence);
    return each === null || real === undefined ? [] : [each - real];
  });
  return {
    roundTripErrorsNs,
    oneWayErrorsNs: null,
    jitterErrorNs: null,
    lossExact: null,
    roundTripLossExact: told.filter((each) => each !== null).length === held.size,
  };
}
