// What an agent costs: a hundred UDP tests a minute, both directions, against one other agent.
//
//   npm run bench:cost [-- FOLDER]
//
// With a folder, both agents write a CPU profile there (node --cpu-prof) and the functions that took most are told; that
// takes CPU time itself, so the verdict is that of a run without.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Program, System } from '../test/system.ts';

const tests = 100;
const intervalS = 60;
/** The first minute starts what a test begins with at once. */
const settleMs = 75_000;
const measureMs = 120_000;
/** A round that belongs to the last of the time begins up to an interval later, and takes some seconds. */
const lastResultsMs = (intervalS + 20) * 1000;
const most = { cpuPercent: 15, residentMB: 150 };
/** What the clock ticks of /proc/<pid>/stat are. */
const ticksPerSecond = 100;

const profileFolder = process.argv[2] === undefined ? null : path.resolve(process.argv[2]);
let isOver = false;
await System.use({ a: 'none', b: 'none' }, async (system) => {
  const collector = await system.startCollector();
  if (profileFolder !== null) process.env.NODE_OPTIONS = `--cpu-prof --cpu-prof-dir=${profileFolder}`;
  const agents = { source: system.startAgent('a'), target: system.startAgent('b') };
  delete process.env.NODE_OPTIONS;
  const ids = await system.enrolled('a', 'b');
  for (let test = 1; test <= tests; test++) {
    await system.rest.request('POST', '/tests/agent-to-agent', {
      testName: `test ${test}`,
      protocol: 'udp',
      direction: 'bidirectional',
      interval: intervalS,
      targetAgentId: ids.b,
      agents: [{ agentId: ids.a }],
    });
  }
  await sleep(settleMs);
  const programs = { ...agents, collector };
  const sinceS = Date.now() / 1000;
  const lostBefore = Object.values(agents).map(overflowed);
  const before = usages(programs);
  await sleep(measureMs);
  const after = usages(programs);
  const rounds = `${tests} tests every ${intervalS} s, both directions`;
  process.stdout.write(`${rounds}, over ${measureMs / 1000} s        user  system     CPU  resident\n`);
  for (const [name, { userS, systemS, residentMB }] of Object.entries(after)) {
    const percent = (seconds: number) => (seconds / measureMs) * 100_000;
    const [user, kernel] = [percent(userS - before[name]!.userS), percent(systemS - before[name]!.systemS)];
    const isAgent = name in agents;
    const isKept = user + kernel < most.cpuPercent && residentMB < most.residentMB;
    isOver ||= isAgent && !isKept;
    const figures = [user, kernel, user + kernel].map((each) => `${each.toFixed(1)} %`.padStart(8)).join('');
    const verdict = isAgent ? (isKept ? 'PASS' : 'FAIL') : '';
    process.stdout.write(
      `${name.padEnd(62)}${figures} ${`${residentMB.toFixed(0)} MB`.padStart(8)}  ${verdict}\n`,
    );
  }
  const overflows = Object.values(agents).map((agent, i) => overflowed(agent) - lostBefore[i]!);
  await sleep(lastResultsMs);
  process.stdout.write(`${await tellRounds(system, ids.a!, sinceS)}\n`);
  process.stdout.write(
    `datagrams that overflowed a socket: ${overflows.join(' and ')}; when all tests began at once: ${lostBefore.join(' and ')}\n`,
  );
  for (const agent of Object.values(agents)) await agent.end('SIGTERM');
});
process.stdout.write(`an agent: at most ${most.cpuPercent} % of one core and ${most.residentMB} MB\n`);
if (profileFolder !== null) tellProfiles(profileFolder);
process.exitCode = isOver ? 1 : 0;

interface Usage {
  readonly userS: number;
  readonly systemS: number;
  readonly residentMB: number;
}

function usages(programs: Readonly<Record<string, Program>>): Record<string, Usage> {
  return Object.fromEntries(
    Object.entries(programs).map(([name, { child }]) => {
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
      const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
      const usage: Usage = {
        userS: Number(fields[11]) / ticksPerSecond,
        systemS: Number(fields[12]) / ticksPerSecond,
        residentMB: Number(resident?.[1]) / 1024,
      };
      return [name, usage];
    }),
  );
}

/** That all rounds of the time have been run, and how; what they lost can only be what an agent had no room for. */
async function tellRounds(system: System, sourceId: string, sinceS: number): Promise<string> {
  type Listed = { tests: { testId: string }[] };
  const listed = await system.rest.request<Listed>('GET', '/tests/agent-to-agent');
  let [all, failed, lossy] = [0, 0, 0];
  for (const { testId } of listed.tests) {
    for (const { agent, roundId, measurement } of await system.results(testId)) {
      if (agent.agentId !== sourceId || roundId < sinceS || roundId >= sinceS + measureMs / 1000) continue;
      all += 1;
      if (measurement === undefined) failed += 1;
      else if (measurement.lossPercent > 0) lossy += 1;
    }
  }
  const expected = (listed.tests.length * 2 * measureMs) / 1000 / intervalS;
  isOver ||= all !== expected;
  return `${all} results of ${expected}, ${failed} failed, ${lossy} with loss`;
}

/** Datagrams that came when a socket of the program's network namespace was full, since the lab was built. */
function overflowed({ child }: Program): number {
  const [names, values] = readFileSync(`/proc/${child.pid}/net/snmp`, 'utf8')
    .match(/^Udp:.*$/gm)!
    .map((line) => line.split(' '));
  return Number(values![names!.indexOf('RcvbufErrors')]);
}

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { functionName: string; url: string; lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Of each profile the functions that took most time by themselves, as a share of all but idleness. */
function tellProfiles(folder: string): void {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'))) {
    const { nodes, samples, timeDeltas } = JSON.parse(
      readFileSync(path.join(folder, file), 'utf8'),
    ) as CpuProfile;
    const names = new Map(
      nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => [
        id,
        `${functionName || '(anonymous)'} ${url.replace(/^.*\/(packages|node_modules)\//, '')}:${lineNumber + 1}`,
      ]),
    );
    const tookUs = new Map<string, number>();
    samples.forEach((id, i) => {
      const name = names.get(id)!;
      tookUs.set(name, (tookUs.get(name) ?? 0) + timeDeltas[i]!);
    });
    const busy = [...tookUs].filter(([name]) => !/^\((idle|root)\)/.test(name)).sort((x, y) => y[1] - x[1]);
    const totalUs = busy.reduce((sum, [, us]) => sum + us, 0);
    process.stdout.write(`${file}: ${(totalUs / 1e6).toFixed(1)} s\n`);
    for (const [name, us] of busy.slice(0, 40)) {
      process.stdout.write(`${((us / totalUs) * 100).toFixed(1).padStart(6)} %  ${name}\n`);
    }
  }
}
