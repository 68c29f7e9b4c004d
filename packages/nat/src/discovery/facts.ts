// From answers to the report.

import { type IpAddress, isPrivateAddress, sameEndpoint, type Transport } from '@pinhole/wire';
import { allocationLaw, type PortSample } from './allocation.ts';
import { filteringOf, mappingOf } from './dependence.ts';
import { evidenceOf, fact } from './evidence.ts';
import { distances } from './hops.ts';
import { lifetimeFacts } from './lifetime/facts.ts';
import { noLifetimes } from './lifetime/lifetimes.ts';
import { mappedAt, opens, type Results, samples } from './plan.ts';
import type {
  Allocation,
  DiscoveryReport,
  Evidence,
  Fact,
  SynAnswer,
  TransportReport,
  Truth,
} from './report.ts';
import type { DiscoveryInput, Outcome, Slot } from './state.ts';

/** A check is made every 5 minutes: a connection that has lived so long has lived on its keep-alives. */
const heldLongEnoughMs = 300_000;
/**
 * A loss may have any cause, as a server that was started anew; another after about the same time is a limit of some
 * device. About: the agent's and the server's packets find a connection dead some seconds apart.
 */
const alikeWithin = { ms: 10_000, share: 0.2 } as const;
/**
 * The server's SYN comes 0.3 s after the agent's own, which is repeated after 1 s (RFC 6298 §2.1): what is established
 * within 0.7 s of the server's was so by both first SYNs. Half a second leaves room for a timer that is late.
 */
const simultaneousWithinMs = 500;
/** With a longer way the two cases overlap. */
const longestRoundTripMs = 400;

/** The report of a discovery whose questions are all settled. */
export function reportOf(
  input: DiscoveryInput,
  results: Results,
  expired: ReadonlyMap<Slot, IpAddress>,
): DiscoveryReport {
  const udp = transportReport(input, results, 'udp');
  const tcp = transportReport(input, results, 'tcp');
  const opens = simultaneousOpen(results, tcp);
  const { tcp: tcpLifetime, ...udpLifetimes } = lifetimeFacts(input.lifetimes ?? noLifetimes);
  const own = ownAddresses(input, results)[0];
  return {
    udp: { ...udp, poisonable: poisonable(results, udp), ...udpLifetimes },
    tcp: {
      ...tcp,
      unsolicitedSyn: unsolicitedSyn(results),
      simultaneousOpen: opens,
      poisonable: tcpPoisonable(results, tcp, opens.value),
      mappingLifetimeMs: tcpLifetime,
    },
    ...distances(input, results, expired, {
      translated: udp.translated.value,
      own,
      sharesMapping: isEndpointIndependent(udp),
    }),
    privateAddress: privateAddress(input, results),
    keepAlives: keepAlives(input),
  };
}

/** The same public endpoint wherever it sends, as far as the server's addresses could tell. */
export function isEndpointIndependent({
  mappingDependsOnAddress,
  mappingDependsOnPort,
}: TransportReport): boolean {
  return mappingDependsOnPort.value === 'no' && mappingDependsOnAddress.value !== 'yes';
}

type Bound = Extract<Outcome, { kind: 'bound' }>;

function boundAt(results: Results, id: string): Bound | null {
  const outcome = results.get(id)?.outcome;
  return outcome?.kind === 'bound' ? outcome : null;
}

function transportReport(input: DiscoveryInput, results: Results, transport: Transport): TransportReport {
  const mapping = mappingOf(results, transport);
  const filtering = filteringOf(results, transport, mapping);
  const first = [0, 1].map((i) => `${transport}.mapping.${i}`);
  const firstId = first.find((id) => boundAt(results, id) !== null);
  const bound = firstId === undefined ? null : boundAt(results, firstId);
  const evidence = firstId === undefined ? evidenceOf(results, first) : evidenceOf(results, [firstId]);
  const drawn = Array.from({ length: samples[transport] }, (_, i) =>
    boundAt(results, `${transport}.sample.${i}`),
  ).filter((each) => each !== null);
  const report = {
    reachable: reachable(input, results, first),
    mapped: fact(bound?.mapped ?? null, evidence),
    translated: fact(translated(input, bound), evidence),
    portPreserved: fact(bound === null ? 'unknown' : truth(bound.mapped.port === bound.local.port), evidence),
    mappingDependsOnAddress: mapping.dependsOnAddress,
    mappingDependsOnPort: mapping.dependsOnPort,
    mapping: mapping.named,
    filteringDependsOnAddress: filtering.dependsOnAddress,
    filteringDependsOnPort: filtering.dependsOnPort,
    filtering: filtering.named,
    allocation: allocation(results, transport, drawn),
    pairedPooling: pairedPooling(results, transport, drawn),
    hairpinning: fact<Truth>('unknown', []),
    mappingLifetimeMs: fact(null, []),
    poisonable: fact<Truth>('unknown', []),
  };
  return { ...report, hairpinning: hairpinning(results, transport, report) };
}

function reachable({ serverPorts }: DiscoveryInput, results: Results, ids: readonly string[]): Fact<Truth> {
  const asked = ids.slice(0, serverPorts.length);
  return fact(truth(asked.every((id) => boundAt(results, id) !== null)), evidenceOf(results, asked));
}

function translated({ localAddresses }: DiscoveryInput, bound: Bound | null): Truth {
  if (bound === null) return 'unknown';
  const { mapped, local } = bound;
  return truth(!localAddresses.includes(mapped.address) || mapped.port !== local.port);
}

function allocation(
  results: Results,
  transport: Transport,
  drawn: readonly Bound[],
): Fact<Allocation | null> {
  const ports = drawn.map(
    ({ askedAtMs, local, mapped, repeated }): PortSample => ({
      atMs: askedAtMs,
      localPort: local.port,
      mappedPort: mapped.port,
      repeated,
    }),
  );
  return fact(allocationLaw(ports), sampleEvidence(results, transport, drawn));
}

function pairedPooling(results: Results, transport: Transport, drawn: readonly Bound[]): Fact<Truth> {
  const addresses = new Set(drawn.map(({ mapped }) => mapped.address));
  const value = drawn.length < 2 ? 'unknown' : truth(addresses.size === 1);
  return fact<Truth>(value, sampleEvidence(results, transport, drawn));
}

function sampleEvidence(results: Results, transport: Transport, drawn: readonly Bound[]): Evidence[] {
  const [one] = evidenceOf(results, [`${transport}.sample.0`]);
  if (one === undefined) return [];
  const ports = drawn.map(({ local, mapped }) => `${local.port} → ${mapped.port}`).join(', ');
  const addresses = [...new Set(drawn.map(({ mapped }) => mapped.address))].join(', ');
  return [
    { sent: `${samples[transport]} × ${one.sent}`, received: `at ${addresses || 'no address'}: ${ports}` },
  ];
}

function hairpinning(results: Results, transport: Transport, report: TransportReport): Fact<Truth> {
  const ids = [0, 1].map((i) => `${transport}.hairpin.${i}`);
  const evidence = evidenceOf(results, ids);
  const arrived = ids.some((id) => ['heard', 'connected'].includes(results.get(id)?.outcome.kind ?? ''));
  if (arrived) return fact('yes', evidence);
  // With another mapping for each destination, the two do not send to where the other sends from.
  const conclusive = evidence.length > 0 && isEndpointIndependent(report);
  return fact(conclusive ? 'no' : 'unknown', evidence);
}

function poisonable(results: Results, udp: TransportReport): Fact<Truth> {
  const evidence = evidenceOf(results, ['udp.poison', 'udp.poison.probe', 'udp.poison.after']);
  const before = mappedAt(results, 'udp.poison');
  const after = mappedAt(results, 'udp.poison.after');
  if (before === null || after === null || !isEndpointIndependent(udp)) return fact('unknown', evidence);
  return fact(truth(!sameEndpoint(before, after)), evidence);
}

/**
 * The server's SYN came first, with no other to meet; then one went out to where it came from, and the server sent
 * another to the port that it knows. That meets the agent's where the port has stayed, as it does in other such opens.
 */
function tcpPoisonable(results: Results, tcp: TransportReport, opens: Truth): Fact<Truth> {
  const ids = ['tcp.poison', 'tcp.poison.first', 'tcp.poison.probe'];
  const evidence = evidenceOf(results, ids);
  const [first, after] = ids.slice(1).map((id) => synAnswer(results.get(id)?.outcome));
  // What a filter lets in is the host's to answer, and takes no port of the NAT's.
  const filtered = tcp.filteringDependsOnPort.value === 'yes' && first !== 'admitted';
  const conclusive = filtered && opens === 'yes' && isEndpointIndependent(tcp);
  if (!conclusive || first === 'unknown' || after === 'unknown') return fact('unknown', evidence);
  return fact(truth(after !== 'admitted'), evidence);
}

function unsolicitedSyn(results: Results): Fact<SynAnswer> {
  const ids = ['tcp.unsolicited.address', 'tcp.unsolicited.port'];
  // What the filter admits says nothing of what it does with the rest.
  const answers = ids.map((id) => synAnswer(results.get(id)?.outcome));
  const value = answers.find((each) => each !== 'unknown') ?? 'unknown';
  return fact(value, evidenceOf(results, ids));
}

function synAnswer(outcome: Outcome | undefined): SynAnswer {
  if (outcome?.kind !== 'probed') return 'unknown';
  switch (outcome.result) {
    case 'connected':
      return 'admitted';
    case 'refused':
      return 'rst';
    case 'unreachable':
      return 'icmp';
    case 'silence':
      return 'drop';
    default:
      return 'unknown';
  }
}

function simultaneousOpen(results: Results, tcp: TransportReport): Fact<Truth> {
  const evidence = evidenceOf(
    results,
    opens.flatMap((open) => ['where', 'probe'].map((part) => `tcp.${open}.${part}`)),
  );
  // The server aims at where the agent's other connections come from: with a mapping of its own for each, that is
  // not where the SYN went out.
  const conclusive = isEndpointIndependent(tcp);
  const roundTripMs = (boundAt(results, 'tcp.sample.0')?.roundTripMs ?? Number.POSITIVE_INFINITY) / 2;
  const tries = opens.map((open) => opened(results.get(`tcp.${open}.probe`)?.outcome, roundTripMs));
  if (tries.includes('yes')) return fact('yes', evidence);
  return fact(conclusive && tries.every((each) => each === 'no') ? 'no' : 'unknown', evidence);
}

function opened(outcome: Outcome | undefined, roundTripMs: number): Truth {
  if (outcome?.kind !== 'probed') return 'unknown';
  switch (outcome.result) {
    case 'connected':
      if (outcome.elapsedMs < simultaneousWithinMs) return 'yes';
      return roundTripMs < longestRoundTripMs ? 'no' : 'unknown';
    case 'refused':
    case 'unreachable':
      return 'no';
    // Silence may be a firewall that lets the agent's SYN reach only the ports 9119 and 9120.
    default:
      return 'unknown';
  }
}

/** Those that the server was reached from over TCP, where a connection knows its own. */
function ownAddresses({ localAddresses }: DiscoveryInput, results: Results): readonly IpAddress[] {
  const ids = ['tcp.mapping.0', 'tcp.mapping.1'];
  const used = ids.map((id) => boundAt(results, id)?.local.address).filter((each) => each !== undefined);
  return used.length > 0 ? used : localAddresses;
}

function privateAddress(input: DiscoveryInput, results: Results): Fact<Truth> {
  const own = ownAddresses(input, results);
  const evidence = [{ sent: 'TCP to the NAT traversal server', received: `left from ${own.join(', ')}` }];
  if (own.length === 0) return fact('unknown', []);
  return fact(truth(own.every(isPrivateAddress)), own === input.localAddresses ? [] : evidence);
}

function keepAlives({ keepAlives: { heldForMs, lostAfterMs, remarks = [] } }: DiscoveryInput): Fact<Truth> {
  const age = (ms: number) =>
    ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${(ms / 60_000).toFixed(1)} min`;
  const sent = 'TCP keep-alives on the connection to the NAT traversal server';
  const received = [
    ...(heldForMs === null ? ['not connected'] : [`connected for ${age(heldForMs)}`]),
    ...(lostAfterMs.length === 0 ? [] : [`lost before after ${lostAfterMs.map(age).join(', ')}`]),
    ...remarks,
  ].join('; ');
  const held = heldForMs !== null && heldForMs >= heldLongEnoughMs;
  const value = hasLimit(lostAfterMs) ? 'no' : held && lostAfterMs.length === 0 ? 'yes' : 'unknown';
  return fact(value, [{ sent, received }]);
}

function hasLimit(lostAfterMs: readonly number[]): boolean {
  const sorted = lostAfterMs.toSorted((a, b) => a - b);
  return sorted.some((longer, i) => {
    const shorter = sorted[i - 1];
    return shorter !== undefined && longer - shorter <= Math.max(alikeWithin.ms, alikeWithin.share * longer);
  });
}

function truth(holds: boolean): Truth {
  return holds ? 'yes' : 'no';
}
