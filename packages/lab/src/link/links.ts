// The lab's side of the program that is its links.

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { LabError } from '../error.ts';
import type { Place } from '../place.ts';
import type { LinkChange, LinkTask } from './link-main.ts';
import type { LinkProfile } from './profile.ts';

export interface Links {
  /** Resolves once packets meet the new profile. Those on their way keep the old one. */
  set(link: number, profile: LinkProfile): Promise<void>;
}

const program = fileURLToPath(new URL('./link-main.ts', import.meta.url));

/** Resolves once frames pass. The program ends with the place, the core. Throws LabError `link-failed`. */
export async function startLinks(core: Place, task: LinkTask): Promise<Links> {
  const child = core.spawn(process.execPath, [program, JSON.stringify(task)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin!.on('error', () => {});
  const closed = once(child, 'close');
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const answer = async () => {
    const line = await lines.next();
    if (!line.done) return;
    await closed;
    throw new LabError('link-failed', `The program that is the lab's links ended: ${stderr.trim()}`);
  };
  await answer();
  let last = Promise.resolve();
  return {
    set(link, profile) {
      const change: LinkChange = { link, profile };
      last = last.then(() => {
        child.stdin!.write(`${JSON.stringify(change)}\n`);
        return answer();
      });
      return last;
    },
  };
}
