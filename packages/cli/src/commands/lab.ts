import {
  type DescriptionOptions,
  labExec,
  labList,
  labMatrix,
  labRun,
  labUp,
  type MatrixCommandOptions,
  natKinds,
} from '@pinhole/lab';
import { Command, Option } from 'commander';
import { gather } from '../values.ts';

export function labCommand(): Command {
  const lab = new Command('lab')
    .description('NATs, routers and hosts in kernel namespaces on this machine.')
    .enablePositionalOptions()
    .addHelpText('after', `\nKinds of NAT: ${Object.keys(natKinds).join(', ')}`);

  described(lab.command('up'))
    .description('builds and verifies a lab, and holds it until Ctrl-C')
    .action(async (options: DescriptionOptions) => {
      process.exitCode = await labUp(options);
    });

  described(lab.command('run'))
    .description('builds and verifies a lab, runs a command in a place of it, and takes it down')
    .addOption(
      new Option('--in <place>', 'a site (its first host), site-nat, site-router, server or core')
        .makeOptionMandatory()
        .env('PINHOLE_LAB_IN'),
    )
    .argument('<command...>', 'the command and its arguments, after --')
    .passThroughOptions()
    .action(async (command: string[], options: DescriptionOptions & { in: string }) => {
      process.exitCode = await labRun({ ...options, place: options.in, command });
    });

  lab
    .command('exec')
    .description('runs a command in a place of a lab that is up')
    .argument('<run>', 'the number that `lab up` prints and `lab list` lists')
    .argument('<place>', 'as in `lab run`')
    .argument('<command...>', 'the command and its arguments, after --')
    .passThroughOptions()
    .action(async (run: string, place: string, command: string[]) => {
      process.exitCode = await labExec({ run, place, command });
    });

  lab
    .command('list')
    .description('lists the labs of this user that are up')
    .action(async () => {
      process.exitCode = await labList();
    });

  lab
    .command('matrix')
    .description('tests each kind of NAT with each other, and says where the outcome is not the expected one')
    .addOption(
      new Option('--only <kinds>', 'these kinds, separated by commas (default: all)')
        .argParser(gather((kind) => kind))
        .env('PINHOLE_LAB_ONLY'),
    )
    .addOption(
      new Option('--protocol <protocol>', 'one protocol (default: both)')
        .choices(['udp', 'tcp'])
        .env('PINHOLE_LAB_PROTOCOL'),
    )
    .addOption(new Option('--html <file>', 'write a page as well').env('PINHOLE_LAB_HTML'))
    .action(async (options: MatrixCommandOptions) => {
      process.exitCode = await labMatrix(options);
    });
  return lab;
}

function described(command: Command): Command {
  return command
    .addOption(new Option('--file <file>', 'a description of the lab, in JSON').env('PINHOLE_LAB_FILE'))
    .addOption(
      new Option('--nat <site=kind>', 'a site and its kind of NAT, as in a=eim-apdf (repeatable)')
        .argParser((text: string, earlier: string[] | undefined) => [...(earlier ?? []), ...text.split(',')])
        .env('PINHOLE_LAB_NAT'),
    );
}
