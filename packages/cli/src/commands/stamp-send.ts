import { leastProbeBytes, type StampReport, sendStampRound } from '@pinhole/agent/parts';
import { createNet, type Net, SocketError } from '@pinhole/net';
import type { Endpoint } from '@pinhole/wire';
import { Command, type CommanderError, Option } from 'commander';
import { UsageError } from '../lifecycle.ts';
import { roundJson, roundLines } from './stamp-text.ts';
import { parseDuration, parseTarget, parseWhole, securityOf } from './stamp-values.ts';

interface Options {
  readonly count: number;
  readonly interval: number;
  readonly wait: number;
  readonly size: number;
  readonly dscp: number;
  readonly key?: string;
  readonly extensions: boolean;
  readonly twampLight: boolean;
  readonly every?: number;
  readonly json: boolean;
}

/** How it ends, as a script sees it. */
const exitCodes = { answered: 0, nothingCame: 1, usage: 2 } as const;

/** The largest payload of UDP over IPv4. */
const maxSizeBytes = 65_507;

export function stampSendCommand(): Command {
  return new Command('send')
    .description(
      'A Session-Sender: measures to a router or anything else that reflects STAMP or TWAMP Light.',
    )
    .argument('<target>', 'HOST or HOST:PORT; port 862 unless told otherwise', parseTarget)
    .addOption(
      new Option('--count <probes>', 'probes of a round')
        .argParser(parseWhole(1, 10_000))
        .default(50)
        .env('PINHOLE_STAMP_COUNT'),
    )
    .addOption(
      new Option('--interval <time>', 'from one probe to the next')
        .argParser(parseDuration)
        .default(20, '20ms')
        .env('PINHOLE_STAMP_INTERVAL'),
    )
    .addOption(
      new Option('--wait <time>', 'a reply that takes longer counts as lost')
        .argParser(parseDuration)
        .default(2_000, '2s')
        .env('PINHOLE_STAMP_WAIT'),
    )
    .addOption(
      new Option('--size <octets>', 'UDP payload of a probe (default: what it needs)')
        .argParser(parseWhole(0, maxSizeBytes))
        .default(0, 'what it needs')
        .env('PINHOLE_STAMP_SIZE'),
    )
    .addOption(
      new Option('--dscp <dscp>', 'of the probes, and asked for the replies')
        .argParser(parseWhole(0, 63))
        .default(0)
        .env('PINHOLE_STAMP_DSCP'),
    )
    .addOption(
      new Option('--key <file>', 'authenticated mode, with the key in this file').env(
        'PINHOLE_STAMP_KEY_FILE',
      ),
    )
    .addOption(
      new Option('--no-extensions', 'ask for nothing beside the base packet (RFC 8972)').env(
        'PINHOLE_STAMP_NO_EXTENSIONS',
      ),
    )
    .addOption(
      new Option('--twamp-light', 'to a reflector of TWAMP Light: no session identifier, no extensions')
        .default(false)
        .env('PINHOLE_STAMP_TWAMP_LIGHT'),
    )
    .addOption(new Option('--once', 'one round (default)').conflicts('every').env('PINHOLE_STAMP_ONCE'))
    .addOption(
      new Option('--every <time>', 'a round each so often, until Ctrl-C')
        .argParser(parseDuration)
        .env('PINHOLE_STAMP_EVERY'),
    )
    .addOption(new Option('--json', 'one JSON object a round').default(false).env('PINHOLE_STAMP_JSON'))
    .addHelpText(
      'after',
      '\nPINHOLE_STAMP_KEY, when set, is the key itself. A key that begins with 0x is hexadecimal.\n' +
        'Ends with 0 when the last round was answered, 1 when nothing came, 2 when it could not be asked.',
    )
    .exitOverride(endUsage)
    .action(async (target: { host: string; port: number }, options: Options) => {
      process.exitCode = await send(target, options).catch(endRefused);
    });
}

async function send({ host, port }: { host: string; port: number }, options: Options): Promise<number> {
  const { net } = createNet();
  const ending = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => ending.abort());
  try {
    const [address] = await net.host.resolve(host);
    if (address === undefined) throw new UsageError(`${host} has no address`);
    let answered = false;
    let startMs = net.clock.monotonicNs() / 1e6;
    do {
      answered = await sendRound(net, { address, port }, options, ending.signal);
      if (options.every === undefined) break;
      startMs += options.every;
      await pause(net, startMs - net.clock.monotonicNs() / 1e6, ending.signal);
    } while (!ending.signal.aborted);
    return answered ? exitCodes.answered : exitCodes.nothingCame;
  } finally {
    await net.close();
  }
}

async function sendRound(
  net: Net,
  target: Endpoint,
  options: Options,
  signal: AbortSignal,
): Promise<boolean> {
  const { size, dscp, twampLight, count, interval, wait } = options;
  const format = { security: securityOf(options.key), dscp, ssid: 0 };
  if (twampLight && format.security.mode === 'authenticated')
    throw new UsageError(
      'The authenticated mode of TWAMP Light is another than that of STAMP: leave the key out',
    );
  const leastBytes = leastProbeBytes({ ...format, extensions: false });
  if (size !== 0 && size < leastBytes)
    throw new UsageError(`A probe in ${format.security.mode} mode has at least ${leastBytes} octets`);
  // What a small probe has no room for is not asked for.
  const extensions =
    options.extensions &&
    !twampLight &&
    (size === 0 || size >= leastProbeBytes({ ...format, extensions: true }));
  const startedAt = new Date(net.clock.wallMs());
  const report = await sendStampRound({
    net,
    target,
    plan: { probeCount: count, gapMs: interval, lossThresholdMs: wait },
    format: { ...format, extensions, sizeBytes: size },
    twampLight,
    signal,
  });
  tell(startedAt, report, options);
  return report.answered > 0;
}

function tell(startedAt: Date, report: StampReport, { json, dscp, every }: Options): void {
  const text = json
    ? roundJson(startedAt, report)
    : [...roundLines(startedAt, report, dscp), ...(every === undefined ? [] : [''])].join('\n');
  process.stdout.write(`${text}\n`);
}

function pause(net: Net, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = net.clock.after(Math.max(0, delayMs), resolve);
    signal.addEventListener('abort', () => {
      timer.cancel();
      resolve();
    });
    if (signal.aborted) resolve();
  });
}

function endUsage(error: CommanderError): never {
  process.exit(error.exitCode === 0 ? 0 : exitCodes.usage);
}

function endRefused(error: unknown): number {
  if (!(error instanceof UsageError || error instanceof SocketError)) throw error;
  process.stderr.write(`pinhole: ${error.message}\n`);
  return exitCodes.usage;
}
