// The tracing of rounds: each end traces the way of the direction that it sends in, once the probes are through, so that
// the two do not disturb each other.

import { type Assignment, measuredDirections, type TracedResult } from '@pinhole/contract';
import type { Net } from '@pinhole/net';
import { type Endpoint, ip, type NatProfile, type Transport } from '@pinhole/wire';
import type { Logger } from 'pino';
import type { Flow } from '../path/flow.ts';
import { traceInStream } from '../path/stream-path.ts';
import type { Stream } from '../path/stream-prober.ts';
import { traceBySyns } from '../path/tcp-paths.ts';
import { traceOverUdp } from '../path/udp-paths.ts';
import type { AgentPort } from '../port/port.ts';
import type { Session } from '../session/session.ts';
import { tracedResult } from './results.ts';

export interface RoundPathsOptions {
  readonly net: Net;
  readonly log: Logger;
  /** The session's own 5-tuple. */
  readonly flow: (session: Session, target: Endpoint) => Flow;
  /** The session's own connection. */
  readonly stream: (session: Session) => Stream | null;
  readonly port: (transport: Transport) => AgentPort;
  /** With the NAT traversal server, and from where: null while this agent is not. */
  readonly registered: () => { readonly server: Endpoint; readonly local: Endpoint } | null;
  /** What this agent's NAT is like; null where that is not known. */
  readonly profile: (transport: Transport) => NatProfile | null;
  readonly ownAgentId: () => string;
  readonly onResult: (result: TracedResult) => void;
}

/** Why a path was not traced, or not as it was asked for. */
const limitations = {
  system: 'This system does not let a program set the TTL of a packet and read what routers say of it.',
  noIcmp:
    'To trace inside an established TCP connection takes CAP_NET_RAW; the path was traced by SYNs from other ports instead.',
} as const;

/** Routers limit what they answer to one destination: more at once would only silence them. */
const maxAtOnce = 8;
/** A peer stays for 5 s after its own part; one that begins later would find nobody there. */
const longestWaitMs = 3_500;
/** Passes a NAT and a provider's behind it, and dies at the router after them. */
const usualOpenerTtl = 3;
const unspecified = ip('0.0.0.0');

export class RoundPaths {
  readonly #options: RoundPathsOptions;
  readonly #ending = new AbortController();
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;

  constructor(options: RoundPathsOptions) {
    this.#options = options;
  }

  /** Ends what is under way without a result. */
  close(): void {
    this.#ending.abort();
  }

  /** Traces what this end sends in, if it does; the session stays until that is done. Never rejects. */
  async trace(session: Session, assignment: Assignment, roundId: number): Promise<void> {
    const { net, log } = this.#options;
    const direction = assignment.role === 'source' ? 'to-target' : 'from-target';
    const isSending = measuredDirections(assignment.direction).includes(direction);
    if (!isSending || this.#ending.signal.aborted) return;
    session.setTracing(true);
    const startedAtMs = Math.floor(net.clock.wallMs());
    try {
      if (await this.#turn()) {
        const outcome = await this.#traced(session, assignment).finally(() => this.#next());
        const finishedAtMs = Math.floor(net.clock.wallMs());
        const round = { assignment, roundId, startedAtMs, finishedAtMs };
        if (!this.#ending.signal.aborted) {
          const ownAgentId = this.#options.ownAgentId();
          this.#options.onResult(tracedResult({ ...round, ownAgentId }, direction, outcome));
        }
      }
    } catch (error) {
      log.error({ err: error, testId: assignment.testId }, 'path');
    }
    session.setTracing(false);
  }

  async #traced(
    session: Session,
    { path: plan, protocol }: Assignment,
  ): Promise<Pick<TracedResult, 'traces' | 'limitation'>> {
    const { net, port, registered, profile } = this.#options;
    const target = session.remote ?? session.soughtAt;
    const { features } = net[protocol];
    const isPossible =
      features.packetOptions && ('errorQueue' in features ? features.errorQueue : features.connectErrors);
    if (!isPossible) return { traces: [], limitation: limitations.system };
    if (target === null) return { traces: [], limitation: null };
    // Where there is no session, there is none to trace in.
    const isFound = session.remote !== null;
    const options = {
      net,
      session,
      plan: isFound ? plan : { ...plan, mode: 'classic' as const },
      target,
      send: (data: Uint8Array) => void port(protocol).send({ session, data, to: target }),
      // Of the session's own packets, or else what the routes tell.
      ownAddress: session.ownAddress ?? (await net.host.sourceFor(target.address)) ?? unspecified,
      server: registered()?.server ?? null,
      openerTtl: openerTtl(profile(protocol)),
      signal: this.#ending.signal,
    };
    if (protocol === 'udp') {
      const ownFlow = () => this.#options.flow(session, target);
      return { traces: await traceOverUdp(options, ownFlow), limitation: null };
    }
    if (options.plan.mode === 'classic') return { traces: await traceBySyns(options), limitation: null };
    const stream = this.#options.stream(session);
    const inside = stream === null ? null : await traceInStream(options, stream);
    if (inside !== null) return { traces: [inside], limitation: null };
    return { traces: await traceBySyns(options), limitation: limitations.noIcmp };
  }

  /** False where its turn would come too late. */
  async #turn(): Promise<boolean> {
    if (this.#underWay >= maxAtOnce) {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const go = () => resolve(true);
      this.#waiting.push(go);
      const timer = this.#options.net.clock.after(longestWaitMs, () => {
        const at = this.#waiting.indexOf(go);
        if (at >= 0) this.#waiting.splice(at, 1);
        resolve(at < 0);
      });
      const isOn = await promise;
      timer.cancel();
      if (!isOn) return false;
    } else this.#underWay += 1;
    return true;
  }

  /** Whoever waits longest takes the place. */
  #next(): void {
    const go = this.#waiting.shift();
    if (go === undefined) this.#underWay -= 1;
    else go();
  }
}

/** A NAT that early packets cannot poison needs none; and each takes an answer from a router, which may be missed after. */
function openerTtl(profile: NatProfile | null): number | null {
  if (profile?.poisonable === 'no' || profile?.natHops === 0) return null;
  return profile?.natHops == null ? usualOpenerTtl : profile.natHops + 1;
}
