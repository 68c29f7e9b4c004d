// What `pinhole stamp` prints. Pure.

import type { DirectionReport, ReflectorCount, ReflectorCounts, StampReport } from '@pinhole/agent/parts';

const timesWords: Readonly<Record<string, string | null>> = {
  two: null,
  one: 'it stamps arrival and departure alike, so the round trip includes the time it holds a packet',
  swapped: 'it has arrival and departure in each other’s place, which is put right here',
  none: 'it tells no times, so there are no one-way delays, and the round trip includes the time it holds a packet',
};

export function roundJson(startedAt: Date, report: StampReport): string {
  return JSON.stringify({ startedAt: startedAt.toISOString(), ...report });
}

/** `dscp` is what the probes left with. */
export function roundLines(startedAt: Date, report: StampReport, dscp: number): string[] {
  const { target, sent, answered, late } = report;
  const time = startedAt.toISOString().slice(11, 19);
  const came = late === 0 ? `${answered} answered` : `${answered} answered, ${late} more too late`;
  const head = `STAMP to ${target} at ${time} UTC: ${sent} probes sent, ${came}`;
  if (answered === 0) return [head, ...troubleLines(report)];
  return [
    head,
    ...tableLines(report),
    ...clockLines(report),
    ...reflectorLines(report, dscp),
    ...troubleLines(report),
  ];
}

function tableLines({ sent, forward, backward, roundTrip, lossPercent, loss }: StampReport): string[] {
  // Of what set out on each way.
  const percent = (lost: number, of: number) => (of === 0 ? null : (lost / of) * 100);
  return [
    row('', 'loss', 'mean', 'min', 'max', 'jitter', 'reordered', 'twice', 'hops'),
    directionRow('there', loss === null ? null : percent(loss.forward, sent), forward),
    directionRow('back', loss === null ? null : percent(loss.backward, sent - loss.forward), backward),
    row(
      'round trip',
      percentWords(lossPercent),
      msWords(roundTrip?.meanMs),
      msWords(roundTrip?.minMs),
      msWords(roundTrip?.maxMs),
    ),
    ...lossLines(loss),
  ];
}

function directionRow(name: string, lossPercent: number | null, report: DirectionReport): string {
  const { delay, reordered, duplicates, hops } = report;
  return row(
    name,
    percentWords(lossPercent),
    msWords(delay?.meanMs),
    msWords(delay?.minMs),
    msWords(delay?.maxMs),
    msWords(delay?.jitterMs),
    countWords(reordered),
    countWords(duplicates),
    countWords(hops),
  );
}

function lossLines(loss: StampReport['loss']): string[] {
  if (loss === null)
    return ['  The reflector does not tell in which direction probes were lost: it copies their numbers.'];
  if (loss.unknown === 0) return [];
  const probes = loss.unknown === 1 ? '1 lost probe' : `${loss.unknown} lost probes`;
  return [`  Of ${probes} it cannot be told in which direction.`];
}

function clockLines({ forward, clock }: StampReport): string[] {
  const lines: string[] = [];
  const boundMs = forward.delay?.errorBoundMs ?? null;
  if (boundMs !== null) lines.push(`  The delays there and back are exact to ± ${boundMs.toFixed(3)} ms.`);
  if (clock !== null) {
    const { offsetMs, errorBoundMs } = clock;
    const ahead = offsetMs < 0 ? 'behind' : 'ahead of';
    lines.push(
      `  Its clock is ${Math.abs(offsetMs).toFixed(3)} ms ${ahead} this host’s, ± ${errorBoundMs.toFixed(3)} ms.`,
    );
  }
  return lines;
}

function reflectorLines({ reflector, forward, backward }: StampReport, dscp: number): string[] {
  if (reflector === null) return [];
  const { stateful, echoesSsid, times, timestampFormat, replyBytes, followUp, seesUsAs } = reflector;
  const facts = [
    stateful === true ? 'counts its own replies' : null,
    echoesSsid ? null : 'does not echo the session identifier',
    timestampFormat === 'ptp' ? 'stamps in PTP format' : null,
    followUp ? 'tells when its replies truly left' : null,
    `replies with ${replyBytes.join(', ')} octets`,
  ].filter((fact) => fact !== null);
  const lines = [
    `  The reflector ${facts.join(', ')}${timesWords[times] == null ? '' : `; ${timesWords[times]}`}.`,
  ];
  if (seesUsAs !== null) lines.push(`  It sees these probes come from ${seesUsAs}.`);
  const there =
    forward.dscp === null ? 'it does not tell with what they arrived' : `they arrived with ${forward.dscp}`;
  const back = backward.dscp === null ? '' : `; replies arrived with ${backward.dscp}`;
  if (forward.dscp !== null || dscp !== 0) lines.push(`  DSCP: probes left with ${dscp}, ${there}${back}.`);
  if (reflector.grantsDscp === false) lines.push(`  It refuses to reply with DSCP ${dscp}.`);
  return lines;
}

/** What went wrong, as far as anyone told. */
function troubleLines({ unsent, refusals, strange }: StampReport): string[] {
  const lines = (what: string, counts: Readonly<Record<string, number>>) =>
    Object.entries(counts).map(([reason, count]) => `  ${count} ${what}: ${reason}`);
  return [
    ...lines('probes not sent', unsent),
    ...lines('ICMP errors', refusals),
    ...lines('packets that were no replies', strange),
  ];
}

const widths = [12, 8, 12, 12, 12, 12, 11, 7, 6];

function row(name: string, ...columns: string[]): string {
  return `  ${name.padEnd(widths[0]!)}${columns.map((text, i) => text.padStart(widths[i + 1]!)).join('')}`.trimEnd();
}

function msWords(ms: number | undefined): string {
  return ms === undefined ? '–' : `${ms.toFixed(3)} ms`;
}

function percentWords(percent: number | null): string {
  return percent === null ? '–' : `${percent.toFixed(1)} %`;
}

function countWords(count: number | null): string {
  return count === null ? '–' : String(count);
}

const dropWords: Readonly<Record<Exclude<ReflectorCount, 'reflected'>, string>> = {
  'too-short': 'too short',
  'too-long': 'too long',
  'not-authentic': 'not signed with the key',
  'void-error-estimate': 'with a void error estimate',
  'a-reply-itself': 'replies themselves',
  'not-allowed': 'from addresses that are not allowed',
  'over-source-rate': 'over the rate of their source',
  'over-total-rate': 'over the rate in all',
  'not-sent': 'whose reply could not be sent',
};

interface Reflected {
  readonly counts: ReflectorCounts;
  readonly sessions: number;
}

export function reflectedLine(at: Date, { counts, sessions }: Reflected): string {
  const { reflected = 0, ...drops } = counts;
  const dropped = (Object.keys(drops) as (keyof typeof dropWords)[]).map(
    (drop) => `${drops[drop]} ${dropWords[drop]}`,
  );
  return [
    `${at.toISOString().slice(11, 19)} ${reflected} reflected`,
    ...(sessions > 0 ? [`${sessions} session${sessions === 1 ? '' : 's'}`] : []),
    ...(dropped.length > 0 ? [`dropped: ${dropped.join(', ')}`] : []),
  ].join('; ');
}

export function reflectedJson(at: Date, { counts, sessions }: Reflected): string {
  const { reflected = 0, ...dropped } = counts;
  return JSON.stringify({ at: at.toISOString(), reflected, sessions, dropped });
}
