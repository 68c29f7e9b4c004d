// A compatibility check in words: the four requirements, and what was found out of each protocol. Pure.

import type { NatReport, ProtocolVerdict } from '@pinhole/contract';
import { durationInWords } from '../app/time.ts';

type Requirement = NonNullable<ProtocolVerdict['failedRequirement']>;

export const requirements: Readonly<Record<Requirement, { title: string; meaning: string }>> = {
  1: {
    title: 'The agent can contact the NAT traversal server',
    meaning:
      'Outbound connections to TCP ports 9119 and 9120 of the server, and for UDP tests to its UDP ports as well.',
  },
  2: {
    title: 'The NAT is not symmetric',
    meaning: 'The public port of the test traffic stays the same, whatever address and port it goes to.',
  },
  3: {
    title: 'The NAT or firewall honors TCP keep-alives',
    meaning: 'The long-lived connection to the NAT traversal server is kept open, at the same public port.',
  },
  4: {
    title: 'The NAT or firewall supports TCP simultaneous open',
    meaning: 'A SYN is let in from where one has just gone out to. For TCP tests only.',
  },
};

/** Which of the four count for the protocol. */
export function requirementsOf(protocol: 'udp' | 'tcp'): Requirement[] {
  return protocol === 'tcp' ? [1, 2, 3, 4] : [1, 2, 3];
}

type TransportReport = NatReport['udp'] | NatReport['tcp'];
export type Evidence = NatReport['keepAlives']['evidence'][number];

export interface ReportCell {
  readonly text: string;
  readonly evidence: readonly Evidence[];
}

export interface ReportRow {
  readonly title: string;
  /** What it is good for, a sentence. */
  readonly meaning: string;
  /** Null where the protocol has no such thing. */
  readonly udp: ReportCell | null;
  readonly tcp: ReportCell | null;
}

/** Each fact that is told of a protocol, in the words of RFC 4787 and 5382. */
export function reportRows({ udp, tcp }: NatReport): ReportRow[] {
  const both = (
    title: string,
    meaning: string,
    cell: (report: TransportReport) => ReportCell,
  ): ReportRow => ({
    title,
    meaning,
    udp: cell(udp),
    tcp: cell(tcp),
  });
  return [
    both('NAT traversal server', 'Whether it answers on both its ports.', ({ reachable }) => ({
      text: words(reachable.value, 'Reached', 'Not reached'),
      evidence: reachable.evidence,
    })),
    both('Public endpoint', 'The test port as the server sees it.', ({ mapped }) => ({
      text: mapped.value === null ? unknown : `${mapped.value.address}:${mapped.value.port}`,
      evidence: mapped.evidence,
    })),
    both('Mapping', 'On what the public port depends.', ({ mapping, translated }) =>
      translated.value === 'no'
        ? { text: 'None: no NAT translates it', evidence: translated.evidence }
        : { text: dependence(mapping.value), evidence: mapping.evidence },
    ),
    both('Filtering', 'From where packets are let in.', ({ filtering }) => ({
      text: dependence(filtering.value),
      evidence: filtering.evidence,
    })),
    both('Port allocation', 'How the public port of a new mapping is chosen.', ({ allocation }) => ({
      text: allocationText(allocation.value),
      evidence: allocation.evidence,
    })),
    both(
      'Hairpinning',
      'Whether two agents behind this NAT reach each other by its public address.',
      (report) => ({
        text: words(report.hairpinning.value, 'Yes', 'No'),
        evidence: report.hairpinning.evidence,
      }),
    ),
    both('Lifetime of a mapping', 'How long an idle mapping is kept.', ({ mappingLifetimeMs }) => ({
      text: lifetime(mappingLifetimeMs.value),
      evidence: mappingLifetimeMs.evidence,
    })),
    {
      title: 'Lifetime before an answer',
      meaning: 'The same, of a mapping on which nothing has come back yet.',
      udp: { text: lifetime(udp.unrepliedLifetimeMs.value), evidence: udp.unrepliedLifetimeMs.evidence },
      tcp: null,
    },
    {
      title: 'Inbound packets refresh',
      meaning: 'Whether what comes in keeps a mapping alive.',
      udp: { text: words(udp.inboundRefresh.value, 'Yes', 'No'), evidence: udp.inboundRefresh.evidence },
      tcp: null,
    },
    {
      title: 'Unasked-for SYN',
      meaning: 'What a connection from elsewhere meets.',
      udp: null,
      tcp: { text: synAnswers[tcp.unsolicitedSyn.value], evidence: tcp.unsolicitedSyn.evidence },
    },
    {
      title: 'Simultaneous open',
      meaning: 'Whether a SYN is let in from where one has just gone out to.',
      udp: null,
      tcp: {
        text: words(tcp.simultaneousOpen.value, 'Supported', 'Not supported'),
        evidence: tcp.simultaneousOpen.evidence,
      },
    },
  ];
}

/** What is told of the agent as a whole. */
export function commonRows({ keepAlives, natHops, natLayers, privateAddress }: NatReport): {
  title: string;
  cell: ReportCell;
}[] {
  const layers = natLayers.value ?? [];
  return [
    {
      title: 'Own address',
      cell: {
        text: words(privateAddress.value, 'Private: not reached from the Internet', 'Public'),
        evidence: privateAddress.evidence,
      },
    },
    {
      title: 'TCP keep-alives',
      cell: { text: words(keepAlives.value, 'Honored', 'Not honored'), evidence: keepAlives.evidence },
    },
    {
      title: 'Distance to the outermost NAT or firewall',
      cell: { text: distance(natHops.value), evidence: natHops.evidence },
    },
    ...(layers.length === 0
      ? []
      : [
          {
            title: 'NATs on the way',
            cell: {
              text: layers
                .map(
                  ({ hop, address, kind }) =>
                    `${address} (hop ${hop}, ${kind === 'private' ? 'private' : 'carrier-grade'})`,
                )
                .join(', '),
              evidence: natLayers.evidence,
            },
          },
        ]),
  ];
}

const unknown = 'Not known';

const synAnswers: Record<NatReport['tcp']['unsolicitedSyn']['value'], string> = {
  admitted: 'Let in',
  drop: 'Dropped',
  rst: 'Answered with RST',
  icmp: 'Answered with an ICMP error',
  unknown,
};

function words(value: 'yes' | 'no' | 'unknown', yes: string, no: string): string {
  return { yes, no, unknown }[value];
}

function dependence(value: NatReport['udp']['mapping']['value']): string {
  return {
    'endpoint-independent': 'Endpoint-independent',
    'address-dependent': 'Address-dependent',
    'address-and-port-dependent': 'Address and port-dependent',
    unknown,
  }[value];
}

function allocationText(value: NatReport['udp']['allocation']['value']): string {
  switch (value?.kind) {
    case undefined:
      return unknown;
    case 'preserving':
      return 'Keeps the local port where it is free';
    case 'sequential':
      return `In steps of ${value.step}${value.othersPerSecond > 0 ? `, with about ${rounded(value.othersPerSecond)} mappings a second of others` : ''}`;
    case 'block':
      return `Any of about ${value.size} ports from ${value.firstPort} on`;
    case 'random':
      return `At random, seen between ${value.lowestPort} and ${value.highestPort}`;
  }
}

function rounded(value: number): string {
  return value >= 10 ? value.toFixed(0) : value.toPrecision(2);
}

/** The trials go no further than 300 s. */
const longestTrialMs = 300_000;

function lifetime(ms: number | null): string {
  if (ms === null) return unknown;
  return ms >= longestTrialMs
    ? `At least ${durationInWords(longestTrialMs / 1000)}`
    : `About ${secondsText(ms)}`;
}

function secondsText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return `${seconds} s`;
}

function distance(hops: number | null): string {
  if (hops === null) return unknown;
  if (hops === 0) return 'There is none, or it is this machine itself';
  return hops === 1 ? '1 hop' : `${hops} hops`;
}
