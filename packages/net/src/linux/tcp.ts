// TCP on descriptors of our own: the kernel's stamps, TTL and DSCP, and the errors that an attempt to connect meets.

import { release } from 'node:os';
import type { Endpoint } from '@pinhole/wire';
import type { Closers } from '../node/net.ts';
import type { ConnectOptions, ConnectOutcome, TcpConnector } from '../types.ts';
import { openSilentListener } from './silent-listener.ts';
import { LinuxTcpConnection } from './tcp-connection.ts';
import { Dial } from './tcp-dial.ts';
import { LinuxTcpListener } from './tcp-listener.ts';

const FEATURES = {
  receiveStamps: true,
  transmitStamps: true,
  info: true,
  packetOptions: true,
  connectErrors: kernelIsAtLeast(6, 2),
};

/**
 * Descriptors are made and bound before connect and listen return their promises, so that they belong to the network
 * namespace of the caller (inNetworkNamespace).
 */
export function createLinuxTcp(closers: Closers): TcpConnector {
  const dialling = {
    onSettled: (dial: Dial) => void closers.delete(dial),
    onConnected(fd: number, local: Endpoint, remote: Endpoint): ConnectOutcome {
      const connection = new LinuxTcpConnection(fd, local, remote, connected);
      closers.add(connection);
      return { connected: true, connection };
    },
  };
  const connected = { onGone: (connection: LinuxTcpConnection) => void closers.delete(connection) };
  return {
    features: FEATURES,
    connect: (options: ConnectOptions) =>
      new Promise((resolve) => {
        const dial = new Dial(options, dialling, resolve);
        if (!dial.isOver) closers.add(dial);
      }),
    async listen(options, onConnection) {
      if (options.silent === true) return openSilentListener(options, closers);
      const accepted = {
        onGone(connection: LinuxTcpConnection) {
          closers.delete(connection);
          listener.onConnectionGone();
        },
      };
      const listener: LinuxTcpListener = new LinuxTcpListener(options, {
        onAccepted(fd, local, remote) {
          const connection = new LinuxTcpConnection(fd, local, remote, accepted);
          closers.add(connection);
          onConnection(connection);
        },
        onClosed: () => void closers.delete(listener),
      });
      closers.add(listener);
      return listener;
    },
  };
}

function kernelIsAtLeast(major: number, minor: number): boolean {
  const [hasMajor = 0, hasMinor = 0] = release().split('.').map(Number);
  return hasMajor > major || (hasMajor === major && hasMinor >= minor);
}
