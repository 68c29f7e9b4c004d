import { runDemo } from '@pinhole/lab';
import { Command, InvalidArgumentError, Option } from 'commander';
import { parseListen } from '../values.ts';

interface Options {
  readonly listen: { host: string; port: number };
  readonly rounds?: number;
}

export function demoCommand(): Command {
  return new Command('demo')
    .description(
      'Sites behind NATs on this machine, an agent in each, tests between them, and the page that shows it all.',
    )
    .addOption(
      new Option('--listen <host:port>', 'where the page is to be reached from this machine')
        .argParser(parseListen)
        .default({ host: '127.0.0.1', port: 8080 }, '127.0.0.1:8080, or another port where that is taken')
        .env('PINHOLE_DEMO_LISTEN'),
    )
    .addOption(
      new Option(
        '--rounds <number>',
        'end after so many rounds of the first test (default: go on until Ctrl-C)',
      )
        .argParser(parseRounds)
        .env('PINHOLE_DEMO_ROUNDS'),
    )
    .action(async (options: Options) => {
      process.exitCode = await runDemo(options);
    });
}

function parseRounds(text: string): number {
  const rounds = Number(text);
  if (!Number.isInteger(rounds) || rounds < 1) throw new InvalidArgumentError('expected a number from 1 on');
  return rounds;
}
