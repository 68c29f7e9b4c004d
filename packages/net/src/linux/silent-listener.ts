// A listener that leaves every SYN without an answer, as if nobody were there. Its queue of connections that nobody has
// accepted is full, by one of its own, and Linux drops SYNs then (since 4.10, whatever tcp_syncookies says). That takes no
// right; a socket filter (SO_ATTACH_FILTER) would do the same, but there are kernels that keep it from ordinary users.

import { type Endpoint, formatEndpoint } from '@pinhole/wire';
import { systemClock } from '../node/clock.ts';
import type { Closers } from '../node/net.ts';
import { type ListenOptions, SocketError, type TcpListener } from '../types.ts';
import { boundEndpoint } from './descriptor.ts';
import { libc } from './libc.ts';
import { scratchMemory } from './memory.ts';
import { sharedPoller } from './poller.ts';
import { writeSockaddr } from './sockaddr.ts';
import { openTcpDescriptor } from './tcp-descriptor.ts';
import { openListening } from './tcp-listener.ts';

/** The queue is full when it holds more than this. */
const BACKLOG = 0;
/** Where listeners share a port, the kernel chooses among them by a connection's ports: of so many, each gets some. */
const CONNECTIONS = 64;
/** A handshake within the host takes less than a millisecond. */
const FILL_TIMEOUT_MS = 3000;

/**
 * Descriptors are made before it returns its promise, so that they belong to the network namespace of the caller
 * (inNetworkNamespace). Rejects with SocketError; `not-supported` where the host does not reach itself.
 */
export async function openSilentListener(options: ListenOptions, closers: Closers): Promise<TcpListener> {
  const fd = openListening(options, BACKLOG);
  const local = boundEndpoint(fd, options.local);
  if (!(await fill(fd, local, closers))) {
    libc().close(fd);
    throw new SocketError(
      'not-supported',
      `no silence on ${formatEndpoint(local)}: it does not reach itself`,
    );
  }
  const listener: TcpListener = {
    local,
    close() {
      if (closers.delete(listener)) libc().close(fd);
    },
  };
  closers.add(listener);
  return listener;
}

/** Connects to the listener. @returns whether there is a connection in its queue, one of these or anybody's */
function fill(fd: number, local: Endpoint, closers: Closers): Promise<boolean> {
  const connecting = Array.from({ length: CONNECTIONS }, () => connect(local)).filter((each) => each >= 0);
  return new Promise((resolve) => {
    const end = (isFull: boolean) => {
      timeout.cancel();
      closers.delete(closer);
      sharedPoller().remove(key);
      // What is in the queue stays there, also when its other end is gone.
      for (const each of connecting) libc().close(each);
      resolve(isFull);
    };
    const timeout = systemClock.after(FILL_TIMEOUT_MS, () => end(false));
    const key = sharedPoller().add(fd, { onReady: () => end(true) });
    const closer = { close: () => end(false) };
    closers.add(closer);
  });
}

/** A descriptor that connects; negative where the process may have no more. */
function connect(remote: Endpoint): number {
  const fd = openTcpDescriptor({ local: remote, bind: false });
  if (fd < 0) return fd;
  const memory = scratchMemory();
  libc().connect(fd, memory.address, writeSockaddr(memory, 0, remote));
  return fd;
}
