// Starts the program that answers for the routers that tell labels.

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { LabError } from '../error.ts';
import type { Place } from '../place.ts';
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
  const child = core.spawn(process.execPath, [program, JSON.stringify(task)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin!.on('error', () => {});
  const closed = once(child, 'close').then(() => false);
  const ready = once(createInterface({ input: child.stdout! }), 'line').then(() => true);
  if (!(await Promise.race([ready, closed]))) {
    throw new LabError('build-failed', `Could not start the routers that tell labels: ${stderr.trim()}`);
  }
}
