// A system in the lab, and a browser on its page.

import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Program, type SiteNat, System } from '../system.ts';
import { Browser, browserMissing, type Visitor } from './browser.ts';

export interface Scene {
  readonly system: System;
  readonly collector: Program;
  readonly browser: Browser;
  /** The administrator, signed in. */
  readonly admin: Visitor;
  readonly password: string;
  /** A part of the test; what it leaves on the screen is the next one's. */
  part(name: string, body: () => Promise<void>): Promise<void>;
}

/** A test with a collector, and agents where `body` starts some. */
export function scene(
  name: string,
  nats: Readonly<Record<string, SiteNat>>,
  body: (scene: Scene) => Promise<void>,
): void {
  test(name, { skip: browserMissing() ?? false }, (t) =>
    System.use(
      nats,
      async (system) => {
        const collector = await system.startCollector();
        const password = readFileSync(`${system.folder}/data/admin-password`, 'utf8').trim();
        await Browser.use(system.collectorUrl, async (browser) => {
          const admin = await browser.visitor();
          await admin.signIn('admin', password);
          const part: Scene['part'] = async (title, run) => {
            let failure: unknown;
            await system.part(t, title, () =>
              run().catch((error: unknown) => {
                failure = error;
                throw error;
              }),
            );
            // What comes after stands on it.
            if (failure !== undefined) throw failure;
          };
          await body({ system, collector, browser, admin, password, part });
        });
      },
      { delayMs: 20 },
    ),
  );
}
