// The agent's link to its collector: enrols once, checks in each minute and whenever there is something to say, and
// hears of changes through a request that the collector holds.

import {
  type AgentConfig,
  type AgentFacts,
  checkInIntervalMs,
  maxResultsPerCheckIn,
  type NatTraversal,
  type ProgressRequest,
  type RegistrationState,
} from '@pinhole/contract';
import type { Net, Timer } from '@pinhole/net';
import type { Logger } from 'pino';
import { AgentError } from '../errors.ts';
import type { Identity, StateFolder } from '../state/folder.ts';
import type { SpooledResult } from '../state/spool.ts';
import { pause } from '../timing/pause.ts';
import type { CollectorApi } from './api.ts';

export interface LinkOptions {
  readonly net: Net;
  readonly log: Logger;
  readonly api: CollectorApi;
  readonly state: StateFolder;
  readonly collectorUrl: string;
  readonly accountToken: string;
  readonly agentName: string;
  readonly facts: () => AgentFacts;
  readonly registration: () => RegistrationState;
  /** The last compatibility check; told to the collector once. */
  readonly natTraversal: () => NatTraversal | null;
  readonly onConfig: (config: AgentConfig) => void;
  /** The collector refuses this agent for now: what it was configured to do is off until the next onConfig. */
  readonly onDisabled: () => void;
  /** The agent cannot go on. Not before start() has resolved: until then, start() rejects. */
  readonly onFatal: (error: AgentError) => void;
}

const firstRetryMs = 1_000;
const maxRetryMs = 30_000;
/** Results of one round's two directions come a moment apart: one check-in for both. */
const gatherMs = 200;
/** "No change" sooner than this was not held: the collector is going down, or something in between cuts it short. */
const leastHeldMs = 1_000;

/** How a check-in ended; 'more': another is to follow at once. */
type CheckInEnd = 'done' | 'more' | 'failed';

export class CollectorLink {
  readonly #options: LinkOptions;
  #identity: Identity | null = null;
  #configVersion = 0;
  /** The check that the collector has. */
  #toldCheck: NatTraversal | null = null;
  #checkingIn: Promise<void> | null = null;
  #again = false;
  #failures = 0;
  #disabled = false;
  /** How many results a check-in carries; fewer after one that the collector could not take. */
  #batch = maxResultsPerCheckIn;
  /** A result alone with which a check-in was refused: to blame if one without it is not. */
  #suspect: { readonly spooled: SpooledResult; readonly detail: string } | null = null;
  #following: Promise<void> | null = null;
  #timer: Timer | null = null;
  #timerAtMs = Number.POSITIVE_INFINITY;
  readonly #ending = new AbortController();
  #fatal: AgentError | null = null;
  #closed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  get agentId(): string {
    return this.#identity?.agentId ?? '0';
  }

  /** Enrols where that has not been done, and goes on from what is held. Rejects with AgentError when refused. */
  async start(): Promise<void> {
    const { state, collectorUrl, onConfig } = this.#options;
    const known = state.identity();
    this.#identity = known?.collectorUrl === collectorUrl ? known : await this.#enroll();
    if (this.#closed) return;
    const held = known === this.#identity ? state.heldConfig() : null;
    // Its version is not told to the collector: the first check-in brings the whole configuration.
    if (held !== null) onConfig(withoutOneOffs(held));
    await this.checkIn();
    if (this.#fatal !== null) throw this.#fatal;
    if (!this.#closed) this.#following = this.#followChanges();
  }

  /** Something is to be told soon: results, or a change of the registration. */
  soon(): void {
    if (this.#failures === 0) this.#checkInAfter(gatherMs);
    // The one under way may be the one that succeeds, and has been written already.
    else if (this.#checkingIn !== null) this.#again = true;
  }

  /** Tells how far rounds are; once, whether it arrives or not. Never rejects. */
  async tellProgress(rounds: ProgressRequest['rounds']): Promise<void> {
    if (this.#closed || this.#identity === null || this.#disabled) return;
    await this.#options.api.progress(this.#identity.agentSecret, { rounds });
  }

  /** Checks in now; resolves when it was done, well or not. A call meanwhile makes one more follow. Never rejects. */
  checkIn(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    if (this.#checkingIn === null) this.#checkingIn = this.#checkInAll();
    else this.#again = true;
    return this.#checkingIn;
  }

  /** Resolves when nothing is under way any more; the api's requests are to be aborted first. */
  async close(): Promise<void> {
    this.#stop();
    await Promise.all([this.#checkingIn, this.#following]);
  }

  #stop(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#ending.abort();
  }

  /** Null when closed meanwhile. */
  async #enroll(): Promise<Identity | null> {
    const { api, state, log, collectorUrl, accountToken, agentName, facts } = this.#options;
    for (let failures = 1; !this.#closed; failures++) {
      const outcome = await api.enroll({ accountToken, agentName, facts: facts() });
      if (outcome.ok) {
        const identity = { ...outcome.value, collectorUrl };
        await state.keepIdentity(identity);
        log.info({ agentId: identity.agentId }, 'enrolled');
        return identity;
      }
      if (this.#closed) return null;
      const { status, detail } = outcome;
      if (status >= 400 && status < 500 && status !== 429 && status !== 408) {
        throw new AgentError('enrollment-refused', `The collector refused to enrol this agent: ${detail}`);
      }
      log.warn({ detail }, 'the collector cannot be reached; trying again');
      await this.#pause(this.#retryMs(failures));
    }
    return null;
  }

  /** One check-in, and more while results are left or another was asked for. */
  async #checkInAll(): Promise<void> {
    let end: CheckInEnd;
    do {
      this.#again = false;
      end = await this.#checkInOnce().catch((error: unknown) => this.#failed({ err: error }));
      if (end !== 'failed') this.#failures = 0;
    } while (!this.#closed && (end === 'more' || (end === 'done' && this.#again)));
    this.#checkingIn = null;
    this.#checkInAfter(end === 'failed' ? this.#retryMs(this.#failures) : checkInIntervalMs);
  }

  async #checkInOnce(): Promise<CheckInEnd> {
    const { api, state, log, facts, registration, natTraversal, onConfig } = this.#options;
    if (this.#identity === null) return 'done';
    const spooled = this.#suspect === null ? state.spool.oldest(this.#batch) : [];
    const check = natTraversal();
    const outcome = await api.checkIn(this.#identity.agentSecret, {
      configVersion: this.#configVersion,
      facts: facts(),
      registration: registration(),
      results: spooled.map(({ result }) => result),
      ...(check !== null && check !== this.#toldCheck && { natTraversal: check }),
    });
    if (this.#closed) return 'done';
    if (!outcome.ok) return await this.#refused(outcome.status, outcome.detail, spooled);
    if (this.#failures > 0) log.info('the collector is back');
    this.#disabled = false;
    this.#toldCheck = check;
    const { acknowledged, config, configVersion } = outcome.value;
    const moved = this.#suspect === null ? this.#acknowledge(spooled, acknowledged) : this.#dropSuspect();
    if (config !== undefined) {
      this.#configVersion = configVersion;
      onConfig(config);
      await state.keepConfig(config).catch((error: unknown) => {
        log.error({ err: error }, 'the configuration could not be kept');
      });
    }
    return moved && state.spool.size > 0 ? 'more' : 'done';
  }

  /** Whether the spool is shorter now. */
  #acknowledge(spooled: readonly SpooledResult[], count: number): boolean {
    this.#batch = Math.min(maxResultsPerCheckIn, this.#batch * 2);
    this.#options.state.spool.remove(spooled.slice(0, count));
    return spooled.length > 0 && count > 0;
  }

  #dropSuspect(): boolean {
    const { log, state } = this.#options;
    if (this.#suspect === null) return false;
    const { spooled, detail } = this.#suspect;
    this.#suspect = null;
    state.spool.removeOne(spooled);
    log.error({ detail, result: spooled.result }, 'the collector cannot take this result; dropped');
    return true;
  }

  async #refused(status: number, detail: string, spooled: readonly SpooledResult[]): Promise<CheckInEnd> {
    if (status === 401) {
      this.#end(
        new AgentError(
          'agent-deleted',
          'The collector does not know this agent any more. Remove its state folder to enrol it anew.',
        ),
      );
      return 'done';
    }
    if (status === 403) {
      await this.#disable(detail);
      return 'done';
    }
    const [first] = spooled;
    if ((status === 400 || status === 413) && first !== undefined) {
      // One result that the collector cannot take must not hold up all behind it.
      if (spooled.length > 1) this.#batch = Math.ceil(spooled.length / 2);
      else this.#suspect = { spooled: first, detail };
      return 'more';
    }
    this.#suspect = null;
    return this.#failed({ detail, status });
  }

  #failed(why: object): CheckInEnd {
    const { log, state } = this.#options;
    this.#failures += 1;
    if (this.#failures === 1 && !this.#closed)
      log.warn({ ...why, spooled: state.spool.size }, 'check-in failed; results are kept');
    return 'failed';
  }

  async #disable(detail: string): Promise<void> {
    const { log, state, onDisabled } = this.#options;
    if (!this.#disabled) log.warn({ detail }, 'the collector refuses this agent for now');
    this.#disabled = true;
    // So that the collector tells what to do when that is over, and a restart until then does nothing.
    this.#configVersion = 0;
    onDisabled();
    await state.forgetConfig().catch((error: unknown) => {
      log.error({ err: error }, 'the configuration could not be removed');
    });
  }

  #end(error: AgentError): void {
    const isStarted = this.#following !== null;
    this.#fatal = error;
    this.#stop();
    if (isStarted) this.#options.onFatal(error);
  }

  async #followChanges(): Promise<void> {
    const { api, net } = this.#options;
    for (let fruitless = 0; !this.#closed && this.#identity !== null; ) {
      const askedAtNs = net.clock.monotonicNs();
      const version = this.#configVersion;
      const outcome = await api.changes(this.#identity.agentSecret, version);
      if (this.#closed) return;
      if (outcome.ok && outcome.value === null) {
        if (net.clock.monotonicNs() - askedAtNs >= leastHeldMs * 1e6) {
          fruitless = 0;
          continue;
        }
      } else if (outcome.ok) {
        await this.checkIn();
        // Otherwise the same question would be answered at once, again and again.
        if (this.#configVersion !== version) {
          fruitless = 0;
          await this.#pause(gatherMs);
          continue;
        }
      }
      fruitless += 1;
      await this.#pause(this.#disabled ? checkInIntervalMs : this.#retryMs(fruitless));
      // A collector that is back may have changed meanwhile, and lacks what was spooled.
      if (!outcome.ok) await this.checkIn();
    }
  }

  #checkInAfter(delayMs: number): void {
    const { clock } = this.#options.net;
    const atMs = clock.monotonicNs() / 1e6 + delayMs;
    if (this.#closed || (this.#checkingIn === null && atMs >= this.#timerAtMs)) return;
    this.#timer?.cancel();
    this.#timerAtMs = atMs;
    this.#timer = clock.after(delayMs, () => {
      this.#timerAtMs = Number.POSITIVE_INFINITY;
      void this.checkIn();
    });
  }

  /** Ends sooner when the link is closed. */
  #pause(delayMs: number): Promise<void> {
    return pause(this.#options.net.clock, delayMs, this.#ending.signal);
  }

  #retryMs(failures: number): number {
    const waitMs = Math.min(maxRetryMs, firstRetryMs * 2 ** (failures - 1));
    return waitMs + this.#options.net.random.below(Math.ceil(waitMs / 2));
  }
}

/** One-off rounds may have been run before the agent was started again; the collector knows which were. */
function withoutOneOffs(config: AgentConfig): AgentConfig {
  const isOneOff = ({ schedule, role }: AgentConfig['assignments'][number]) =>
    role === 'source' && schedule.kind === 'once';
  return { ...config, assignments: config.assignments.filter((each) => !isOneOff(each)) };
}
