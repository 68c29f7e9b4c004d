// The agent's state folder: who it is, what it was last told, and results that the collector does not have yet.

import { mkdirSync, readFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
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

const identityName = 'agent.json';
const configName = 'config.json';

export class StateFolder {
  readonly spool: Spool;
  readonly #dir: string;

  /** Throws AgentError where the folder cannot be used, or another agent uses it. */
  constructor(dir: string) {
    this.#dir = dir;
    try {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw unusable(`The state folder ${dir} cannot be used: ${reasonOf(error)}`, error);
    }
    this.spool = new Spool(path.join(dir, 'spool.sqlite'));
  }

  /** Null where this agent has not been enrolled. Throws AgentError where that cannot be told. */
  identity(): Identity | null {
    const text = this.#read(identityName);
    if (text === null) return null;
    const identity = parse(text, identitySchema);
    if (identity !== null) return identity;
    throw unusable(`${path.join(this.#dir, identityName)} is damaged; move it away to begin anew`);
  }

  /** Keeps a new identity, and nothing that belongs to an earlier one. Rejects with AgentError. */
  async keepIdentity(identity: Identity): Promise<void> {
    try {
      await this.forgetConfig();
      this.spool.clear();
      await this.#write(identityName, identity);
    } catch (error) {
      throw unusable(`${this.#dir} cannot be written to: ${reasonOf(error)}`, error);
    }
  }

  /** What the agent goes on with while the collector is away; null where that is not known, or not understood. */
  heldConfig(): AgentConfig | null {
    const text = this.#read(configName);
    return text === null ? null : parse(text, agentConfigSchema);
  }

  async keepConfig(config: AgentConfig): Promise<void> {
    await this.#write(configName, config);
  }

  async forgetConfig(): Promise<void> {
    await rm(path.join(this.#dir, configName), { force: true });
  }

  close(): void {
    this.spool.close();
  }

  #read(name: string): string | null {
    const file = path.join(this.#dir, name);
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw unusable(`${file} cannot be read: ${reasonOf(error)}`, error);
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
    await rename(fresh, file);
  }
}

function parse<T>(text: string, schema: z.ZodType<T>): T | null {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

function unusable(message: string, cause?: unknown): AgentError {
  return new AgentError('state-folder-unusable', message, { cause });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
