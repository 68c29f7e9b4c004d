// What is asked, in phases: each needs answers of the one before, and begins when all its questions are settled.
//
//   1  test port → both ports of the server's address; the answers tell its other address
//   2  test port → both ports of the other address; fresh ports → one place, for the allocation law and as a beginning
//      of what follows
//   3  what comes in: answers from elsewhere (CHANGE-REQUEST), probes, one fresh port to the other's public endpoint; and
//      after which TTL an answer from elsewhere comes in; and where the test port had several mappings, whether a fresh
//      one has as well
//   4  what depends on a probe: the way back to where a datagram came from, a simultaneous open, and one from a port that
//      has had a SYN before
//
// Only mapping is tested at the test port: all else could harm it, or needs a port that has sent nowhere else.
// What it shows need not be the NAT's way: a peer's early packet can have taken the place of a flow, which then has another
// public port, and Linux gives a new flow the port that the source's latest flow has.

import { addressFamily, type Endpoint, type IpAddress, sameEndpoint, type Transport } from '@pinhole/wire';
import { type Ask, type DiscoveryInput, type Question, type Settled, testPort } from './state.ts';

export type Results = ReadonlyMap<string, Settled>;

/** Enough to tell a block of 512 ports from all of them, and a counter with other users from chance. */
export const samples: Readonly<Record<Transport, number>> = { udp: 24, tcp: 12 };
/** Apart far enough to arrive in order, close enough for little to happen between them. */
const sampleGapMs = 10;
/** When the samples over UDP are through, and before those over TCP. */
const hopsAfterMs = 250;
/** As many as there are over UDP, and a little more for a program that is woken late. */
const tcpSamplesAfterMs = 400;
/** The SYN of a simultaneous open must have gone out before the server is asked for its own, 0.3 s later. */
const afterSynMs = 50;

const plain = { kind: 'binding', changeAddress: false, changePort: false } as const;
/** The server sends its SYN from the silent endpoint, whether or not one has gone there. */
const simultaneousOpen = { kind: 'probe', probe: 'simultaneous-open', changeAddress: false } as const;
const transports = ['udp', 'tcp'] as const;

export const phases: readonly ((input: DiscoveryInput, results: Results) => Question[])[] = [
  (input) => transports.flatMap((transport) => mappingQuestions(input, transport, input.serverAddress, 0)),
  (input, results) => {
    const other = otherAddress(input, results);
    return transports
      .filter((transport) => base(input, results, transport) !== null)
      .flatMap((transport) => [
        ...(other === null ? [] : mappingQuestions(input, transport, other, 2)),
        ...freshQuestions(base(input, results, transport)!, transport),
      ])
      .concat(hopQuestions(input, results, hopsAfterMs).map((each) => ({ ...each, aside: true })));
  },
  (input, results) => [
    ...filteringQuestions(input, results),
    ...transports.flatMap((transport) => mappingQuestionsAgain(results, transport)),
    ...transports.flatMap((transport) => hairpinQuestions(results, transport)),
    ...probeQuestions(input, results),
    ...hopQuestions(input, results, 0),
  ],
  (_, results) => followUps(results),
];

/** Fresh ports at which connections are accepted, from the third phase on. */
export const listening = ['unsolicited', 'sample.0', 'sample.1'];

/** Provider's NATs stand at the third to sixth hop as a rule; more costs every NAT on the way another mapping. */
export const openerTtls = Array.from({ length: 12 }, (_, i) => i + 1);

export function hopId(ttl: number): string {
  return `udp.${hopSlot(ttl)}`;
}

export function hopSlot(ttl: number): string {
  return `hop.${ttl}`;
}

/** Fresh ports that a simultaneous open is tried from: one lost SYN must not condemn a NAT. */
export const opens = ['open.0', 'open.1'];

/** The server's other address, where an answer named one. */
export function otherAddress({ serverAddress }: DiscoveryInput, results: Results): IpAddress | null {
  for (const { outcome } of results.values()) {
    const other = outcome.kind === 'bound' ? outcome.other : null;
    const isOther = other !== null && other.address !== serverAddress;
    if (isOther && addressFamily(other.address) === addressFamily(serverAddress)) return other.address;
  }
  return null;
}

export function mappedAt(results: Results, id: string): Endpoint | null {
  const outcome = results.get(id)?.outcome;
  return outcome?.kind === 'bound' ? outcome.mapped : null;
}

function question(
  id: string,
  transport: Transport,
  slot: string,
  to: Endpoint,
  ask: Ask = plain,
  delayMs = 0,
): Question {
  return { id, transport, slot, to, ask, delayMs };
}

/** Numbered by address, then port: 0 and 1 on the first address, 2 and 3 on the other. */
function mappingQuestions(
  { serverPorts }: DiscoveryInput,
  transport: Transport,
  address: IpAddress,
  first: number,
): Question[] {
  return serverPorts
    .slice(0, 2)
    .map((port, i) => question(`${transport}.mapping.${first + i}`, transport, testPort, { address, port }));
}

/** The fresh port that is asked where the test port had several mappings. Nothing else is asked of it. */
const mappingSlot = 'sample.2';

/** As mappingQuestions'; where that port has asked already, the id of that. */
export function mappingIdsAgain(results: Results, transport: Transport): string[] {
  const sampleId = `${transport}.${mappingSlot}`;
  const asked = results.get(sampleId)?.question.to;
  return [0, 1, 2, 3].map((i) => {
    const to = results.get(`${transport}.mapping.${i}`)?.question.to;
    return asked && to && sameEndpoint(asked, to) ? sampleId : `${transport}.mapping-again.${i}`;
  });
}

function mappingQuestionsAgain(results: Results, transport: Transport): Question[] {
  const asked = [0, 1, 2, 3].map((i) => results.get(`${transport}.mapping.${i}`));
  const mapped = asked.flatMap((each) => (each?.outcome.kind === 'bound' ? [each.outcome.mapped] : []));
  const [first] = mapped;
  if (first === undefined || mapped.every((each) => sameEndpoint(each, first))) return [];
  if (mappedAt(results, `${transport}.${mappingSlot}`) === null) return [];
  const ids = mappingIdsAgain(results, transport);
  return asked.flatMap((each, i) =>
    each === undefined || results.has(ids[i]!)
      ? []
      : [question(ids[i]!, transport, mappingSlot, each.question.to)],
  );
}

/** Where the server has answered over this transport; null where nowhere. */
function base(
  { serverAddress, serverPorts }: DiscoveryInput,
  results: Results,
  transport: Transport,
): Endpoint | null {
  const at = [0, 1].find((i) => mappedAt(results, `${transport}.mapping.${i}`) !== null);
  return at === undefined ? null : { address: serverAddress, port: serverPorts[at]! };
}

function freshQuestions(to: Endpoint, transport: Transport): Question[] {
  const slots = Array.from({ length: samples[transport] }, (_, i) => `sample.${i}`);
  const others = ['poison', transport === 'udp' ? 'filtering' : 'unsolicited'];
  // What else goes out between the samples would look like other hosts' flows: TCP waits until UDP is through.
  const firstMs = transport === 'udp' ? 0 : tcpSamplesAfterMs;
  return [...slots, ...others].map((slot, i) =>
    question(`${transport}.${slot}`, transport, slot, to, plain, firstMs + i * sampleGapMs),
  );
}

function filteringQuestions(input: DiscoveryInput, results: Results): Question[] {
  const to = results.get('udp.filtering')?.question.to;
  if (to === undefined || mappedAt(results, 'udp.filtering') === null) return [];
  const change = (id: string, changeAddress: boolean, changePort: boolean) =>
    question(id, 'udp', 'filtering', to, { kind: 'binding', changeAddress, changePort });
  return [
    ...(otherAddress(input, results) === null ? [] : [change('udp.filtering.address', true, true)]),
    ...(input.serverPorts.length < 2 ? [] : [change('udp.filtering.port', false, true)]),
  ];
}

/** The question of filteringQuestions that tells whether the filter opens by itself. */
export function filterControl(input: DiscoveryInput, results: Results): string {
  return otherAddress(input, results) === null ? 'udp.filtering.port' : 'udp.filtering.address';
}

/**
 * From a fresh port for each TTL: the answer from elsewhere comes in if the opener got through the filter. Those that are
 * still open after the first phase that asks them are asked once more: a router says but a few times a second that a TTL
 * was at an end, and hairpinned packets take from that.
 */
function hopQuestions(input: DiscoveryInput, results: Results, afterMs: number): Question[] {
  const to = base(input, results, 'udp');
  const port = input.serverPorts.find((each) => each !== to?.port);
  if (to === null || port === undefined || input.limitsTtl !== true) return [];
  const other = otherAddress(input, results);
  const opened = { address: other ?? to.address, port };
  const left = openerTtls.filter((ttl) => mappedAt(results, hopId(ttl)) === null);
  return left.map((ttl) => {
    const opener = { to: opened, ttl };
    const ask: Ask = { kind: 'binding', changeAddress: other !== null, changePort: true, opener };
    return question(hopId(ttl), 'udp', hopSlot(ttl), to, ask, afterMs + ttl * sampleGapMs);
  });
}

/** Both ways: a filter lets one in only where it has sent to the other. */
function hairpinQuestions(results: Results, transport: Transport): Question[] {
  const [a, b] = [mappedAt(results, `${transport}.sample.0`), mappedAt(results, `${transport}.sample.1`)];
  if (a === null || b === null) return [];
  const ask: Ask = transport === 'udp' ? plain : { kind: 'connect' };
  return [
    question(`${transport}.hairpin.0`, transport, 'sample.0', b, ask),
    question(`${transport}.hairpin.1`, transport, 'sample.1', a, ask),
  ];
}

function probeQuestions(input: DiscoveryInput, results: Results): Question[] {
  const found: Question[] = [];
  const probe = (id: string, transport: Transport, slot: string, ask: Extract<Ask, { kind: 'probe' }>) => {
    const to = results.get(`${transport}.${slot}`)?.question.to;
    if (to === undefined || mappedAt(results, `${transport}.${slot}`) === null) return;
    found.push(question(id, transport, slot, to, ask));
  };
  const changeAddress = otherAddress(input, results) !== null;
  probe('udp.poison.probe', 'udp', 'poison', { kind: 'probe', probe: 'unsolicited-datagram', changeAddress });
  const syn = { kind: 'probe', probe: 'unsolicited-syn' } as const;
  if (changeAddress) probe('tcp.unsolicited.address', 'tcp', 'unsolicited', { ...syn, changeAddress: true });
  probe('tcp.unsolicited.port', 'tcp', 'unsolicited', { ...syn, changeAddress: false });
  const server = results.get('tcp.unsolicited')?.question.to;
  probe('tcp.poison.first', 'tcp', 'poison', simultaneousOpen);
  const where: Ask = { kind: 'probe', probe: 'silent-endpoint', changeAddress: false };
  if (server !== undefined)
    found.push(...opens.map((open) => question(`tcp.${open}.where`, 'tcp', open, server, where)));
  return found;
}

function followUps(results: Results): Question[] {
  const found: Question[] = [];
  const poisoner = probedFrom(results, 'udp.poison.probe');
  if (poisoner !== null) found.push(question('udp.poison.after', 'udp', 'poison', poisoner));
  const { silent, server } = silentEndpoint(results);
  if (silent === null || server === undefined || hasPortOfItsOwn(results)) return found;
  const wasProbed = results.get('tcp.poison.first')?.outcome.kind === 'probed';
  for (const slot of wasProbed ? [...opens, 'poison'] : opens) {
    const syn = question(`tcp.${slot}.syn`, 'tcp', slot, silent, { kind: 'connect' });
    found.push({ ...syn, aside: true });
    found.push(question(`tcp.${slot}.probe`, 'tcp', slot, server, simultaneousOpen, afterSynMs));
  }
  return found;
}

/** Where the server leaves a SYN without an answer, and where it was asked for that. */
function silentEndpoint(results: Results): { silent: Endpoint | null; server: Endpoint | undefined } {
  const ids = opens.map((open) => `tcp.${open}.where`);
  const id = ids.find((each) => probedFrom(results, each) !== null) ?? ids[0]!;
  return { silent: probedFrom(results, id), server: results.get(id)?.question.to };
}

/** With a mapping for each port of the server, its SYN from another one could not come to where the agent's went out. */
function hasPortOfItsOwn(results: Results): boolean {
  const [a, b] = [mappedAt(results, 'tcp.mapping.0'), mappedAt(results, 'tcp.mapping.1')];
  return a !== null && b !== null && a.port !== b.port;
}

function probedFrom(results: Results, id: string): Endpoint | null {
  const outcome = results.get(id)?.outcome;
  return outcome?.kind === 'probed' ? outcome.from : null;
}
