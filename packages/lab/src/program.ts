// Programs of the lab's own in its places: each has its task as JSON on its command line, and answers by lines.

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { LabError, type LabErrorCode } from './error.ts';
import type { Place } from './place.ts';

export interface Program {
  /** The next line that it writes. Throws LabError where it has ended. */
  line(): Promise<string>;
  /** Writes a line to its standard input. */
  tell(line: string): void;
  /** Resolves when it has ended. */
  readonly ended: Promise<unknown>;
}

/** `name` is what it is called in the LabError of this code, as in "The program". */
export function startProgram(
  place: Place,
  file: string,
  task: unknown,
  { code, name }: { readonly code: LabErrorCode; readonly name: string },
): Program {
  const child = place.spawn(process.execPath, [file, JSON.stringify(task)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // One that has ended is noticed by its lines.
  child.stdin!.on('error', () => {});
  const ended = once(child, 'close');
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return {
    async line() {
      const next = await lines.next();
      if (!next.done) return next.value;
      await ended;
      throw new LabError(code, `${name} ended: ${stderr.trim()}`);
    },
    tell: (line) => void child.stdin!.write(`${line}\n`),
    ended,
  };
}
