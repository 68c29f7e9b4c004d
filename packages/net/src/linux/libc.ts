// The system calls used here, by FFI. Pointers are numbers: user-space addresses fit in 47 bits. What they point to
// must come from memory.ts.

import { libuv } from './event-loop.ts';
import { loadKoffi } from './koffi.ts';

type Call = (...parameters: (number | null)[]) => number;

export interface Libc {
  readonly socket: Call;
  readonly bind: Call;
  readonly close: Call;
  readonly connect: Call;
  readonly listen: Call;
  readonly accept4: Call;
  readonly shutdown: Call;
  readonly recvmsg: Call;
  readonly send: Call;
  readonly sendmsg: Call;
  readonly ioctl: Call;
  readonly open: (path: string, flags: number) => number;
  readonly if_nametoindex: (name: string) => number;
  readonly getsockname: Call;
  readonly setsockopt: Call;
  readonly getsockopt: Call;
  readonly recvmmsg: Call;
  readonly sendmmsg: Call;
  readonly epoll_create1: Call;
  readonly epoll_ctl: Call;
  readonly epoll_wait: Call;
  readonly clock_gettime: Call;
  readonly setns: Call;
  /** errno of the call just made. */
  readonly errno: () => number;
  /** Memory that stays where it is and is never freed: a view of it and its address. */
  readonly allocate: (bytes: number) => { buffer: ArrayBuffer; address: number };
}

export type LinuxNetAvailability = { available: true } | { available: false; reason: string };

let loaded: Libc | null = null;

/** Whether this machine can run the Linux implementation, and otherwise why not. */
export function linuxNetAvailable(): LinuxNetAvailability {
  if (process.platform !== 'linux') return { available: false, reason: `not Linux but ${process.platform}` };
  // The structures are laid out for 64 bits, least octet first.
  if (!['x64', 'arm64', 'riscv64', 'loong64'].includes(process.arch)) {
    return { available: false, reason: `not made for ${process.arch}` };
  }
  try {
    libc();
    libuv();
    return { available: true };
  } catch (error) {
    return { available: false, reason: `libc and libuv cannot be called: ${String(error)}` };
  }
}

/** Throws where koffi or libc cannot be loaded. */
export function libc(): Libc {
  loaded ??= load();
  return loaded;
}

function load(): Libc {
  const koffi = loadKoffi();
  const library = openLibrary(koffi);
  return {
    socket: library.func('int socket(int, int, int)'),
    bind: library.func('int bind(int, uintptr_t, uint)'),
    close: library.func('int close(int)'),
    connect: library.func('int connect(int, uintptr_t, uint)'),
    listen: library.func('int listen(int, int)'),
    accept4: library.func('int accept4(int, uintptr_t, uintptr_t, int)'),
    shutdown: library.func('int shutdown(int, int)'),
    recvmsg: library.func('long recvmsg(int, uintptr_t, int)'),
    send: library.func('long send(int, uintptr_t, size_t, int)'),
    sendmsg: library.func('long sendmsg(int, uintptr_t, int)'),
    // Variadic in C; on the architectures above its one parameter more is passed like any other.
    ioctl: library.func('int ioctl(int, ulong, uintptr_t)'),
    open: library.func('int open(const char *, int)'),
    if_nametoindex: library.func('uint if_nametoindex(const char *)'),
    getsockname: library.func('int getsockname(int, uintptr_t, uintptr_t)'),
    setsockopt: library.func('int setsockopt(int, int, int, uintptr_t, uint)'),
    getsockopt: library.func('int getsockopt(int, int, int, uintptr_t, uintptr_t)'),
    recvmmsg: library.func('int recvmmsg(int, uintptr_t, uint, int, uintptr_t)'),
    sendmmsg: library.func('int sendmmsg(int, uintptr_t, uint, int)'),
    epoll_create1: library.func('int epoll_create1(int)'),
    epoll_ctl: library.func('int epoll_ctl(int, int, int, uintptr_t)'),
    epoll_wait: library.func('int epoll_wait(int, uintptr_t, int, int)'),
    clock_gettime: library.func('int clock_gettime(int, uintptr_t)'),
    setns: library.func('int setns(int, int)'),
    errno: () => koffi.errno(),
    allocate(bytes) {
      const pointer = koffi.alloc('uint8_t', bytes);
      const buffer = koffi.view(pointer, bytes);
      new Uint8Array(buffer).fill(0);
      return { buffer, address: Number(koffi.address(pointer)) };
    },
  };
}

function openLibrary(koffi: typeof import('koffi')) {
  try {
    return koffi.load('libc.so.6');
  } catch {
    // musl
    return koffi.load('libc.so');
  }
}

// ---- constants of <errno.h>, the same on the architectures above -----------------------------------------------

export const EPERM = 1;
export const EINTR = 4;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const ENFILE = 23;
export const EMFILE = 24;
export const EMSGSIZE = 90;
export const ENETUNREACH = 101;
export const ENOBUFS = 105;
export const EHOSTUNREACH = 113;
export const EINPROGRESS = 115;

const ERROR_NAMES: Readonly<Record<number, string>> = {
  [EPERM]: 'EPERM',
  [EACCES]: 'EACCES',
  19: 'ENODEV',
  22: 'EINVAL',
  [ENFILE]: 'ENFILE',
  [EMFILE]: 'EMFILE',
  32: 'EPIPE',
  97: 'EAFNOSUPPORT',
  98: 'EADDRINUSE',
  99: 'EADDRNOTAVAIL',
  100: 'ENETDOWN',
  [ENETUNREACH]: 'ENETUNREACH',
  104: 'ECONNRESET',
  110: 'ETIMEDOUT',
  111: 'ECONNREFUSED',
  [EHOSTUNREACH]: 'EHOSTUNREACH',
};

/** EADDRINUSE for 98; `errno 71` where the name is not known here. */
export function errorName(errno: number): string {
  return ERROR_NAMES[errno] ?? `errno ${errno}`;
}
