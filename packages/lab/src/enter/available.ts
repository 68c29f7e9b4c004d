// Whether this machine can run the lab, found by doing in small what the lab does.

import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { execute, labEnvironment } from '../execute.ts';
import { initFile, type Privilege, unshareCommand } from './unshare.ts';

export type Availability =
  | { readonly available: true; readonly how: Privilege }
  /** `reason` is a sentence for the person at the terminal. */
  | { readonly available: false; readonly reason: string };

/** True where this process runs in the private namespaces of a lab already. */
export function insideLab(): boolean {
  return existsSync(initFile);
}

/** Whether and with what right the lab can run here; takes about 0.1 s. Never rejects. */
export async function labAvailable(): Promise<Availability> {
  if (process.platform !== 'linux') {
    return {
      available: false,
      reason: `The lab needs Linux: it is built of kernel network namespaces, and this is ${process.platform}.`,
    };
  }
  const missing = missingProgram((labEnvironment().PATH ?? '').split(delimiter));
  if (missing !== null) return { available: false, reason: missing };
  const attempts: Privilege[] = process.getuid?.() === 0 ? ['root', 'user-namespace'] : ['user-namespace'];
  let reason = '';
  for (const privilege of attempts) {
    const fault = await tryOut(privilege);
    if (fault === null) return { available: true, how: privilege };
    reason = fault;
  }
  return { available: false, reason };
}

const programs = [
  { program: 'ip', debianPackage: 'iproute2' },
  { program: 'nft', debianPackage: 'nftables' },
  { program: 'unshare', debianPackage: 'util-linux' },
  { program: 'nsenter', debianPackage: 'util-linux' },
];

/** The sentence about the first program that is in none of the folders; null where all are there. */
export function missingProgram(folders: readonly string[]): string | null {
  for (const { program, debianPackage } of programs) {
    if (!folders.some((folder) => existsSync(join(folder, program)))) {
      return `The lab needs the program ${program}, which is not installed: on Debian and Ubuntu it is in the package ${debianPackage}.`;
    }
  }
  return null;
}

// Each step names itself before it is tried, so that the last line is the step that failed.
const steps = `
echo namespace && ip netns add probe &&
echo veth && ip link add name probe0 type veth peer name probe1 &&
echo bridge && ip link add name probe2 type bridge &&
echo nft && printf '%s\\n' 'table ip probe {
  chain out { type nat hook postrouting priority 100; policy accept; masquerade; }
}' | nft -f - && echo done`;

const stepFaults: Record<string, string> = {
  namespace: 'it forbids `ip netns add`',
  veth: 'its kernel makes no veth links',
  bridge: 'its kernel makes no bridges',
  nft: 'its kernel takes no nftables NAT rules',
};

async function tryOut(privilege: Privilege): Promise<string | null> {
  const { code, stdout, stderr } = await execute(...unshareCommand(privilege, ['sh', '-c', steps]), {
    timeoutMs: 20_000,
  });
  if (code === 0 && stdout.trimEnd().endsWith('done')) return null;
  const said = stderr.trim().split('\n').at(-1) ?? '';
  const step = stdout.trim().split('\n').at(-1) ?? '';
  const fault = stepFaults[step] ?? namespaceFault(privilege);
  return `The lab cannot run on this machine: ${fault}${said === '' ? '' : ` (${said})`}.`;
}

function namespaceFault(privilege: Privilege): string {
  if (privilege === 'root') return 'it forbids root to make namespaces, as containers often do';
  const closed = userNamespaceSwitches.find(({ path, value }) => readSetting(path) === value);
  if (closed === undefined) return 'it forbids an ordinary user to make namespaces; try it as root';
  return `user namespaces are switched off by ${closed.path} = ${closed.value}; try it as root`;
}

const userNamespaceSwitches = [
  { path: '/proc/sys/kernel/unprivileged_userns_clone', value: '0' },
  { path: '/proc/sys/user/max_user_namespaces', value: '0' },
  { path: '/proc/sys/kernel/apparmor_restrict_unprivileged_userns', value: '1' },
];

function readSetting(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}
