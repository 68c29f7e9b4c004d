// The one executable: `pinhole COMMAND`. Each command stands in a file of its own under commands/.

import { Command } from 'commander';
import { agentCommand } from './commands/agent.ts';
import { collectorCommand } from './commands/collector.ts';
import { demoCommand } from './commands/demo.ts';
import { labCommand } from './commands/lab.ts';
import { stampCommand } from './commands/stamp.ts';
import { traversalCommand } from './commands/traversal.ts';
import { requireNode } from './runtime.ts';
import { version } from './version.ts';

requireNode();

const program = new Command('pinhole')
  .description('Watches the network between two of your own machines, in both directions, also through NATs.')
  .version(version)
  .showHelpAfterError('(try --help)')
  .enablePositionalOptions();

for (const command of [
  collectorCommand,
  traversalCommand,
  agentCommand,
  stampCommand,
  labCommand,
  demoCommand,
]) {
  program.addCommand(command());
}

await program.parseAsync();
