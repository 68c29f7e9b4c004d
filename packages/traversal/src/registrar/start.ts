// Start, for both sides of a meeting: where the other is, how to come together, and when, so that both begin at one
// moment, or one after the other where the pairing says so.

import { pairingOf, type SidePlan } from '@pinhole/nat';
import type { Endpoint, NatProfile, RendezvousBody, SessionRole } from '@pinhole/wire';
import type { Meeting, Registration } from './state.ts';

/** A round trip by satellite takes 0.6 s; an agent that claims far more must not hold up the other one. */
const maxStartDelayMs = 1000;
/** For both, so that each has made its sockets ready when the moment comes. */
const startLeadMs = 10;

export interface MeetingSide {
  readonly registration: Registration;
  readonly profile: NatProfile;
  /** Its public endpoint for this session. */
  readonly at: Endpoint;
}

type Start = Extract<RendezvousBody, { kind: 'start' }>;

export function startsOf(
  { sessionId, transport }: Meeting,
  source: MeetingSide,
  target: MeetingSide,
): Record<SessionRole, Start> {
  const { sourceMs, targetMs } = startDelays(shortest(source.registration), shortest(target.registration));
  // Two behind one public address find each other inside, if at all.
  const areNeighbours = source.at.address === target.at.address;
  const pairing = pairingOf(
    { profile: source.profile, port: source.at.port },
    { profile: target.profile, port: target.at.port },
    transport,
  );
  const start = (peer: MeetingSide, plan: SidePlan, startInMs: number): Start => ({
    kind: 'start',
    sessionId,
    // Without the search there is nothing that one of them has to be ahead with.
    startInMs: areNeighbours && plan.search !== null ? startInMs : startInMs + plan.delayMs,
    peers: areNeighbours ? [...peer.registration.localAddresses, peer.at] : [peer.at],
    method: areNeighbours ? 'punched' : pairing.method,
    openerTtl: plan.openerTtl,
    search: areNeighbours ? null : plan.search,
    atFault: pairing.atFault,
  });
  return {
    source: start(target, pairing.source, sourceMs),
    target: start(source, pairing.target, targetMs),
  };
}

function shortest({ roundTripsMs }: Registration): number {
  return roundTripsMs.length === 0 ? 0 : Math.min(...roundTripsMs);
}

/** How long each must wait after it hears Start so that both begin at the same moment; little more than 1 s at most. */
export function startDelays(
  sourceRoundTripMs: number,
  targetRoundTripMs: number,
): { sourceMs: number; targetMs: number } {
  const latestMs = Math.max(sourceRoundTripMs, targetRoundTripMs) / 2;
  const delayMs = (roundTripMs: number) =>
    startLeadMs + Math.min(maxStartDelayMs, Math.round(latestMs - roundTripMs / 2));
  return {
    sourceMs: delayMs(sourceRoundTripMs),
    targetMs: delayMs(targetRoundTripMs),
  };
}
