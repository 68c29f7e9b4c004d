// How a program comes to live in namespaces of its own: unshare(1), then a few mounts, then the program.

/** With what right the namespaces are made. */
export type Privilege =
  /** As root. */
  | 'root'
  /** In a user namespace in which the caller's user is root. */
  | 'user-namespace';

/** Where the inside of the namespaces is told from the outside; /run there is a tmpfs of the run's own. */
export const labFolder = '/run/pinhole-lab';
/** Holds the process id that the init process has outside. */
export const initFile = `${labFolder}/init`;

// The pid is read before /proc is replaced, since only the old /proc knows the outer number. Where a container
// forbids a new /proc the old one stays: the lab itself does not read it. The network's settings, /proc/sys/net,
// are those of the reading process's namespace in either.
// The shell stays: it is process 1, and reaps what is orphaned inside.
const settle = `
read -r pid rest < /proc/self/stat
mount -t proc proc /proc 2>/dev/null
mount -t tmpfs -o mode=755 tmpfs /run || exit 1
mkdir ${labFolder} || exit 1
echo "$pid" > ${initFile} || exit 1
ip link set lo up || exit 1
"$@"
exit $?`;

/**
 * The command that runs `argv` in new mount, network and process namespaces. When the command's own process dies,
 * and when `argv` ends, the kernel kills everything inside.
 */
export function unshareCommand(privilege: Privilege, argv: readonly string[]): [string, string[]] {
  const user = privilege === 'root' ? [] : ['--user', '--map-root-user'];
  const namespaces = ['--mount', '--net', '--pid', '--fork', '--kill-child'];
  return ['unshare', [...user, ...namespaces, 'sh', '-c', settle, 'sh', ...argv]];
}
