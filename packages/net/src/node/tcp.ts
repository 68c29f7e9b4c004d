// TCP by node:net. Where the local port matters, the socket is bound first (net.BoundSocket): net.connect() cannot
// share a port with a listener, and simultaneous open needs exactly that.

import { BoundSocket, connect, createServer, type Server, Socket } from 'node:net';
import { addressFamily, type Endpoint, endpoint, formatEndpoint } from '@pinhole/wire';
import { linuxNetAvailable } from '../linux/libc.ts';
import { openSilentListener } from '../linux/silent-listener.ts';
import {
  type ConnectFailure,
  type ConnectOptions,
  type ConnectOutcome,
  type ListenOptions,
  SocketError,
  type TcpConnection,
  type TcpConnector,
  type TcpListener,
} from '../types.ts';
import { systemClock } from './clock.ts';
import { connectFailure, socketError, systemCode } from './errors.ts';
import type { Closers } from './net.ts';
import { NodeTcpConnection } from './tcp-connection.ts';

/** The longest queue of connections not yet accepted; Linux takes the smaller of this and net.core.somaxconn. */
const BACKLOG = 4096;

const FEATURES = {
  receiveStamps: false,
  transmitStamps: false,
  info: false,
  packetOptions: false,
  connectErrors: false,
};

export function createNodeTcp(closers: Closers): TcpConnector {
  return {
    features: FEATURES,
    connect: (options) => new Promise((resolve) => dial(options, closers, resolve)),
    listen: (options, onConnection) =>
      options.silent === true ? listenInSilence(options, closers) : listen(options, closers, onConnection),
  };
}

function dial(options: ConnectOptions, closers: Closers, resolve: (outcome: ConnectOutcome) => void): void {
  const { remote, signal } = options;
  let socket: Socket | null = null;
  const fail = (reason: ConnectFailure, detail: string) => {
    settle();
    socket?.destroy();
    resolve({ connected: false, reason, detail: `${formatEndpoint(remote)}: ${detail}` });
  };
  const onAbort = () => fail('aborted', 'aborted by the caller');
  const closer = { close: onAbort };
  const timer = systemClock.after(options.timeoutMs, () =>
    fail('timeout', `no answer in ${options.timeoutMs} ms`),
  );
  const settle = () => {
    timer.cancel();
    signal?.removeEventListener('abort', onAbort);
    closers.delete(closer);
    socket
      ?.removeAllListeners('error')
      .removeAllListeners('connect')
      .on('error', () => undefined);
  };

  if (signal?.aborted) {
    onAbort();
    return;
  }
  signal?.addEventListener('abort', onAbort);
  closers.add(closer);
  try {
    socket = openSocket(options);
  } catch (error) {
    fail(connectFailure(systemCode(error)), systemCode(error) || String(error));
    return;
  }
  const dialling = socket;
  dialling.once('error', (error) => {
    fail(connectFailure(systemCode(error)), systemCode(error) || error.message);
  });
  dialling.once('connect', () => {
    settle();
    if (options.keepAliveMs !== undefined) dialling.setKeepAlive(true, options.keepAliveMs);
    resolve({ connected: true, connection: adopt(dialling, closers) });
  });
}

function openSocket({ remote, local, reusePort }: ConnectOptions): Socket {
  const target = { host: remote.address, port: remote.port };
  if (local === undefined && reusePort !== true) return connect({ ...target, noDelay: true });
  const any = endpoint(addressFamily(remote.address) === 6 ? '::' : '0.0.0.0', 0);
  const socket = new Socket({ handle: bind(local ?? any, reusePort) });
  return socket.setNoDelay(true).connect(target);
}

function bind({ address, port }: Endpoint, reusePort = false): BoundSocket {
  return new BoundSocket({ host: address, port, reusePort, ipv6Only: addressFamily(address) === 6 });
}

function adopt(socket: Socket, closers: Closers): TcpConnection {
  const connection = new NodeTcpConnection(socket);
  const closer = { close: () => connection.reset() };
  closers.add(closer);
  socket.once('close', () => closers.delete(closer));
  return connection;
}

/** Node accepts whatever comes: only a descriptor of our own can be silent. */
async function listenInSilence(options: ListenOptions, closers: Closers): Promise<TcpListener> {
  const availability = linuxNetAvailable();
  if (availability.available) return openSilentListener(options, closers);
  const message = `no silence on ${formatEndpoint(options.local)}: ${availability.reason}`;
  throw new SocketError('not-supported', message);
}

function listen(
  { local, reusePort, maxConnections }: ListenOptions,
  closers: Closers,
  onConnection: (connection: TcpConnection) => void,
): Promise<TcpListener> {
  const server = createServer({ noDelay: true }, (socket) => onConnection(adopt(socket, closers)));
  if (maxConnections !== undefined) server.maxConnections = maxConnections;
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(socketError('listen on TCP', local, systemCode(error), error));
    server.once('error', fail);
    const onListening = () => {
      server.off('error', fail);
      // A connection that dies before it is accepted, or too many open files: the listener goes on.
      server.on('error', () => undefined);
      resolve(listener(server, local, closers));
    };
    try {
      server.listen(bind(local, reusePort), BACKLOG, onListening);
    } catch (error) {
      fail(error);
    }
  });
}

function listener(server: Server, asked: Endpoint, closers: Closers): TcpListener {
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : asked.port;
  const open: TcpListener = {
    local: { address: asked.address, port },
    close() {
      if (!closers.delete(open)) return;
      server.close();
    },
  };
  closers.add(open);
  return open;
}
