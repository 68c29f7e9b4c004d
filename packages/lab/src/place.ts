// Somewhere in a lab: a namespace in which programs can be run.

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import type { IpAddress } from '@pinhole/wire';
import { type Capture, openCapture, type PacketFilter } from './capture/capture.ts';
import { type Execution, execute, killGroup, labEnvironment } from './execute.ts';
import type { Node } from './node.ts';
import { asOrdinaryUser } from './ordinary-user.ts';

export interface PlaceSpawnOptions extends SpawnOptions {
  /**
   * In a process group of its own, which the lab kills when it closes; a terminal's Ctrl-C does not reach it.
   * @default true
   */
  readonly detached?: boolean;
  /** As `nobody`, without any capability. @default false */
  readonly asUser?: boolean;
}

export interface PlaceRunOptions {
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** As for spawn. */
  readonly asUser?: boolean;
  /** @default 30000 */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 30_000;

export class Place {
  readonly name: string;
  /** As `ip netns` knows it; null for the core, where this process lives. */
  readonly namespace: string | null;
  /** Of all its interfaces, in the topology's order. */
  readonly addresses: readonly IpAddress[];
  readonly interfaceNames: readonly string[];
  readonly #children = new Set<ChildProcess>();

  constructor(node: Node, namespace: string | null) {
    this.name = node.name;
    this.namespace = namespace;
    this.addresses = node.interfaces.flatMap(({ addresses }) => addresses.map(({ address }) => address));
    this.interfaceNames = node.interfaces.map(({ name }) => name);
  }

  /** The command line that runs a command here, from where this process lives. */
  commandLine(command: string, args: readonly string[], asUser = false): [string, string[]] {
    const [program, line] = asUser ? asOrdinaryUser(command, args) : [command, args];
    if (this.namespace === null) return [program, [...line]];
    return ['nsenter', [`--net=/run/netns/${this.namespace}`, '--', program, ...line]];
  }

  /** Starts a program here. `env` is added to this process's. What still runs at close() is killed. */
  spawn(
    command: string,
    args: readonly string[] = [],
    { asUser, ...options }: PlaceSpawnOptions = {},
  ): ChildProcess {
    const [program, line] = this.commandLine(command, args, asUser);
    const child = spawn(program, line, { detached: true, ...options, env: labEnvironment(options.env) });
    this.#children.add(child);
    const gone = () => this.#children.delete(child);
    child.once('exit', gone).once('error', gone);
    return child;
  }

  /** Runs a program here to its end. `env` is added to this process's. Never rejects. */
  run(command: string, args: readonly string[] = [], options: PlaceRunOptions = {}): Promise<Execution> {
    return execute(...this.commandLine(command, args, options.asUser), {
      input: options.input,
      env: labEnvironment(options.env),
      timeoutMs: options.timeoutMs ?? defaultTimeoutMs,
    });
  }

  /** Captures the packets on this place's interfaces, from now to stop(). Throws LabError `capture-failed`. */
  capture(filter?: PacketFilter): Promise<Capture> {
    return openCapture(this, filter);
  }

  /** Kills what was started here and waits for its end. */
  async close(): Promise<void> {
    await Promise.all(
      [...this.#children].map(
        (child) =>
          new Promise<void>((resolve) => {
            child.once('exit', () => resolve());
            child.kill('SIGKILL');
            killGroup(child.pid);
          }),
      ),
    );
  }
}
