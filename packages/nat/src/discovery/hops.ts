// How far away the NATs are: by the TTL that opens the outermost filter, which is exact, and by where the addresses of
// private networks end on the way, which is not: a provider may have such addresses on routers beyond its NAT.

import { addressRange, formatEndpoint, type IpAddress } from '@pinhole/wire';
import { evidenceOf, fact } from './evidence.ts';
import { filterControl, hopId, hopSlot, openerTtls, type Results } from './plan.ts';
import type { DiscoveryReport, Evidence, NatLayer, Truth } from './report.ts';
import type { DiscoveryInput, Slot } from './state.ts';

interface Hop {
  readonly hop: number;
  readonly address: IpAddress;
}

/**
 * `own` is this host's address, if one is known. `sharesMapping`: what goes to the one place and to the other leaves from one
 * public port; where it does not, an answer that comes in has met a port that was opened by chance.
 */
export function distances(
  input: DiscoveryInput,
  results: Results,
  expired: ReadonlyMap<Slot, IpAddress>,
  {
    translated,
    own,
    sharesMapping,
  }: { translated: Truth; own: IpAddress | undefined; sharesMapping: boolean },
): Pick<DiscoveryReport, 'natHops' | 'natLayers'> {
  const hops = openerTtls.flatMap((hop): Hop[] => {
    const address = expired.get(hopSlot(hop));
    return address === undefined ? [] : [{ hop, address }];
  });
  const layers = translated === 'no' ? [] : hops.length === 0 ? null : layersOf(own, hops);
  const traced = traceEvidence(hops);
  const control = results.get(filterControl(input, results))?.outcome;
  const opening = sharesMapping ? openingTtl(results) : null;
  const opened = openedEvidence(results, opening);
  const natLayers = fact(layers, traced);
  // Nothing comes in by itself, and something does after an opener: then that is what opened.
  if (control?.kind === 'failed' && opening !== null) {
    return { natHops: fact(opening - 1, [...opened, ...traced]), natLayers };
  }
  if (control?.kind === 'bound' && translated === 'no') {
    return { natHops: fact(0, evidenceOf(results, [filterControl(input, results)])), natLayers };
  }
  const outermost = translated === 'yes' ? (layers?.at(-1)?.hop ?? null) : null;
  return { natHops: fact(outermost, [...opened, ...traced]), natLayers };
}

/** The least with which the answer came in; null where it never did. */
function openingTtl(results: Results): number | null {
  return openerTtls.find((ttl) => results.get(hopId(ttl))?.outcome.kind === 'bound') ?? null;
}

function openedEvidence(results: Results, opening: number | null): Evidence[] {
  const question = results.get(hopId(openerTtls[0]!))?.question;
  if (question?.ask.kind !== 'binding' || question.ask.opener === undefined) return [];
  const place = formatEndpoint(question.ask.opener.to);
  return [
    {
      sent: `A datagram with TTL 1, 2, … ${openerTtls.length} to ${place}, each from a fresh port, and Binding to ${formatEndpoint(question.to)} to be answered from there`,
      received: opening === null ? 'no answer came in' : `answers came in from TTL ${opening} on`,
    },
  ];
}

function traceEvidence(hops: readonly Hop[]): Evidence[] {
  const received = hops.map(({ hop, address }) => `${hop} ${address}`).join(', ');
  return hops.length === 0
    ? []
    : [{ sent: 'Datagrams with TTL 1 and more', received: `expired at ${received}` }];
}

/** Where the kind of the address changes from one hop to the next. What lies between two that are not neighbours is unknown. */
export function layersOf(own: IpAddress | undefined, hops: readonly Hop[]): NatLayer[] {
  const layers: NatLayer[] = [];
  let before: Hop | null = own === undefined ? null : { hop: 0, address: own };
  let kind = before === null ? 'public' : kindOf(before.address);
  for (const next of hops) {
    // Once in a provider's network, private addresses are the provider's.
    const nextKind =
      kind === 'carrier-grade' && kindOf(next.address) === 'private' ? kind : kindOf(next.address);
    if (before !== null && kind !== 'public' && nextKind !== kind && next.hop === before.hop + 1) {
      // A NAT that is the first hop may answer with its outer address.
      layers.push({ ...(before.hop === 0 ? next : before), kind });
    }
    if (nextKind === 'public') break;
    before = next;
    kind = nextKind;
  }
  return layers;
}

function kindOf(address: IpAddress): NatLayer['kind'] | 'public' {
  switch (addressRange(address)) {
    case 'private':
    case 'uniqueLocal':
      return 'private';
    case 'carrierGradeNat':
      return 'carrier-grade';
    default:
      return 'public';
  }
}
