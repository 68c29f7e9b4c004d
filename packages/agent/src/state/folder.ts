// The agent's state folder: who it is, what it was last told, and results that the collector does not have yet.

import { chmodSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { type AgentConfig, agentConfigSchema } from '@pinhole/contract';
import { z } from 'zod';
import { AgentError } from '../errors.ts';
import { Spool } from './spool.ts';

const identitySchema = z.object({
  agentId: z.string(),
  agentSecret: z.string(),
  /** The identity is worth something only there. */
  collectorUrl: z.string(),
});
export type Identity = z.infer<typeof identitySchema>;

const heldConfigSchema = z.object({ configVersion: z.int(), config: agentConfigSchema });
export interface HeldConfig {
  readonly configVersion: number;
  readonly config: AgentConfig;
}

export class StateFolder {
  readonly spool: Spool;
  readonly #dir: string;

  /** Throws AgentError where the folder cannot be used, or another agent uses it. */
  constructor(dir: string) {
    this.#dir = dir;
    try {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      chmodSync(dir, 0o700);
    } catch (error) {
      throw new AgentError(
        'state-folder-unusable',
        `The state folder ${dir} cannot be used: ${reasonOf(error)}`,
        {
          cause: error,
        },
      );
    }
    this.spool = new Spool(path.join(dir, 'spool.sqlite'));
  }

  identity(): Identity | null {
    return this.#read('agent.json', identitySchema);
  }

  async keepIdentity(identity: Identity): Promise<void> {
    await this.#write('agent.json', identity);
  }

  /** What the agent goes on with while the collector is away. */
  heldConfig(): HeldConfig | null {
    return this.#read('config.json', heldConfigSchema);
  }

  async keepConfig(held: HeldConfig): Promise<void> {
    await this.#write('config.json', held);
  }

  close(): void {
    this.spool.close();
  }

  #read<T>(name: string, schema: z.ZodType<T>): T | null {
    const file = path.join(this.#dir, name);
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw new AgentError('state-folder-unusable', `${file} cannot be read: ${reasonOf(error)}`, {
        cause: error,
      });
    }
    try {
      return schema.parse(JSON.parse(text));
    } catch (error) {
      throw new AgentError('state-folder-unusable', `${file} is damaged; move it away to begin anew`, {
        cause: error,
      });
    }
  }

  /** Whole or not at all, also when the power goes. */
  async #write(name: string, value: unknown): Promise<void> {
    const file = path.join(this.#dir, name);
    const fresh = `${file}.new`;
    const handle = await open(fresh, 'w', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(value, null, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    renameSync(fresh, file);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
