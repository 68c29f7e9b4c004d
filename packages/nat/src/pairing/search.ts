// Where a symmetric NAT keeps both from knowing where to send: which ports each side sends from, and to which.
//
//   one symmetric, it counts       it sends from one fresh port, the other tries its next ports
//   one symmetric, it draws        it sends from many fresh ports, the other tries many ports
//   both, one filters by address   that one sends from many fresh ports, the other tries many ports
//   both, and both count           each sends to the other's next ports, in an order in which they must meet
//   both, from few ports           both send from many fresh ports to many ports

import {
  type NatProfile,
  type PairingMethod,
  type PortAllocation,
  type PortSearch,
  type SessionRole,
  searchLimits,
} from '@pinhole/wire';
import { isSymmetric } from './filters.ts';

type Counted = Extract<PortAllocation, { kind: 'sequential' }>;

export interface PairedSide {
  readonly profile: NatProfile;
  /** Its public port, as the server knows it. */
  readonly port: number;
}

export interface PairSearch {
  readonly method: PairingMethod;
  /** Who sends from fresh ports to one that is known; null where both do the same. */
  readonly holder: SessionRole | null;
  readonly source: PortSearch;
  readonly target: PortSearch;
}

/** All ports that are given to clients: those below are a NAT's own (RFC 4787 §4.2.2). */
export const clientPorts = { kind: 'range', firstPort: 1024, size: 64_512 } as const;
const highestPort = 65_535;
/** Of a NAT that counts: others may have had some since it was asked. */
const nextPorts = 32;
/** Where both count, as many ports as others may have been given on either side, less one. */
const disturbedBy = 16;
/** So that a port 16 further fits the wire; no NAT is known to count in hundreds. */
const widestStep = 1000;
/** As many of its next ports as another side that draws has time to meet. */
const manyNextPorts = 512;
/** A range that is not larger is tried port by port. */
const largestSweep = 2048;
const sweepSockets = 16;
/** sockets · tries is four times the range: a pass fails with a probability of e⁻⁴. */
const surplus = 4;
const drawnTries = 1024;
/** Where both draw, tries of one · tries of the other is eight times the pairs of ports, as far as the limits allow. */
const surplusOfBoth = 8;
/**
 * One search in seven fails where two meetings are to be expected, and few fail three times. Not higher: how many ports a
 * NAT draws from is an estimate, by 12 samples one of ± 11 %, and 2,016 × 2,016 of them let expect 4.1.
 */
const leastMeetings = 2;
const triesPerSocket = 64;

/** Null where none would find anything. */
export function searchOf(source: PairedSide, target: PairedSide): PairSearch | null {
  const [hardSource, hardTarget] = [isSymmetric(source.profile), isSymmetric(target.profile)];
  if (!hardSource && !hardTarget) return null;
  const holder = hardSource && hardTarget ? holderOfBoth(source, target) : hardTarget ? 'target' : 'source';
  if (holder === null) return searchOfBoth(source.profile.allocation, target.profile.allocation);
  return holder === 'target' ? held('target', target, source) : held('source', source, target);
}

/** Whose ports take what comes from any port of the other's address; of two such, whose ports are fewer to try. */
function holderOfBoth(source: PairedSide, target: PairedSide): SessionRole | null {
  const tries = ({ profile: { filtering, allocation } }: PairedSide) =>
    filtering === 'address-dependent' ? portsOf(allocation, nextPorts).count : Number.POSITIVE_INFINITY;
  const [ofSource, ofTarget] = [tries(source), tries(target)];
  if (ofSource === Number.POSITIVE_INFINITY && ofTarget === Number.POSITIVE_INFINITY) return null;
  return ofSource < ofTarget ? 'source' : 'target';
}

/** `holder` sends from fresh ports to the one that is known of `other`, which tries its ports. */
function held(role: SessionRole, holder: PairedSide, other: PairedSide): PairSearch {
  const { allocation, filtering } = holder.profile;
  const isCounted = allocation.kind === 'sequential';
  const ports = portsOf(allocation, nextPorts);
  const sweep = ports.count <= largestSweep;
  const tries = sweep ? ports.count : drawnTries;
  const sockets = isCounted ? 1 : sweep ? sweepSockets : Math.ceil((surplus * ports.count) / tries);
  const holding: PortSearch = {
    sockets,
    tries: 1,
    ports: { first: other.port, step: 1, count: 1 },
    order: 'in-turn',
    accept: filtering === 'address-dependent',
  };
  const trying: PortSearch = {
    sockets: 0,
    tries,
    ports,
    order: isCounted ? 'in-turn' : 'drawn',
    accept: false,
  };
  return {
    method: isCounted ? 'predicted' : 'searched',
    holder: role,
    source: role === 'source' ? holding : trying,
    target: role === 'target' ? holding : trying,
  };
}

function searchOfBoth(ofSource: PortAllocation, ofTarget: PortAllocation): PairSearch | null {
  if (ofSource.kind === 'sequential' && ofTarget.kind === 'sequential') return inStep(ofSource, ofTarget);
  const ports = { source: portsOf(ofSource, manyNextPorts), target: portsOf(ofTarget, manyNextPorts) };
  const pairs = ports.source.count * ports.target.count;
  // Each packet of a side that counts uses up one of the ports that the other looks for.
  const most = ({ kind }: PortAllocation) => (kind === 'sequential' ? manyNextPorts : searchLimits.packets);
  // Where one may not try so often, the other tries the more.
  const wanted = (ofOther: PortAllocation) =>
    Math.ceil(Math.max(Math.sqrt(surplusOfBoth * pairs), (surplusOfBoth * pairs) / most(ofOther)));
  const bySource = Math.min(wanted(ofTarget), most(ofSource));
  const byTarget = Math.min(wanted(ofSource), most(ofTarget));
  if (bySource * byTarget < leastMeetings * pairs) return null;
  const drawn = (wantedTries: number, peerPorts: PortSearch['ports']): PortSearch => {
    const tries = Math.min(triesPerSocket, peerPorts.count);
    const sockets = Math.min(Math.ceil(wantedTries / tries), Math.floor(searchLimits.packets / tries));
    return { sockets, tries, ports: peerPorts, order: 'drawn', accept: false };
  };
  return {
    method: 'searched',
    holder: null,
    source: drawn(bySource, ports.target),
    target: drawn(byTarget, ports.source),
  };
}

/**
 * Both count, and each packet to another port takes the next one on its own side. With d and e ports that others have
 * been given meanwhile at the source and the target, and n = 16:
 *
 *   source  n² packets: the (r·n + k)th, from its kth socket to the target's (2r)th next port, leaves by port r·n + k + d
 *   target  n packets: the rth, to the source's (r·n + n - 1)th next port, leaves by port r + e
 *
 * They meet where r = e and k = n - 1 - d: once for all d and e below n.
 */
function inStep(ofSource: Counted, ofTarget: Counted): PairSearch | null {
  const n = disturbedBy;
  const next = (counted: Counted, from: number, each: number): PortSearch['ports'] => ({
    first: nextPort(counted, from),
    step: each * counted.step,
    count: n,
  });
  if (Math.abs(ofSource.step) > widestStep || Math.abs(ofTarget.step) > widestStep) return null;
  const common = { tries: n, order: 'in-turn', accept: false } as const;
  return {
    method: 'predicted',
    holder: null,
    source: { ...common, sockets: n, ports: next(ofTarget, 0, 2) },
    target: { ...common, sockets: 1, ports: next(ofSource, n - 1, n) },
  };
}

/** Where the NAT's next mappings will be. */
function portsOf(allocation: PortAllocation, next: number): PortSearch['ports'] {
  if (allocation.kind === 'sequential') {
    return { first: nextPort(allocation, 0), step: allocation.step, count: next };
  }
  const { firstPort, size } = allocation.kind === 'range' ? allocation : clientPorts;
  return { first: firstPort, step: 1, count: size };
}

/** The port that it gives after `others` more. */
function nextPort({ lastPort, step }: Counted, others: number): number {
  const port = lastPort + (1 + others) * step;
  if (port > 0 && port <= highestPort) return port;
  // At the end of its ports it begins again, at which is not known.
  return step > 0 ? clientPorts.firstPort : highestPort;
}
