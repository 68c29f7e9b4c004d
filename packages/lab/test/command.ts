// Runs one of the commands as a program: command.ts NAME OPTIONS, the options as JSON.

import { labExec, labList, labRun, labUp } from '../src/command/commands.ts';

const [name, options] = process.argv.slice(2);
const commands: Record<string, (options: never) => Promise<number>> = { labExec, labList, labRun, labUp };
process.exitCode = await commands[name!]!(JSON.parse(options ?? '{}') as never);
