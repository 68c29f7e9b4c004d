import { fileURLToPath } from 'node:url';
import { type Collector, startCollector } from '@pinhole/collector';
import { traversalPorts } from '@pinhole/contract';
import { createNet, type Net } from '@pinhole/net';
import { startTraversalServer, type TraversalServer } from '@pinhole/traversal';
import { addressFamily, type IpAddress, ip } from '@pinhole/wire';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Logger } from 'pino';
import { runProgram, UsageError } from '../lifecycle.ts';
import { createLog, type LogOptions, withLogOptions } from '../logging.ts';
import { gather, parseAddress, parseHost, parseListen, parseUrl } from '../values.ts';

interface Options extends LogOptions {
  readonly listen: { host: string; port: number };
  readonly data: string;
  readonly publicUrl?: string;
  readonly trustedProxy?: string[];
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly keepDays: number;
  readonly traversal?: string[];
  readonly embeddedTraversal: boolean;
  readonly traversalAddress?: IpAddress[];
  readonly networks?: string[];
  readonly reverseDns: boolean;
}

/** As `npm run setup` builds it. */
const pageDir = fileURLToPath(new URL('../../../web/dist', import.meta.url));
/** A century. */
const maxKeepDays = 36_525;

export function collectorCommand(): Command {
  const command = new Command('collector')
    .description(
      'Keeps configuration, schedule and results; serves the page and REST; runs a NAT traversal server beside.',
    )
    .addOption(
      new Option('--listen <host:port>', 'where to serve HTTP')
        .argParser(parseListen)
        .default({ host: '0.0.0.0', port: 8080 }, '0.0.0.0:8080')
        .env('PINHOLE_LISTEN'),
    )
    .addOption(
      new Option('--data <dir>', 'folder for the database and the tokens')
        .default('./pinhole-data')
        .env('PINHOLE_DATA'),
    )
    .addOption(
      new Option('--public-url <url>', 'how others reach this collector, behind a proxy')
        .argParser(parseUrl)
        .env('PINHOLE_PUBLIC_URL'),
    )
    .addOption(
      new Option(
        '--trusted-proxy <address>',
        'who may say in X-Forwarded-For whom he speaks for: an address or a network (repeatable; default: loopback, with --public-url)',
      )
        .argParser(gather(parseNetwork))
        .env('PINHOLE_TRUSTED_PROXY'),
    )
    .addOption(
      new Option(
        '--tls-cert <file>',
        'serve HTTPS with this certificate (PEM, with those between it and the authority)',
      ).env('PINHOLE_TLS_CERT'),
    )
    .addOption(new Option('--tls-key <file>', 'the key of that certificate (PEM)').env('PINHOLE_TLS_KEY'))
    .addOption(
      new Option('--keep-days <days>', 'for how long results and paths are kept')
        .argParser(parseDays)
        .default(90)
        .env('PINHOLE_KEEP_DAYS'),
    )
    .addOption(
      new Option('--traversal <host>', 'a further NAT traversal server (repeatable)')
        .argParser(gather(parseHost))
        .env('PINHOLE_TRAVERSAL'),
    )
    .addOption(
      new Option('--no-embedded-traversal', 'run no NAT traversal server in this process').env(
        'PINHOLE_NO_EMBEDDED_TRAVERSAL',
      ),
    )
    .addOption(
      new Option(
        '--traversal-address <ip>',
        'an address for the embedded server; two for all of RFC 5780 (repeatable)',
      )
        .argParser(gather(parseAddress))
        .env('PINHOLE_TRAVERSAL_ADDRESS'),
    )
    .addOption(
      new Option(
        '--networks <file>',
        'which network an address is in: MaxMind DB or CSV; the first file that knows counts (repeatable)',
      )
        .argParser(gather((path) => path))
        .env('PINHOLE_NETWORKS'),
    )
    .addOption(
      new Option('--no-reverse-dns', 'do not look up the names of the addresses on paths').env(
        'PINHOLE_NO_REVERSE_DNS',
      ),
    )
    .addHelpText(
      'after',
      `
PINHOLE_API_TOKEN and PINHOLE_ACCOUNT_TOKEN, when set, are used instead of tokens made at the first start, and
PINHOLE_ADMIN_PASSWORD as the password of the person "admin".`,
    )
    .action((options: Options) => runProgram(() => start(options)));
  return withLogOptions(command);
}

async function start(options: Options) {
  const log = createLog('collector', options);
  const { net, reason } = createNet();
  if (reason !== null) log.warn({ reason }, 'kernel features are not available');
  const collector = await startCollector({
    ...options,
    dataDir: options.data,
    ...(process.env.PINHOLE_API_TOKEN && { apiToken: process.env.PINHOLE_API_TOKEN }),
    ...(process.env.PINHOLE_ACCOUNT_TOKEN && { accountToken: process.env.PINHOLE_ACCOUNT_TOKEN }),
    ...(process.env.PINHOLE_ADMIN_PASSWORD && { adminPassword: process.env.PINHOLE_ADMIN_PASSWORD }),
    ...(options.trustedProxy && { trustedProxies: options.trustedProxy }),
    ...tlsOf(options),
    pageDir,
    traversal: { servers: serversOf(options) },
    clock: net.clock,
    random: net.random,
    log,
  });
  let traversal: TraversalServer | null = null;
  try {
    if (options.embeddedTraversal) traversal = await embedded(options, net, log, collector);
  } catch (error) {
    await collector.close();
    throw error;
  }
  sayTokens(collector, log);
  return {
    async close() {
      traversal?.close();
      await collector.close();
      await net.close();
    },
  };
}

function tlsOf({ tlsCert, tlsKey }: Options) {
  if (tlsCert === undefined && tlsKey === undefined) return {};
  if (tlsCert === undefined || tlsKey === undefined)
    throw new UsageError('--tls-cert and --tls-key belong together');
  return { tls: { certFile: tlsCert, keyFile: tlsKey } };
}

/** An address, or one with the length of its prefix: `10.0.0.0/8`. */
function parseNetwork(text: string): string {
  const [address = '', length, ...more] = text.split('/');
  const parsed = parseAddress(address);
  const bits = addressFamily(parsed) === 4 ? 32 : 128;
  const isLength = length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= bits);
  if (!isLength || more.length > 0) throw new InvalidArgumentError('expected an address, or ADDRESS/LENGTH');
  return length === undefined ? parsed : `${parsed}/${length}`;
}

function parseDays(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1 || days > maxKeepDays)
    throw new InvalidArgumentError(`expected 1 to ${maxKeepDays}`);
  return days;
}

function serversOf({ embeddedTraversal, traversal = [], traversalAddress = [] }: Options) {
  if (!embeddedTraversal && traversalAddress.length > 0) {
    throw new UsageError(
      '--traversal-address is for the embedded server, which --no-embedded-traversal leaves out',
    );
  }
  // Without an address of its own the embedded server is where the collector is, by whatever name agents know it.
  const own = embeddedTraversal ? [traversalAddress[0] ?? null] : [];
  return [...own, ...traversal].map((host) => ({ host, ports: [...traversalPorts] }));
}

async function embedded(
  options: Options,
  net: Net,
  log: Logger,
  collector: Collector,
): Promise<TraversalServer> {
  const addresses = options.traversalAddress ?? (await net.host.resolve(options.listen.host)).slice(0, 1);
  return startTraversalServer({
    net,
    log: log.child({ name: 'traversal' }),
    secret: collector.traversalSecret,
    addresses: addresses.length === 0 ? [ip('0.0.0.0')] : addresses,
    ports: traversalPorts,
  });
}

function sayTokens({ url, apiTokenFile, accountTokenFile, adminPasswordFile }: Collector, log: Logger): void {
  const from = (variable: string, file: string) =>
    process.env[variable] ? `${variable} in the environment` : file;
  log.info(
    {
      page: url,
      rest: `${url}/v7`,
      apiToken: from('PINHOLE_API_TOKEN', apiTokenFile),
      accountToken: from('PINHOLE_ACCOUNT_TOKEN', accountTokenFile),
      ...((process.env.PINHOLE_ADMIN_PASSWORD || adminPasswordFile !== null) && {
        adminPassword: from('PINHOLE_ADMIN_PASSWORD', adminPasswordFile ?? ''),
      }),
    },
    'ready; the tokens, and the password of the person admin, are kept there',
  );
}
