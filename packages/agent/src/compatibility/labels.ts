// What a check took the NAT for, in a few words, so that checks can be compared.

import { type NatTraversal, rememberedChecks } from '@pinhole/contract';
import type { DiscoveryReport, TransportReport } from '@pinhole/nat';

export interface CheckLabels {
  readonly udp: string;
  readonly tcp: string;
}

export function labelsOf({ udp, tcp }: DiscoveryReport): CheckLabels {
  return {
    udp: label(udp, [`filtering ${udp.filtering.value}`]),
    tcp: label(tcp, [`simultaneous open ${tcp.simultaneousOpen.value}`]),
  };
}

function label({ reachable, mapping, allocation }: TransportReport, more: readonly string[]): string {
  if (reachable.value === 'no') return 'not reachable';
  return [`mapping ${mapping.value}`, `ports ${allocation.value?.kind ?? 'unknown'}`, ...more].join(', ');
}

/** With one more; the oldest goes. */
export function remember(labels: readonly CheckLabels[], latest: CheckLabels): readonly CheckLabels[] {
  return [...labels, latest].slice(-rememberedChecks);
}

/** How often each came, the commonest first. */
export function distribution(labels: readonly CheckLabels[]): NatTraversal['recent'] {
  const counted = (transport: keyof CheckLabels) =>
    [...Map.groupBy(labels, (each) => each[transport])]
      .map(([text, checks]) => ({ label: text, checks: checks.length }))
      .sort((a, b) => b.checks - a.checks);
  return { udp: counted('udp'), tcp: counted('tcp') };
}
