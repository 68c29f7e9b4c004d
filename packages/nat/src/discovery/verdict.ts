// Whether NAT traversal will work from here, by its four requirements:
//
//   1  the agent can contact the NAT traversal server: TCP on both ports, and UDP as well for tests over UDP
//   2  the NAT is not symmetric: it does not translate the port of one local port differently for each destination
//   3  firewalls and NATs keep a long-lived TCP connection that sends keep-alives
//   4  firewalls and NATs let a TCP connection be opened by both ends at once (tests over TCP only)

import type { Transport } from '@pinhole/wire';
import { isEndpointIndependent } from './facts.ts';
import type { DiscoveryReport, Evidence, Fact, TransportReport, Truth } from './report.ts';

export type Requirement = 1 | 2 | 3 | 4;

export interface ProtocolVerdict {
  readonly supported: Truth;
  /** The first that failed; null where none did. */
  readonly failedRequirement: Requirement | null;
  /** Of what failed, or else of what is not known. */
  readonly evidence: readonly Evidence[];
  /** What to change on the device; null where nothing is to be changed. */
  readonly advice: string | null;
}

export interface Verdict {
  readonly udp: ProtocolVerdict;
  readonly tcp: ProtocolVerdict;
}

interface Judged {
  readonly requirement: Requirement;
  readonly met: Truth;
  readonly evidence: readonly Evidence[];
  readonly advice: string;
}

export function verdictOf(report: DiscoveryReport): Verdict {
  const { tcp, udp, keepAlives } = report;
  const contact = (transport: Transport, { reachable }: TransportReport): Judged => ({
    requirement: 1,
    met: reachable.value,
    evidence: reachable.evidence,
    advice: `Allow outbound ${transport.toUpperCase()} to both ports of the NAT traversal server (9119 and 9120), and let the answers in.`,
  });
  const kept: Judged = {
    requirement: 3,
    // Unknown at the first check, by necessity: only a connection that was cut counts against it.
    met: keepAlives.value === 'no' ? 'no' : 'yes',
    evidence: keepAlives.evidence,
    advice:
      'Remove the limit on how long a TCP connection may live, or raise its idle time to 2 h 4 min (RFC 5382), and let TCP keep-alives refresh it.',
  };
  return {
    udp: judge([contact('tcp', tcp), contact('udp', udp), symmetric('udp', udp), kept]),
    tcp: judge([contact('tcp', tcp), symmetric('tcp', tcp), kept, simultaneous(tcp.simultaneousOpen)]),
  };
}

function symmetric(transport: Transport, report: TransportReport): Judged {
  const { translated, mapping, allocation } = report;
  return {
    requirement: 2,
    met: notSymmetric(report),
    evidence: [...mapping.evidence, ...translated.evidence, ...allocation.evidence].filter(
      (each, i, all) => all.findIndex(({ sent }) => sent === each.sent) === i,
    ),
    advice: `Switch the NAT to endpoint-independent mapping for ${transport.toUpperCase()} (often called "cone", "persistent" or "consistent" NAT, or "static port"), or give the agent's test port a static port mapping.`,
  };
}

function notSymmetric(report: TransportReport): Truth {
  const { translated, mappingDependsOnAddress, mappingDependsOnPort, mapping, allocation } = report;
  if (mapping.value === 'endpoint-independent' || translated.value === 'no') return 'yes';
  if (mappingDependsOnPort.value === 'yes' || mappingDependsOnAddress.value === 'yes') return 'no';
  // A server with one address cannot show a dependence on it. Where ports stay what they are, there is none.
  const preserving = report.portPreserved.value === 'yes' && allocation.value?.kind === 'preserving';
  return isEndpointIndependent(report) && preserving ? 'yes' : 'unknown';
}

function simultaneous({ value, evidence }: Fact<Truth>): Judged {
  return {
    requirement: 4,
    met: value,
    evidence,
    advice:
      'Let a SYN in from where a SYN has gone out (RFC 5382 REQ-2); firewalls call it TCP simultaneous open or split handshake. Tests over UDP do not need it.',
  };
}

function judge(judged: readonly Judged[]): ProtocolVerdict {
  const failed = judged.find(({ met }) => met === 'no');
  if (failed !== undefined) {
    const { requirement, evidence, advice } = failed;
    return { supported: 'no', failedRequirement: requirement, evidence, advice };
  }
  const unknown = judged.find(({ met }) => met === 'unknown');
  const supported = unknown === undefined ? 'yes' : 'unknown';
  return { supported, failedRequirement: null, evidence: unknown?.evidence ?? [], advice: null };
}
