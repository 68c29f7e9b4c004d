// The lab's side of the program that is its links.

import { fileURLToPath } from 'node:url';
import type { Place } from '../place.ts';
import { startProgram } from '../program.ts';
import type { LinkChange, LinkTask } from './link-main.ts';
import type { LinkProfile } from './profile.ts';

export interface Links {
  /** Resolves once packets meet the new profile. Those on their way keep the old one. */
  set(link: number, profile: LinkProfile): Promise<void>;
}

const program = fileURLToPath(new URL('./link-main.ts', import.meta.url));

/** Resolves once frames pass. The program ends with the place, the core. Throws LabError `link-failed`. */
export async function startLinks(core: Place, task: LinkTask): Promise<Links> {
  const { line, tell } = startProgram(core, program, task, {
    code: 'link-failed',
    name: "The program that is the lab's links",
  });
  await line();
  let last = Promise.resolve();
  return {
    set(link, profile) {
      const change: LinkChange = { link, profile };
      last = last.then(async () => {
        tell(JSON.stringify(change));
        await line();
      });
      return last;
    },
  };
}
