// The driver of the compatibility check: one discovery at a time, and what came of the last one.

import { type NatTraversal, natTraversalSchema, type TraversalAccess } from '@pinhole/contract';
import { type DiscoveryReport, profileOf, verdictOf } from '@pinhole/nat';
import type { Net, Timer } from '@pinhole/net';
import type { DecodedStun, Endpoint, NatProfile, Transport } from '@pinhole/wire';
import type { Logger } from 'pino';
import { Discovery } from '../discovery/discovery.ts';
import { LifetimeTrials } from '../discovery/lifetimes.ts';
import type { Registration } from '../registration/registration.ts';
import { bounded } from './bounded.ts';
import { type CheckLabels, distribution, labelsOf, remember } from './labels.ts';
import { type CheckEvent, newCheckSchedule, stepCheckSchedule } from './machine.ts';

export interface CompatibilityOptions {
  readonly net: Net;
  readonly log: Logger;
  /** The test port, and its UDP socket; what comes back is handed to takeDatagram. */
  readonly port: number;
  readonly sendUdp: (data: Uint8Array, to: Endpoint) => void;
  readonly registration: Registration;
  readonly onChecked: () => void;
}

/** A discovery in which nothing at all comes back takes 4 s; the registration leaves it the test port's 4-tuples. */
const standAsideMs = 8_000;

export class CompatibilityCheck {
  /** Null while there is none since "Behind a NAT" was ticked. */
  latest: NatTraversal | null = null;
  #report: DiscoveryReport | null = null;
  readonly #options: CompatibilityOptions;
  #schedule = newCheckSchedule();
  #access: TraversalAccess | null = null;
  #labels: readonly CheckLabels[] = [];
  #aborter = new AbortController();
  #discovery: Discovery | null = null;
  /** Begun after the first check, which they would disturb. */
  #trials: LifetimeTrials | null = null;
  #timer: Timer | null = null;
  #closed = false;

  constructor(options: CompatibilityOptions) {
    this.#options = options;
  }

  /** `sinceMs` tells since when "Behind a NAT" is ticked; null where it is not, or there is no NAT traversal server. */
  configure(sinceMs: number | null, access: TraversalAccess | null): void {
    this.#access = access;
    const wanted = access === null || access.servers.length === 0 ? null : sinceMs;
    if (wanted !== this.#schedule.sinceMs) {
      this.latest = null;
      this.#report = null;
      this.#labels = [];
      this.#trials?.close();
      this.#trials = null;
    }
    this.#feed({ kind: 'configured', sinceMs: wanted });
  }

  /** To be called when the registration has changed. */
  registrationChanged(): void {
    const { registered, keepAlives } = this.#options.registration;
    const losses = keepAlives.lostAfterMs.length;
    this.#feed({ kind: 'registration', registered: registered !== null, losses });
  }

  /** Whether checks are made: "Behind a NAT" is ticked, and there is a NAT traversal server. */
  get isOn(): boolean {
    return this.#schedule.sinceMs !== null;
  }

  /** What the last check has found out; null while there is none. */
  profile(transport: Transport): NatProfile | null {
    return this.#report === null ? null : profileOf(this.#report, transport);
  }

  /** A STUN message that came to the test port over UDP; false where it is nothing of a check's. */
  takeDatagram(decoded: DecodedStun, from: Endpoint): boolean {
    return this.#discovery?.takeDatagram(decoded, from) ?? false;
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#trials?.close();
    this.#abort();
  }

  #feed(event: CheckEvent): void {
    if (this.#closed) return;
    const { clock } = this.#options.net;
    const nowMs = clock.monotonicNs() / 1e6;
    const { schedule, effects, wakeAtMs } = stepCheckSchedule(this.#schedule, event, nowMs);
    this.#schedule = schedule;
    this.#timer?.cancel();
    if (wakeAtMs !== null) {
      this.#timer = clock.after(Math.max(0, wakeAtMs - nowMs), () => this.#feed({ kind: 'tick' }));
    }
    for (const effect of effects) {
      if (effect === 'begin') void this.#check();
      else this.#abort();
    }
  }

  #abort(): void {
    this.#aborter.abort();
    this.#aborter = new AbortController();
    this.#discovery?.close();
    this.#discovery = null;
  }

  async #check(): Promise<void> {
    const { log, onChecked } = this.#options;
    const { signal } = this.#aborter;
    const report = await this.#discover(signal).catch((error: unknown) => {
      log.error({ err: error }, 'compatibility check');
      return null;
    });
    if (signal.aborted) return;
    this.#discovery = null;
    if (report !== null) this.#keep(report);
    if (report !== null && !this.#closed) this.#trials ??= this.#tryLifetimes();
    this.#feed({ kind: 'ended', made: report !== null });
    if (report !== null) onChecked();
  }

  async #discover(signal: AbortSignal): Promise<DiscoveryReport | null> {
    const { net, port, sendUdp, registration } = this.#options;
    const access = this.#access;
    const place = await registration.place();
    if (place === null || access === null || signal.aborted) return null;
    const { registered, keepAlives } = registration;
    const { address, ports } = place;
    const localAddresses = net.host.interfaces().flatMap(({ ipAddresses }) => ipAddresses);
    const lifetimes = this.#trials?.known;
    const server = { serverAddress: address, serverPorts: ports };
    const input = { ...server, registered, localAddresses, keepAlives, lifetimes };
    registration.standAside(standAsideMs);
    this.#discovery = new Discovery({ net, input, credential: access, port, sendUdp });
    const report = await this.#discovery.report;
    registration.hurry();
    return report;
  }

  #tryLifetimes(): LifetimeTrials {
    const { net, registration } = this.#options;
    return new LifetimeTrials({
      net,
      server: async () => {
        const place = await registration.place();
        const port = place?.ports[0];
        return place === null || port === undefined ? null : { address: place.address, port };
      },
    });
  }

  #keep(report: DiscoveryReport): void {
    const { net, log } = this.#options;
    this.#report = report;
    this.#labels = remember(this.#labels, labelsOf(report));
    const verdict = verdictOf(report);
    const found = bounded({ report, verdict });
    const recent = distribution(this.#labels);
    const checked = natTraversalSchema.safeParse({ checkedAtMs: net.clock.wallMs(), ...found, recent });
    if (!checked.success) {
      log.error({ err: checked.error }, 'what the compatibility check found cannot be reported');
      return;
    }
    this.latest = checked.data;
    const { udp, tcp } = verdict;
    log.info({ udp: words(udp), tcp: words(tcp) }, 'compatibility check');
  }
}

function words({ supported, failedRequirement }: ReturnType<typeof verdictOf>['udp']): string {
  return failedRequirement === null ? supported : `${supported}: requirement ${failedRequirement}`;
}
