// Whether what was traced is the way that was asked for. Pure.

import { plainMtu } from '../path/plan.ts';
import type { Hop, Way } from '../path/way.ts';
import { largeProbe, type TraceAnswer } from './trace.ts';

/** What differs between a way and the answers to a trace of it, in sentences; empty when nothing does. */
export function wayFaults(way: Way, answers: readonly TraceAnswer[]): string[] {
  const { hops, end } = way;
  const faults = new Set<string>();
  for (const answer of answers.filter(({ ttl }) => ttl > largeProbe)) {
    const fault = answerFault(way, answer, answers);
    if (fault !== null) faults.add(`hop ${answer.ttl}: ${fault}`);
  }
  hops.forEach((faces, at) => {
    // Several faces of one router need not all be seen: which of them a flow meets, its ports decide.
    for (const place of new Set(faces.filter(({ address }) => address !== null).map((face) => face.place))) {
      const addresses = faces.filter((face) => face.place === place).map(({ address }) => address);
      if (!answers.some(({ ttl, from }) => ttl === at + 1 && addresses.includes(from))) {
        faults.add(`hop ${at + 1}: ${place} did not answer`);
      }
    }
  });
  if (end === 'unreachable' && !answers.some(({ ttl }) => ttl > hops.length)) {
    faults.add(`behind hop ${hops.length} nobody said that there is no way`);
  }
  const mtuFault = largeProbeFault(way, answers);
  if (mtuFault !== null) faults.add(mtuFault);
  return [...faults];
}

function answerFault(
  { hops, end, endIcmp, ttlRewrittenAt }: Way,
  answer: TraceAnswer,
  answers: readonly TraceAnswer[],
): string | null {
  const { ttl, from, type, code, labels } = answer;
  const isBeyond = ttl > hops.length;
  const faces = hops[Math.min(ttl, hops.length) - 1]!;
  const face = faces.find(({ address }) => address === from);
  if (face === undefined) return `${from} answered, not ${inWords(faces)}`;
  if (isBeyond && (end === 'silent' || end === 'loop')) return `${from} answered, not nobody`;
  const isPeer = end === 'reached' && ttl >= hops.length;
  const wanted = isPeer ? portUnreachable : isBeyond ? endIcmp! : timeExceeded;
  if (type !== wanted.type || code !== wanted.code) {
    return `${from} answered with type ${type}, code ${code}, not ${wanted.type} and ${wanted.code}`;
  }
  const wantedLabels = isBeyond ? [] : face.mpls;
  if (JSON.stringify(labels) !== JSON.stringify(wantedLabels)) {
    return `${from} told the labels ${JSON.stringify(labels)}, not ${JSON.stringify(wantedLabels)}`;
  }
  // Behind a TTL that was set anew, there are routers that do not show.
  const isDirect = !isBeyond && ttl < (ttlRewrittenAt ?? Infinity);
  return isDirect ? previousFault(face, answer, hops, answers) : null;
}

const timeExceeded = { type: 11, code: 0 };
const portUnreachable = { type: 3, code: 3 };

/** A flow comes from where it was a hop before. */
function previousFault(
  face: Hop,
  { ttl, localPort }: TraceAnswer,
  hops: Way['hops'],
  answers: readonly TraceAnswer[],
): string | null {
  const before = answers.find((each) => each.ttl === ttl - 1 && each.localPort === localPort);
  const place = hops[ttl - 2]?.find(({ address }) => address === before?.from)?.place;
  return place === undefined || place === face.from
    ? null
    : `${face.address} was met behind ${place}, not ${face.from}`;
}

/** The first router whose next link is too narrow says so. */
function largeProbeFault({ hops, ttlRewrittenAt }: Way, answers: readonly TraceAnswer[]): string | null {
  // It may be one of the routers that do not show.
  if (ttlRewrittenAt !== null) return null;
  const at = hops.findIndex(([face]) => face!.mtu < plainMtu);
  const tooLarge = answers.find(({ ttl, mtu }) => ttl === largeProbe && mtu > 0);
  if (at < 0) return tooLarge === undefined ? null : `${tooLarge.from} tells an MTU of ${tooLarge.mtu}`;
  const faces = hops[at]!;
  const told = tooLarge === undefined ? 'nobody' : `${tooLarge.from} with ${tooLarge.mtu}`;
  const isRight = faces.some(({ address, mtu }) => address === tooLarge?.from && mtu === tooLarge?.mtu);
  // What a silent router is called is not known here.
  if (isRight || faces.every(({ address }) => address === null)) return null;
  return `an MTU was told by ${told}, not by ${inWords(faces)} with ${faces[0]!.mtu}`;
}

function inWords(faces: readonly Hop[]): string {
  return faces.map(({ address, place }) => `${address ?? 'nobody'} (${place})`).join(' or ');
}
