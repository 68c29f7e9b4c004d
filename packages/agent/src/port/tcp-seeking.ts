// What is under way to find the peer of one session, and what has come of it.

import type { ConnectFailure } from '@pinhole/net';
import { type Endpoint, formatEndpoint } from '@pinhole/wire';
import type { Session } from '../session/session.ts';
import type { TcpSearch } from './tcp-search.ts';

/** So that what is told of a failure stays readable. */
const maxFailures = 16;

/** One `reach`: the connections begun for it, until all have failed for certain. */
export interface Attempt {
  readonly seeking: Seeking;
  readonly onExhausted: (() => void) | undefined;
  underWay: number;
  /** One has not been answered: nobody knows what became of it. */
  isUncertain: boolean;
}

export class Seeking {
  readonly session: Session;
  readonly #attempts = new Set<Attempt>();
  readonly #searches: TcpSearch[] = [];
  readonly #failures: string[] = [];
  #isOver = false;
  #hasEnded = false;

  constructor(session: Session) {
    this.session = session;
  }

  /** The peer has spoken on one of the session's paths, or the session has ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get evidence(): string | null {
    const all = [...this.#failures, ...this.#searches.map(({ summary }) => summary)];
    return all.length === 0 ? null : all.join('; ');
  }

  attempt(onExhausted: (() => void) | undefined): Attempt {
    const attempt: Attempt = { seeking: this, onExhausted, underWay: 0, isUncertain: false };
    this.#attempts.add(attempt);
    return attempt;
  }

  /** A search is the last attempt's: what those before have under way is given up. */
  addSearch(search: TcpSearch): void {
    for (const earlier of this.#searches) earlier.end();
    this.#searches.push(search);
  }

  failed(attempt: Attempt, remote: Endpoint, reason: ConnectFailure): void {
    if (reason === 'timeout') attempt.isUncertain = true;
    const failure = `TCP to ${formatEndpoint(remote)}: ${reason}`;
    if (this.#failures.length < maxFailures && !this.#failures.includes(failure))
      this.#failures.push(failure);
  }

  /** Where the session has no path: tells those whose attempts are known to be in vain. */
  tellExhausted(): void {
    for (const attempt of this.#attempts) {
      if (this.#isOver) return;
      if (attempt.underWay > 0 || attempt.isUncertain) continue;
      this.#attempts.delete(attempt);
      attempt.onExhausted?.();
    }
  }

  /** Only the source decides which path it is: at the target what is under way goes on, as the source may use it. */
  succeed(): void {
    this.#isOver = true;
    for (const search of this.#searches) {
      if (this.session.role === 'source') search.end();
      else search.stop();
    }
  }

  /** The path on which the peer spoke is gone, and there is no other: further attempts count again. */
  resume(): void {
    this.#isOver = this.#hasEnded;
  }

  end(): void {
    this.#hasEnded = true;
    this.#isOver = true;
    for (const search of this.#searches) search.end();
  }
}
