// Builds a lab and takes it down.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IpAddress } from '@pinhole/wire';
import { type LabDescription, parseDescription, type SiteDescription } from './description.ts';
import { insideLab } from './enter/available.ts';
import { labFolder } from './enter/unshare.ts';
import { LabError } from './error.ts';
import { execute } from './execute.ts';
import type { LinkTask } from './link/link-main.ts';
import { type Links, startLinks } from './link/links.ts';
import {
  type LinkDescription,
  type LinkProfile,
  linkProfile,
  linkSchema,
  plainProfile,
} from './link/profile.ts';
import { type LinkCut, type LinkEnd, middleName } from './node.ts';
import { startMpls } from './path/mpls.ts';
import { planWay, type Way } from './path/way.ts';
import { Place } from './place.ts';
import {
  creationScript,
  isolatedNodes,
  namespaceFile,
  namespaceOf,
  nodeScript,
  removalScript,
} from './script.ts';
import { planTopology, type SitePlan, type Topology } from './topology.ts';
import { verifyLab } from './verify/verify.ts';
import { verifyWays } from './verify/ways.ts';

export interface Lab {
  readonly sites: ReadonlyMap<string, Site>;
  /** Two public addresses, for collector and NAT traversal server. */
  readonly server: Place;
  /** The Internet's middle, where this process lives: it reaches every public address. */
  readonly core: Place;
  /** Every namespace of the lab, the core too. */
  readonly places: readonly Place[];
  /**
   * Gives a site's link to the core, or the server's, another delay or loss. Packets on their way keep the old one.
   * Throws LabError `link-failed` where the description gave this link none, not even `{}`.
   */
  setLink(name: string, link: LinkDescription): Promise<void>;
  /**
   * The way from one site to another, as described; `server` stands for the server. Throws LabError `unknown-site`.
   */
  way(from: string, to: string): Way;
  /** Kills what runs in the lab and removes it. */
  close(): Promise<void>;
}

export interface Site {
  readonly name: string;
  readonly description: SiteDescription;
  readonly hosts: readonly Place[];
  /** The one that the hosts are behind; null where they have public addresses. */
  readonly nat: Place | null;
  /** From the hosts outwards; empty where they have public addresses. */
  readonly nats: readonly Place[];
  readonly router: Place;
  /** Under which the site is seen from outside: the NAT's address, or the first host's. */
  readonly publicAddress: IpAddress;
}

export interface BuildOptions {
  /** Measure every NAT, and trace every path, before the lab is handed out. @default true */
  readonly verify?: boolean;
}

/**
 * Builds a lab in the namespaces that this process lives in (see enterPrivateNamespaces), one at a time. Throws
 * LabError: `not-inside`, `bad-description`, `lab-already-built`, `build-failed`, `link-failed`,
 * and with verify `nat-not-as-described`, `way-not-as-described`, `verify-failed`.
 */
export async function buildLab(description: LabDescription, options: BuildOptions = {}): Promise<Lab> {
  const topology = planTopology(parseDescription(description));
  if (!insideLab()) {
    throw new LabError('not-inside', 'A lab is built only in namespaces of its own: enter them first.');
  }
  const prefix = `lab${process.pid}`;
  const record: LabRecord = {
    pid: process.pid,
    namespaces: isolatedNodes(topology).flatMap(({ name }) => namespaceOf(prefix, name) ?? []),
    coreInterfaces: topology.core.interfaces.map(({ name }) => name),
  };
  await claim(record);
  const cuts = topology.links.flatMap(({ cut, ends }) => (cut === undefined ? [] : [{ ...cut, ends }]));
  let links: Links | null = null;
  const lab = assemble(prefix, topology, record, async (name, profile) => {
    const indexes = [...cuts.keys()].filter((index) => cuts[index]!.name === name);
    if (links === null || indexes.length === 0) {
      throw new LabError('link-failed', `The link of ${name} was described without a delay or a loss.`);
    }
    for (const index of indexes) await links.set(index, profile);
  });
  try {
    await build(prefix, topology, lab.places);
    await startMpls(lab.core, prefix, topology);
    // NATs are measured over links that do nothing.
    const verify = options.verify ?? true;
    if (cuts.length > 0) links = await startLinks(lab.core, linkTask(prefix, cuts, verify));
    if (verify) {
      await verifyLab(lab);
      await verifyWays(lab);
      for (const [index, { profile }] of cuts.entries()) await links?.set(index, profile);
    }
  } catch (error) {
    await lab.close();
    throw error;
  }
  return lab;
}

function linkTask(
  prefix: string,
  cuts: readonly (LinkCut & { readonly ends: readonly LinkEnd[] })[],
  plain: boolean,
): LinkTask {
  return {
    middle: namespaceFile(prefix, middleName)!,
    links: cuts.map(({ interfaceNames, ends, profile }) => ({
      interfaceNames,
      ends: ends.map(({ node, interfaceName }) => ({
        namespace: namespaceFile(prefix, node),
        interfaceName,
      })),
      profile: plain ? plainProfile : profile,
    })),
  };
}

function assemble(
  prefix: string,
  topology: Topology,
  record: LabRecord,
  setProfile: (name: string, profile: LinkProfile) => Promise<void>,
): Lab {
  const nodes = [topology.core, ...isolatedNodes(topology)];
  const places = new Map(nodes.map((node) => [node.name, new Place(node, namespaceOf(prefix, node.name))]));
  const site = ({ description, hosts, nats, router, publicAddress }: SitePlan): Site => ({
    name: description.name,
    description,
    hosts: hosts.map(({ name }) => places.get(name)!),
    nat: places.get(nats[0]?.name ?? '') ?? null,
    nats: nats.map(({ name }) => places.get(name)!),
    router: places.get(router.name)!,
    publicAddress,
  });
  return {
    sites: new Map(topology.sites.map((plan) => [plan.description.name, site(plan)])),
    server: places.get(topology.server.name)!,
    core: places.get(topology.core.name)!,
    places: [...places.values()],
    setLink: (name, link) => setProfile(name, linkProfile(linkSchema.parse(link))),
    way: (from, to) => planWay(topology, from, to),
    async close() {
      await Promise.all([...places.values()].map((place) => place.close()));
      await remove(record);
    },
  };
}

async function build(prefix: string, topology: Topology, places: readonly Place[]): Promise<void> {
  await must('make the namespaces', execute('sh', ['-c', creationScript(prefix, topology)], { timeoutMs }));
  const nodes = [topology.core, ...isolatedNodes(topology)];
  await Promise.all(
    nodes.map((node, index) =>
      must(`set up ${node.name}`, places[index]!.run('sh', ['-c', nodeScript(node)], { timeoutMs })),
    ),
  );
}

/** Every step takes milliseconds: only a machine that hangs reaches this. */
const timeoutMs = 30_000;

async function must(aim: string, execution: ReturnType<typeof execute>): Promise<void> {
  const { code, stdout, stderr } = await execution;
  if (code === 0) return;
  const said = (stderr || stdout).trim();
  throw new LabError('build-failed', `Could not ${aim} (exit code ${code}): ${said}`);
}

/** What stands in the core, and whose it is. */
interface LabRecord {
  readonly pid: number;
  readonly namespaces: readonly string[];
  readonly coreInterfaces: readonly string[];
}

const recordFile = `${labFolder}/lab.json`;

/** Takes the core for this process. What a process that has died left there is removed first. */
async function claim(record: LabRecord): Promise<void> {
  mkdirSync(labFolder, { recursive: true });
  for (;;) {
    try {
      writeFileSync(recordFile, JSON.stringify(record), { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const other = JSON.parse(readFileSync(recordFile, 'utf8')) as LabRecord;
    if (isAlive(other.pid)) {
      throw new LabError(
        'lab-already-built',
        `Process ${other.pid} has a lab here already, and there is one core: close that lab, or enter namespaces of your own.`,
      );
    }
    await remove(other);
  }
}

async function remove({ namespaces, coreInterfaces }: LabRecord): Promise<void> {
  await execute('sh', ['-c', removalScript(namespaces, coreInterfaces)], { timeoutMs });
  rmSync(recordFile, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
