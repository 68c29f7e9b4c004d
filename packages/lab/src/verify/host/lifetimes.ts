// How long mappings and connections live that nothing is sent on: each is tried shortly before and shortly after
// its end.

import { setTimeout as delay } from 'node:timers/promises';
import type { TcpIdle, UdpLifetime } from '../observation.ts';
import { type Tcp, tryConnection } from './tcp.ts';
import { type Control, message, type Udp } from './udp.ts';

/** How far from the end it is tried: wide enough for a machine that is busy. */
function marginMs(lifetimeMs: number): number {
  return Math.max(1000, lifetimeMs / 5);
}

/** A datagram from the server takes this long at most. */
const arrivalMs = 500;

export async function observeUdpLifetime(
  udp: Udp,
  control: Control,
  lifetimeMs: number,
): Promise<UdpLifetime> {
  const margin = marginMs(lifetimeMs);
  const comesInAt = async (endMs: number, inboundEveryMs: number): Promise<boolean> => {
    const socket = await udp.open();
    const to = await udp.seen(socket);
    const send = (token: string) => control.ask({ ask: 'send', to, token, from: ['A1:P1'] });
    for (let atMs = 0; atMs < endMs; atMs += inboundEveryMs) {
      if (atMs > 0) await send('inbound');
      await delay(Math.min(inboundEveryMs, endMs - atMs));
    }
    const arrived = message(socket, 'late').then(() => true);
    await send('late');
    return Promise.race([arrived, delay(arrivalMs, false)]);
  };
  const [beforeEnd, afterEnd, afterInbound] = await Promise.all([
    comesInAt(lifetimeMs - margin, Infinity),
    comesInAt(lifetimeMs + margin, Infinity),
    comesInAt(lifetimeMs + margin, lifetimeMs / 3),
  ]);
  return { beforeEnd, afterEnd, afterInbound };
}

export async function observeTcpIdle(tcp: Tcp, idleMs: number, waitMs: number): Promise<TcpIdle> {
  const margin = marginMs(idleMs);
  const outcomeAt = async (atMs: number) => {
    const connection = await tcp.connect();
    await delay(atMs);
    return tryConnection(connection, waitMs);
  };
  const [beforeEnd, afterEnd] = await Promise.all([outcomeAt(idleMs - margin), outcomeAt(idleMs + margin)]);
  return { beforeEnd, afterEnd };
}
