// A 5-tuple in which a path is traced: that of the session itself, or one of its own from a fresh port.

import type { IcmpReport, Net, UdpSocket } from '@pinhole/net';
import { addressFamily, decodeStun, type Endpoint, ip } from '@pinhole/wire';
import type { Sent, Session } from '../session/session.ts';

export interface Flow {
  /** Where its packets go. */
  readonly target: Endpoint;
  readonly localPort: number;
  /** `onStamped` gets the kernel's moment of transmission (monotonic ns), where there is one. */
  send(data: Uint8Array, ttl: number | undefined, onStamped?: (atNs: number) => void): Sent;
  /** Errors that came back for packets of this flow, and perhaps of others from the same port. */
  onIcmp: ((report: IcmpReport) => void) | null;
  close(): void;
}

const anyAddress = { 4: ip('0.0.0.0'), 6: ip('::') } as const;

/** From a port of its own. What the peer answers there is the session's. Null where there is none to be had. */
export async function freshFlow(net: Net, session: Session, target: Endpoint): Promise<FreshFlow | null> {
  const local = { address: anyAddress[addressFamily(target.address)], port: 0 };
  const awaited = new Map<number, (atNs: number) => void>();
  let flow: FreshFlow | null = null;
  const socket: UdpSocket | null = await net.udp
    .open(
      { local, dontFragment: true },
      {
        onDatagrams: (batch) => {
          for (const datagram of batch) {
            const decoded = decodeStun(datagram.data);
            if (!decoded.ok || flow?.takeOther?.(datagram.data) === true) continue;
            session.takeControl(decoded.value, datagram);
          }
        },
        onTransmitted: ({ id, atNs }) => {
          awaited.get(id)?.(atNs);
          awaited.delete(id);
        },
        onUnreachable: (report) => flow?.onIcmp?.(report),
      },
    )
    .catch(() => null);
  if (socket === null) return null;
  flow = {
    target,
    localPort: socket.local.port,
    onIcmp: null,
    takeOther: null,
    send(data, ttl, onStamped) {
      const stamp = onStamped !== undefined;
      const outcome = socket.send({ data, to: target, stamp, ...(ttl !== undefined && { ttl }) });
      if (!outcome.sent) {
        return { sent: false, atNs: net.clock.monotonicNs(), tooBig: outcome.reason === 'too-big' };
      }
      if (stamp) awaited.set(outcome.id, onStamped);
      return { sent: true, atNs: outcome.atNs };
    },
    sendTo: (data, to) => void socket.send({ data, to }),
    close: () => socket.close(),
  };
  return flow;
}

export interface FreshFlow extends Flow {
  /** Takes what is not of the session: true where it did. */
  takeOther: ((data: Uint8Array) => boolean) | null;
  sendTo(data: Uint8Array, to: Endpoint): void;
}
