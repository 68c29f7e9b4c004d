import { hostname } from 'node:os';
import { startAgent } from '@pinhole/agent';
import { defaultAgentPort } from '@pinhole/contract';
import { createNet } from '@pinhole/net';
import { Command, Option } from 'commander';
import { fail, runProgram } from '../lifecycle.ts';
import { createLog, type LogOptions, withLogOptions } from '../logging.ts';
import { withTestClock } from '../test-clock.ts';
import { parsePort, parseUrl } from '../values.ts';
import { version } from '../version.ts';

interface Options extends LogOptions {
  readonly collector: string;
  readonly accountToken: string;
  readonly name: string;
  readonly state: string;
  readonly port: number;
}

export function agentCommand(): Command {
  const command = new Command('agent')
    .description('One vantage point: measures to and from other agents. Needs no privileges.')
    .addOption(
      new Option('--collector <url>', "the collector's URL")
        .argParser(parseUrl)
        .makeOptionMandatory()
        .env('PINHOLE_COLLECTOR'),
    )
    .addOption(
      new Option('--account-token <token>', "the collector's account group token")
        .makeOptionMandatory()
        .env('PINHOLE_ACCOUNT_TOKEN'),
    )
    .addOption(
      new Option('--name <name>', 'how the agent is called')
        .default(hostname(), 'the host name')
        .env('PINHOLE_NAME'),
    )
    .addOption(
      new Option('--state <dir>', 'folder for what the agent must remember')
        .default('./pinhole-agent')
        .env('PINHOLE_STATE'),
    )
    .addOption(
      new Option('--port <port>', 'the one local port for everything, TCP and UDP')
        .argParser(parsePort)
        .default(defaultAgentPort)
        .env('PINHOLE_PORT'),
    )
    .action((options: Options) => runProgram(() => start(options)));
  return withLogOptions(command);
}

async function start(options: Options) {
  const log = createLog('agent', options);
  const { net: trueNet, reason } = createNet();
  const net = withTestClock(trueNet);
  if (reason !== null) log.warn({ reason }, 'kernel features are not available; times are less exact');
  const agent = await startAgent({
    net,
    log,
    version,
    collectorUrl: options.collector,
    accountToken: options.accountToken,
    agentName: options.name,
    stateDir: options.state,
    port: options.port,
    onFatal: fail,
  });
  return {
    async close() {
      await agent.close();
      await net.close();
    },
  };
}
