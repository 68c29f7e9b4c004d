// The words for what is known of lifetimes.

import type { Transport } from '@pinhole/wire';
import { fact } from '../evidence.ts';
import type { Evidence, Fact, UdpReport } from '../report.ts';
import type { Lifetimes } from './lifetimes.ts';
import { isSettled, type LifetimeSearch } from './search.ts';

export function lifetimeFacts(lifetimes: Lifetimes): Pick<
  UdpReport,
  'mappingLifetimeMs' | 'unrepliedLifetimeMs' | 'inboundRefresh'
> & {
  readonly tcp: Fact<number | null>;
} {
  const { udp, udpUnreplied, tcp, inbound, unclear } = lifetimes;
  const datagram = (to: string) => `A datagram of the server's to ${to}, after some time without any`;
  const binding = 'Binding on a TCP connection from a fresh port, after some time without anything on it';
  return {
    mappingLifetimeMs: lifetimeFact(udp, datagram('a fresh port'), unclear.udp),
    unrepliedLifetimeMs: lifetimeFact(
      udpUnreplied,
      datagram('a fresh port on which nothing had come in'),
      unclear.udp,
    ),
    inboundRefresh: fact(inbound?.refreshes ?? 'unknown', inboundEvidence(inbound)),
    tcp: lifetimeFact(tcp, binding, unclear.tcp),
  };
}

function lifetimeFact(
  search: LifetimeSearch,
  sent: string,
  unclear: Lifetimes['unclear'][Transport],
): Fact<number | null> {
  const { alive, dead } = search;
  const value = isSettled(search) && alive !== null ? Math.floor(alive.idleMs) : null;
  const received = [
    ...(alive === null ? [] : [`arrived after ${seconds(alive.idleMs)}`]),
    ...(dead === null ? [] : [`did not after ${seconds(dead.idleMs)}`]),
    ...(unclear.trials === 0 ? [] : [`the last trial told nothing: ${unclear.detail}`]),
  ].join(', ');
  return fact(value, received === '' ? [] : [{ sent, received }]);
}

function inboundEvidence(inbound: Lifetimes['inbound']): Evidence[] {
  if (inbound === null) return [];
  const { refreshes, idleMs, everyMs } = inbound;
  const arrived = refreshes === 'yes' ? 'arrived' : 'did not arrive';
  return [
    {
      sent: `A datagram of the server's to a fresh port ${seconds(idleMs)} after its last, with others of the server's each ${seconds(everyMs)} between`,
      received: arrived,
    },
  ];
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
