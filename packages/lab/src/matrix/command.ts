// `pinhole lab matrix`: the outer half. It enters the lab's namespaces, where inside.ts does the work.

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Protocol, protocolSchema } from '@pinhole/contract';
import { reporting } from '../command/commands.ts';
import { enterPrivateNamespaces } from '../enter/enter.ts';
import { LabError } from '../error.ts';
import { type NatKind, natKindNames } from '../nat/kinds.ts';

export interface MatrixCommandOptions {
  /** Kinds of NAT; all of them where it is left out. */
  readonly only?: readonly string[];
  readonly protocol?: Protocol;
  /** Where to write the matrix as a page. */
  readonly html?: string;
}

/** What the process inside is told: its one argument, as JSON. */
export interface MatrixTask {
  readonly kinds: readonly NatKind[];
  readonly protocols: readonly Protocol[];
  readonly htmlFile: string | null;
}

const inside = fileURLToPath(new URL('./inside.ts', import.meta.url));

/** Resolves with the exit code: 1 where a cell is not as expected, 2 where the lab itself fails. */
export function labMatrix({ only, protocol, html }: MatrixCommandOptions): Promise<number> {
  return reporting(async () => {
    const task: MatrixTask = {
      kinds: only === undefined ? natKindNames : [...new Set(only)].map(kindNamed),
      protocols: protocol === undefined ? ['udp', 'tcp'] : [protocolSchema.parse(protocol)],
      htmlFile: html === undefined ? null : path.resolve(html),
    };
    return enterPrivateNamespaces([process.execPath, inside, JSON.stringify(task)]);
  });
}

function kindNamed(name: string): NatKind {
  const kind = natKindNames.find((each) => each === name);
  if (kind === undefined)
    throw new LabError(
      'bad-description',
      `There is no kind ${name}. The kinds are ${natKindNames.join(', ')}.`,
    );
  return kind;
}
