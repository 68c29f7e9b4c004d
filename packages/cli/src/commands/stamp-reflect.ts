import { type AddressPrefix, startStampReflector } from '@pinhole/agent/parts';
import { createNet, type Net, SocketError } from '@pinhole/net';
import { type Endpoint, formatEndpoint, type IpAddress, ip } from '@pinhole/wire';
import { Command, Option } from 'commander';
import { runProgram, UsageError } from '../lifecycle.ts';
import { gather, parseListen } from '../values.ts';
import { reflectedJson, reflectedLine } from './stamp-text.ts';
import { parseAllowed, parseWhole, securityOf, stampPort } from './stamp-values.ts';

interface Options {
  readonly listen?: { host: string; port: number }[];
  readonly key?: string;
  readonly stateful: boolean;
  readonly twampLight: boolean;
  readonly allow: AddressPrefix[];
  readonly replyDscp?: number[];
  readonly rate: number;
  readonly totalRate: number;
  readonly json: boolean;
}

/** 500 octets of memory each. While forged sources use up all of the rate, one heard of twice a second is still kept. */
const maxSessions = 10_000;

export function stampReflectCommand(): Command {
  return new Command('reflect')
    .description('A Session-Reflector: answers the probes of whoever measures to this host.')
    .addOption(
      new Option('--listen <host:port>', 'where to listen (repeatable; default: port 862 on all addresses)')
        .argParser(gather(parseListen))
        .env('PINHOLE_STAMP_LISTEN'),
    )
    .addOption(
      new Option('--key <file>', 'authenticated mode, with the key in this file').env(
        'PINHOLE_STAMP_KEY_FILE',
      ),
    )
    .addOption(
      new Option(
        '--stateless',
        'copy sequence numbers instead of counting: senders cannot tell in which direction loss occurs',
      ).env('PINHOLE_STAMP_STATELESS'),
    )
    .addOption(
      new Option(
        '--twamp-light',
        'answer the short probes of TWAMP Light too, with longer replies; needs --allow',
      )
        .default(false)
        .env('PINHOLE_STAMP_TWAMP_LIGHT'),
    )
    .addOption(
      new Option('--allow <prefix>', 'answer these addresses only, as 192.0.2.0/24 (repeatable)')
        .argParser(gather(parseAllowed))
        .default([], 'everyone')
        .env('PINHOLE_STAMP_ALLOW'),
    )
    .addOption(
      new Option(
        '--reply-dscp <dscp>',
        'a DSCP that senders may ask replies to have (repeatable; default: any)',
      )
        .argParser(gather(parseWhole(0, 63)))
        .env('PINHOLE_STAMP_REPLY_DSCP'),
    )
    .addOption(
      new Option('--rate <packets>', 'replies a second to one source (IPv6: to one /64)')
        .argParser(parseWhole(1, 1_000_000))
        .default(1_000)
        .env('PINHOLE_STAMP_RATE'),
    )
    .addOption(
      new Option('--total-rate <packets>', 'replies a second in all')
        .argParser(parseWhole(1, 1_000_000))
        .default(20_000)
        .env('PINHOLE_STAMP_TOTAL_RATE'),
    )
    .addOption(new Option('--json', 'tell in JSON, a line each').default(false).env('PINHOLE_STAMP_JSON'))
    .addHelpText(
      'after',
      '\nPINHOLE_STAMP_KEY, when set, is the key itself. A key that begins with 0x is hexadecimal.\n' +
        'What it does is told once a second, while there is something to tell.',
    )
    .action((options: Omit<Options, 'stateful'> & { stateless?: boolean }) =>
      runProgram(() => start({ ...options, stateful: options.stateless !== true })),
    );
}

async function start(options: Options) {
  if (options.twampLight && options.allow.length === 0)
    throw new UsageError(
      '--twamp-light sends replies that are longer than what they answer: say to whom, with --allow',
    );
  const security = securityOf(options.key);
  const { net } = createNet();
  const say = (text: string) => process.stdout.write(`${text}\n`);
  const reflector = await startStampReflector({
    net,
    listen: await endpointsOf(options.listen, net),
    security,
    stateful: options.stateful,
    twampLight: options.twampLight,
    allowed: options.allow,
    replyDscps: options.replyDscp ?? null,
    sourceRate: options.rate,
    totalRate: options.totalRate,
    maxSessions,
    onReport: (report) => {
      const at = new Date(net.clock.wallMs());
      say(options.json ? reflectedJson(at, report) : reflectedLine(at, report));
    },
  }).catch(explain);
  const endpoints = reflector.endpoints.map(formatEndpoint);
  const state = options.stateful ? 'stateful' : 'stateless';
  say(
    options.json
      ? JSON.stringify({ listening: endpoints, mode: security.mode, stateful: options.stateful })
      : `Reflecting STAMP at ${endpoints.join(' and ')}: ${security.mode}, ${state}. Ctrl-C ends it.`,
  );
  return {
    async close() {
      reflector.close();
      await net.close();
    },
  };
}

async function endpointsOf(listen: Options['listen'], net: Net): Promise<Endpoint[]> {
  if (listen === undefined) return unspecified(net).map((address) => ({ address, port: stampPort }));
  return Promise.all(
    listen.map(async ({ host, port }) => {
      const [address] = await net.host.resolve(host);
      if (address === undefined) throw new UsageError(`${host} has no address`);
      return { address, port };
    }),
  );
}

/** Of the families that this host has. */
function unspecified({ host }: Net): IpAddress[] {
  const addresses = host.interfaces().flatMap(({ ipAddresses }) => ipAddresses);
  const version6 = addresses.some((address) => address.includes(':'));
  return version6 ? [ip('0.0.0.0'), ip('::')] : [ip('0.0.0.0')];
}

function explain(error: unknown): never {
  if (error instanceof SocketError && error.code === 'not-permitted') {
    throw new UsageError(
      `${error.message}; ports below 1024 need root or CAP_NET_BIND_SERVICE. Another port: --listen :8620`,
    );
  }
  throw error;
}
