// How a program runs in a place as somebody who may do nothing there but what anybody may.

import { readFileSync } from 'node:fs';

/** The user and group `nobody`. */
export const ordinaryUserId = 65_534;

/** The command line that runs a command as `nobody`, without a capability and without a way to get one. */
export function asOrdinaryUser(command: string, args: readonly string[]): [string, string[]] {
  const rights = ['--inh-caps=-all', '--ambient-caps=-all', '--bounding-set=-all', '--no-new-privs'];
  if (isMapped(ordinaryUserId)) {
    const user = [`--reuid=${ordinaryUserId}`, `--regid=${ordinaryUserId}`, '--clear-groups'];
    return ['setpriv', [...user, ...rights, '--', command, ...args]];
  }
  // Who is root by a user namespace has only that one user: so it gets another name. The capabilities are kept for setpriv,
  // which takes them away for good.
  const user = ['--user', `--map-user=${ordinaryUserId}`, `--map-group=${ordinaryUserId}`, '--keep-caps'];
  return ['unshare', [...user, '--', 'setpriv', ...rights, '--', command, ...args]];
}

/** Whether this process's user namespace has such a user. */
function isMapped(id: number): boolean {
  return readFileSync('/proc/self/uid_map', 'utf8')
    .trim()
    .split('\n')
    .some((line) => {
      const [first, , count] = line.trim().split(/\s+/).map(Number) as [number, number, number];
      return id >= first && id < first + count;
    });
}
