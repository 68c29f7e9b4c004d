// Starts the program that answers for the routers that tell labels.

import { fileURLToPath } from 'node:url';
import type { Place } from '../place.ts';
import { startProgram } from '../program.ts';
import { namespaceFile } from '../script.ts';
import type { Topology } from '../topology.ts';
import type { MplsRouter, MplsTask } from './mpls-main.ts';

const program = fileURLToPath(new URL('./mpls-main.ts', import.meta.url));

/** Resolves once they answer, if there are any. The program ends with the core's place. Throws LabError `build-failed`. */
export async function startMpls(core: Place, prefix: string, { sites }: Topology): Promise<void> {
  const routers = sites
    .flatMap(({ path }) => path.routers)
    .flatMap(({ node, segment: { mpls: labels } }): MplsRouter[] => {
      if (labels === undefined) return [];
      const interfaces = node.interfaces.map(({ name, addresses: [first] }) => ({
        name,
        address: first!.address,
      }));
      return [{ namespace: namespaceFile(prefix, node.name)!, interfaces, labels }];
    });
  if (routers.length === 0) return;
  const task: MplsTask = { routers };
  await startProgram(core, program, task, {
    code: 'build-failed',
    name: 'The program that is the routers with labels',
  }).line();
}
