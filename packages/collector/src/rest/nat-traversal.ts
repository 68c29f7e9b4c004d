// An agent's compatibility check, as REST shows it. Pure.

import { type Agent, type AgentNatTraversal, errorCatalogue, type NatTraversal } from '@pinhole/contract';
import type { AgentRecord } from '../store/agents.ts';
import { dateTime } from './date-time.ts';

/** `check` is the last one since "Behind a NAT" was ticked. */
export function natTraversalBody(
  { behindNat }: AgentRecord,
  check: NatTraversal | null,
  withReport: boolean,
): AgentNatTraversal {
  if (!behindNat) return { status: 'off' };
  if (check === null) return { status: 'checking' };
  const { checkedAtMs, verdict, report, recent } = check;
  const publicEndpoint = report.tcp.mapped.value ?? report.udp.mapped.value;
  return {
    status: isNotSupported(verdict) ? 'not-supported' : 'supported',
    checkedAt: dateTime(checkedAtMs),
    ...(publicEndpoint === null ? {} : { publicEndpoint }),
    udp: verdict.udp,
    tcp: verdict.tcp,
    recent,
    ...(withReport ? { report } : {}),
  };
}

/** In v7's form, where an agent's error stands in its list and its details. */
export function natTraversalErrors({ status }: AgentNatTraversal): Agent['errorDetails'] {
  const { sentence } = errorCatalogue['nat-traversal-not-supported'];
  return status === 'not-supported' ? [{ code: 'nat-traversal-error', description: sentence }] : [];
}

/**
 * One protocol that will not work is enough. An agent whose NAT lacks simultaneous open alone still does tests over UDP,
 * but whoever makes one over TCP, the default, has to learn why it fails; the verdict of each protocol tells what does
 * work. What is not known is no failure: a server with one address cannot tell all.
 */
function isNotSupported({ udp, tcp }: NatTraversal['verdict']): boolean {
  return udp.supported === 'no' || tcp.supported === 'no';
}
