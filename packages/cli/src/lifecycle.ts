// How each long-running program starts and ends.

/** The programs' own errors by name: to import their classes would load the programs. */
const toldErrors = new Set(['AgentError', 'CollectorError', 'SocketError', 'UsageError']);

/** What may still be open when a signal asks for the end; within 2 s it is over. */
const closingLimitMs = 1_800;

/**
 * Starts a program and keeps it until SIGTERM or SIGINT; then it has closingLimitMs to close. A start that fails with
 * one of the programs' own errors is told in one sentence on standard error, with exit code 1.
 */
export async function runProgram(start: () => Promise<{ close(): void | Promise<void> }>): Promise<void> {
  const ending = Promise.withResolvers<NodeJS.Signals>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => ending.resolve(signal));
  const starting = start();
  // A signal during the start does not wait for it.
  const started = await Promise.race([starting, ending.promise]).catch(fail);
  if (typeof started === 'string') process.exit(0);
  await ending.promise;
  const limit = setTimeout(() => process.exit(0), closingLimitMs);
  await started.close();
  clearTimeout(limit);
  process.exit(0);
}

/** Ends the process with the sentence of an error that is the user's to mend; throws any other. */
export function fail(error: unknown): never {
  if (error instanceof Error && toldErrors.has(error.name)) {
    process.stderr.write(`pinhole: ${error.message}\n`);
    process.exit(1);
  }
  throw error;
}

/** What was asked for on the command line cannot be done. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
