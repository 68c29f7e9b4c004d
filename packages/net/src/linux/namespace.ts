import { errorName, libc } from './libc.ts';

const O_RDONLY_CLOEXEC = 0o2000000;
const CLONE_NEWNET = 0x40000000;

/** A network namespace that cannot be entered: no such file, or no CAP_SYS_ADMIN. */
export class NamespaceError extends Error {
  override readonly name = 'NamespaceError';
  readonly code = 'namespace-not-entered';
}

/**
 * Runs `program` with this thread in the network namespace at `path` (as /run/netns/name), and returns to the one
 * before. Sockets belong to the namespace they are made in: whatever opens them must do so before it first awaits,
 * as the Linux sockets and captures here do. Throws NamespaceError.
 */
export function inNetworkNamespace<T>(path: string, program: () => T): T {
  const home = openNamespace('/proc/thread-self/ns/net');
  try {
    const target = openNamespace(path);
    try {
      enter(target, path);
    } finally {
      libc().close(target);
    }
    try {
      return program();
    } finally {
      enter(home, 'the namespace before');
    }
  } finally {
    libc().close(home);
  }
}

function openNamespace(path: string): number {
  const fd = libc().open(path, O_RDONLY_CLOEXEC);
  if (fd < 0) throw new NamespaceError(`cannot open ${path}: ${errorName(libc().errno())}`);
  return fd;
}

function enter(fd: number, path: string): void {
  if (libc().setns(fd, CLONE_NEWNET) === 0) return;
  throw new NamespaceError(`cannot enter ${path}: ${errorName(libc().errno())}`);
}
