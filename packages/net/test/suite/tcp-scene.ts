// What the tests of TCP have in common.

import assert from 'node:assert/strict';
import type { Endpoint } from '@pinhole/wire';
import type {
  ConnectOptions,
  Net,
  TcpCloseReason,
  TcpConnection,
  TcpHandler,
  TcpTransmitStamp,
} from '../../src/types.ts';
import { eventually, type World } from './subject.ts';

/** Keeps what it is given. */
export class Recorder implements TcpHandler {
  readonly chunks: Uint8Array[] = [];
  readonly receivedAtNs: number[] = [];
  received = 0;
  readonly stamps: TcpTransmitStamp[] = [];
  readonly closed: TcpCloseReason[] = [];

  onData(data: Uint8Array, receivedAtNs: number): void {
    this.chunks.push(data);
    this.receivedAtNs.push(receivedAtNs);
    this.received += data.length;
  }
  onTransmitted(stamp: TcpTransmitStamp): void {
    this.stamps.push(stamp);
  }
  onClose(reason: TcpCloseReason): void {
    this.closed.push(reason);
  }
  all(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

export function loopback(world: World): Endpoint {
  return { address: world.loopbacks[0]!, port: 0 };
}

export async function connected(net: Net, options: Partial<ConnectOptions> & { remote: Endpoint }) {
  const outcome = await net.tcp.connect({ timeoutMs: 10_000, ...options });
  assert.ok(outcome.connected, JSON.stringify(outcome));
  return outcome.connection;
}

/** A connection, both its ends recorded. */
export async function pair(net: Net, world: World) {
  const accepted: TcpConnection[] = [];
  const listener = await net.tcp.listen({ local: loopback(world) }, (connection) =>
    accepted.push(connection),
  );
  const client = await connected(net, { remote: listener.local });
  await eventually(net, 'the accept', () => accepted.length === 1);
  const server = accepted[0]!;
  const [clientRecorder, serverRecorder] = [new Recorder(), new Recorder()];
  client.start(clientRecorder);
  server.start(serverRecorder);
  return { listener, client, server, clientRecorder, serverRecorder };
}
