// The agent's link to its collector: enrols once, checks in each minute and whenever there is something to say, and
// hears of changes through a request that the collector holds.

import {
  type AgentConfig,
  type AgentFacts,
  checkInIntervalMs,
  maxResultsPerCheckIn,
  type RegistrationState,
} from '@pinhole/contract';
import type { Net, Timer } from '@pinhole/net';
import type { Logger } from 'pino';
import { AgentError } from '../errors.ts';
import type { Identity, StateFolder } from '../state/folder.ts';
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
  readonly onConfig: (config: AgentConfig) => void;
  /** The agent cannot go on. */
  readonly onFatal: (error: AgentError) => void;
}

const firstRetryMs = 1_000;
const maxRetryMs = 30_000;
/** Results of one round's two directions come a moment apart: one check-in for both. */
const gatherMs = 200;

export class CollectorLink {
  readonly #options: LinkOptions;
  #identity: Identity | null = null;
  #configVersion = 0;
  #checkingIn: Promise<void> | null = null;
  #again = false;
  #failures = 0;
  /** How many results a check-in carries; fewer after one that the collector could not take. */
  #batch = maxResultsPerCheckIn;
  #timer: Timer | null = null;
  #timerAtMs = Number.POSITIVE_INFINITY;
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
    if (held !== null) {
      this.#configVersion = held.configVersion;
      onConfig(held.config);
    }
    await this.checkIn();
    void this.#followChanges();
  }

  /** Something is to be told soon: results, or a change of the registration. */
  soon(): void {
    if (this.#failures === 0) this.#checkInAfter(gatherMs);
  }

  /** Checks in now; resolves when it was done, well or not. A call meanwhile makes one more follow. */
  checkIn(): Promise<void> {
    if (this.#checkingIn !== null) {
      this.#again = true;
      return this.#checkingIn;
    }
    this.#checkingIn = this.#checkInAll().finally(() => {
      this.#checkingIn = null;
      const afterMs = this.#failures === 0 ? checkInIntervalMs : this.#retryMs(this.#failures);
      this.#checkInAfter(afterMs);
    });
    return this.#checkingIn;
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  async #enroll(): Promise<Identity> {
    const { api, state, log, net, collectorUrl, accountToken, agentName, facts } = this.#options;
    for (let failures = 1; ; failures++) {
      const outcome = await api.enroll({ accountToken, agentName, facts: facts() });
      if (outcome.ok) {
        const identity = { ...outcome.value, collectorUrl };
        await state.keepIdentity(identity);
        log.info({ agentId: identity.agentId }, 'enrolled');
        return identity;
      }
      if (this.#closed) return { agentId: '0', agentSecret: '', collectorUrl };
      const { status, detail } = outcome;
      if (status >= 400 && status < 500 && status !== 429 && status !== 408) {
        throw new AgentError('enrollment-refused', `The collector refused to enrol this agent: ${detail}`);
      }
      log.warn({ detail }, 'the collector cannot be reached; trying again');
      await new Promise<void>((resolve) => net.clock.after(this.#retryMs(failures), resolve));
    }
  }

  /** One check-in, and more while results are left or another was asked for. */
  async #checkInAll(): Promise<void> {
    do {
      this.#again = false;
      const left = await this.#checkInOnce();
      if (left) this.#again = true;
    } while (this.#again && this.#failures === 0 && !this.#closed);
  }

  /** Whether results are left to be sent. */
  async #checkInOnce(): Promise<boolean> {
    const { api, state, log, facts, registration, onConfig } = this.#options;
    if (this.#identity === null) return false;
    const spooled = state.spool.oldest(this.#batch);
    const outcome = await api.checkIn(this.#identity.agentSecret, {
      configVersion: this.#configVersion,
      facts: facts(),
      registration: registration(),
      results: spooled.map(({ result }) => result),
    });
    if (this.#closed) return false;
    if (!outcome.ok) return this.#refused(outcome.status, outcome.detail, spooled.length);
    if (this.#failures > 0) log.info('the collector is back');
    this.#failures = 0;
    this.#batch = maxResultsPerCheckIn;
    state.spool.remove(spooled.slice(0, outcome.value.acknowledged));
    const { config, configVersion } = outcome.value;
    if (config !== undefined) {
      this.#configVersion = configVersion;
      onConfig(config);
      await state.keepConfig({ configVersion, config }).catch((error: unknown) => {
        log.error({ err: error }, 'the configuration could not be kept');
      });
    }
    return state.spool.size > 0 && outcome.value.acknowledged > 0;
  }

  /** Whether to try again at once, with less. */
  #refused(status: number, detail: string, results: number): boolean {
    const { log, state, onFatal } = this.#options;
    if (status === 401) {
      onFatal(
        new AgentError(
          'agent-deleted',
          'The collector does not know this agent any more. Remove its state folder to enrol it anew.',
        ),
      );
      return false;
    }
    if ((status === 400 || status === 413) && results > 0) {
      // One result that the collector cannot take must not hold up all behind it.
      if (results > 1) this.#batch = Math.ceil(results / 2);
      else
        for (const poison of state.spool.oldest(1)) {
          log.error({ detail, result: poison.result }, 'the collector cannot take this result; dropped');
          state.spool.removeOne(poison);
        }
      return true;
    }
    this.#failures += 1;
    if (this.#failures === 1)
      log.warn(
        { detail, status, spooled: state.spool.size },
        'the collector does not answer; results are kept',
      );
    return false;
  }

  async #followChanges(): Promise<void> {
    const { api, net } = this.#options;
    for (let failures = 0; !this.#closed && this.#identity !== null; ) {
      const outcome = await api.changes(this.#identity.agentSecret, this.#configVersion);
      if (this.#closed) return;
      if (outcome.ok) {
        failures = 0;
        if (outcome.value !== null) {
          await this.checkIn();
          // Heard of a change and could not get it: the next question would be answered at once, again and again.
          if (this.#failures > 0)
            await new Promise<void>((resolve) => net.clock.after(firstRetryMs, resolve));
        }
        continue;
      }
      failures += 1;
      await new Promise<void>((resolve) => net.clock.after(this.#retryMs(failures), resolve));
      // A collector that is back may have changed meanwhile, and lacks what was spooled.
      if (!this.#closed) await this.checkIn();
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

  #retryMs(failures: number): number {
    const waitMs = Math.min(maxRetryMs, firstRetryMs * 2 ** (failures - 1));
    return waitMs + this.#options.net.random.below(Math.ceil(waitMs / 2));
  }
}
