// The one executable: `pinhole COMMAND`. Each command stands in a file of its own under commands/.

import { Command } from 'commander';
import { requireNode } from './runtime.ts';
import { version } from './version.ts';

requireNode();

const program = new Command('pinhole')
  .description('Watches the network between two of your own machines, in both directions, also through NATs.')
  .version(version)
  .showHelpAfterError('(try --help)')
  .enablePositionalOptions();

// Only what is asked for is loaded: a small machine's agent has no room for a collector.
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  collector: async () => (await import('./commands/collector.ts')).collectorCommand(),
  traversal: async () => (await import('./commands/traversal.ts')).traversalCommand(),
  agent: async () => (await import('./commands/agent.ts')).agentCommand(),
  stamp: async () => (await import('./commands/stamp.ts')).stampCommand(),
  lab: async () => (await import('./commands/lab.ts')).labCommand(),
  demo: async () => (await import('./commands/demo.ts')).demoCommand(),
};
const asked = commands[process.argv[2] ?? ''];
for (const command of asked === undefined ? Object.values(commands) : [asked])
  program.addCommand(await command());

await program.parseAsync();
