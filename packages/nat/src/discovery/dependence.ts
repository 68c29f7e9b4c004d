// Mapping and filtering behaviour (RFC 5780 §4.3 and §4.4), over UDP and TCP.

import { type Endpoint, sameEndpoint, type Transport } from '@pinhole/wire';
import { evidenceOf, fact } from './evidence.ts';
import { mappedAt, mappingIdsAgain, type Results } from './plan.ts';
import type { Dependence, Evidence, Fact, Truth } from './report.ts';

export interface Behaviour {
  readonly dependsOnAddress: Fact<Truth>;
  readonly dependsOnPort: Fact<Truth>;
  readonly named: Fact<Dependence | 'unknown'>;
}

/**
 * Whether the public endpoint differs between the server's ports, and between its addresses: at the test port, and at a
 * fresh port as well, or it is what happened to the test port and not how the NAT behaves.
 */
export function mappingOf(results: Results, transport: Transport): Behaviour {
  const ids = [0, 1, 2, 3].map((i) => `${transport}.mapping.${i}`);
  const again = mappingIdsAgain(results, transport);
  const [own, fresh] = [dependence(results, ids), dependence(results, again)];
  const settled = (one: Truth, other: Truth) => (one === 'yes' && other === 'no' ? 'no' : one);
  const isSeveral = own.onAddress === 'yes' || own.onPort === 'yes';
  return behaviour(
    settled(own.onAddress, fresh.onAddress),
    settled(own.onPort, fresh.onPort),
    evidenceOf(results, isSeveral ? [...ids, ...again] : ids),
  );
}

function dependence(results: Results, ids: readonly string[]): Record<'onAddress' | 'onPort', Truth> {
  const seen = ids.map((id) => mappedAt(results, id));
  return {
    onPort: differ([
      [seen[0], seen[1]],
      [seen[2], seen[3]],
    ]),
    onAddress: differ([
      [seen[0], seen[2]],
      [seen[1], seen[3]],
    ]),
  };
}

/** Whether what comes from an endpoint never contacted is let in: from another port, from another address. */
export function filteringOf(results: Results, transport: Transport, mapping: Behaviour): Behaviour {
  const test = transport === 'udp' ? 'filtering' : 'unsolicited';
  const ids = [`${transport}.${test}.address`, `${transport}.${test}.port`] as const;
  const from = (other: 'address' | 'port', id: string): Truth => {
    const answer = letIn(results, id);
    return answer === 'yes' || isConclusive(results, transport, mapping, other) ? answer : 'unknown';
  };
  const fromAddress = from('address', ids[0]);
  const fromPort = from('port', ids[1]);
  // Let in from another address and port: then from another port alone as well.
  const onPort = fromAddress === 'yes' ? 'no' : not(fromPort);
  return behaviour(not(fromAddress), onPort, evidenceOf(results, ids));
}

/** Whether silence would mean that a filter let nothing in. */
function isConclusive(
  results: Results,
  transport: Transport,
  { dependsOnAddress, dependsOnPort }: Behaviour,
  other: 'address' | 'port',
): boolean {
  if (transport === 'udp') {
    // A place that cannot be reached may not be able to reach us either.
    const reached = other === 'address' ? [2, 3] : [1];
    return reached.some((i) => mappedAt(results, `udp.mapping.${i}`) !== null);
  }
  // A SYN that is let in is answered; where each destination has a mapping of its own, the answer leaves from another
  // port than the SYN came to, and opens nothing.
  return dependsOnPort.value === 'no' && (other === 'port' || dependsOnAddress.value !== 'yes');
}

function letIn(results: Results, id: string): Truth {
  const outcome = results.get(id)?.outcome;
  switch (outcome?.kind) {
    case 'bound':
      return 'yes';
    case 'failed':
      // Silence is the answer over UDP; a probe that was not made says nothing.
      return id.startsWith('udp.') && outcome.detail === 'no answer' ? 'no' : 'unknown';
    case 'probed':
      if (outcome.result === 'connected') return 'yes';
      return ['refused', 'unreachable', 'silence'].includes(outcome.result) ? 'no' : 'unknown';
    default:
      return 'unknown';
  }
}

function behaviour(onAddress: Truth, onPort: Truth, evidence: readonly Evidence[]): Behaviour {
  return {
    dependsOnAddress: fact(onAddress, evidence),
    dependsOnPort: fact(onPort, evidence),
    named: fact(nameOf(onAddress, onPort), evidence),
  };
}

/** What depends on the port is called address- and port-dependent: RFC 4787 knows none that depends on the port alone. */
function nameOf(onAddress: Truth, onPort: Truth): Dependence | 'unknown' {
  if (onPort === 'yes') return 'address-and-port-dependent';
  if (onPort === 'unknown' || onAddress === 'unknown') return 'unknown';
  return onAddress === 'yes' ? 'address-dependent' : 'endpoint-independent';
}

/** Yes where any pair differs, no where none does and one is known. */
function differ(pairs: readonly (readonly (Endpoint | null | undefined)[])[]): Truth {
  const known = pairs.flatMap(([a, b]) => (a && b ? [!sameEndpoint(a, b)] : []));
  if (known.length === 0) return 'unknown';
  return known.includes(true) ? 'yes' : 'no';
}

function not(truth: Truth): Truth {
  return truth === 'unknown' ? 'unknown' : truth === 'yes' ? 'no' : 'yes';
}
