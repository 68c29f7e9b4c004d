import { readFileSync } from 'node:fs';
import { traversalPorts } from '@pinhole/contract';
import { createNet } from '@pinhole/net';
import { startTraversalServer } from '@pinhole/traversal';
import { formatEndpoint, type IpAddress } from '@pinhole/wire';
import { Command, Option } from 'commander';
import { runProgram, UsageError } from '../lifecycle.ts';
import { createLog, type LogOptions, withLogOptions } from '../logging.ts';
import { gather, parseAddress } from '../values.ts';

interface Options extends LogOptions {
  readonly address: IpAddress[];
  readonly secretFile: string;
}

export function traversalCommand(): Command {
  const command = new Command('traversal')
    .description(
      'A NAT traversal server by itself: STUN on 9119 and 9120, TCP and UDP, and meetings of agents.',
    )
    .addOption(
      new Option('--address <ip>', 'an address to serve on; two for all of RFC 5780 (repeatable)')
        .argParser(gather(parseAddress))
        .makeOptionMandatory()
        .env('PINHOLE_ADDRESS'),
    )
    .addOption(
      new Option('--secret-file <file>', "a copy of the collector's file traversal-secret")
        .makeOptionMandatory()
        .env('PINHOLE_SECRET_FILE'),
    )
    .action((options: Options) => runProgram(() => start(options)));
  return withLogOptions(command);
}

async function start(options: Options) {
  const log = createLog('traversal', options);
  if (options.address.length > 2) throw new UsageError('one or two addresses can be served');
  const secret = readSecret(options.secretFile);
  const { net, reason } = createNet();
  if (reason !== null) log.warn({ reason }, 'kernel features are not available');
  const server = await startTraversalServer({
    net,
    log,
    secret,
    addresses: options.address,
    ports: traversalPorts,
  });
  log.info({ endpoints: server.endpoints.map(formatEndpoint) }, 'ready');
  return {
    async close() {
      server.close();
      await net.close();
    },
  };
}

/** As the collector reads its own: the text's octets, without the line's end. */
function readSecret(file: string): Uint8Array {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new UsageError(`The secret cannot be read: ${(error as Error).message}`);
  }
  if (text.length < 20) throw new UsageError(`${file} holds no secret: it is shorter than 20 characters`);
  return Buffer.from(text);
}
