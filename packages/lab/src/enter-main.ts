// node enter-main.ts COMMAND ARGS… runs the command inside the lab's private namespaces.
// Exit code: the command's; 2, with a sentence, where the lab cannot run.

import { enterPrivateNamespaces } from './enter/enter.ts';
import { LabError } from './error.ts';

const argv = process.argv.slice(2);
if (argv.length === 0) {
  process.stderr.write('usage: enter-main.ts COMMAND [ARGUMENT…]\n');
  process.exit(2);
}
try {
  process.exitCode = await enterPrivateNamespaces(argv);
} catch (error) {
  if (!(error instanceof LabError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
