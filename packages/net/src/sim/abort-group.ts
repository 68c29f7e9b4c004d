export interface Abortable {
  readonly signal: AbortSignal | undefined;
  abort(): void;
}

/** What one signal each may abort. A signal looks through all its listeners at every one more, so it gets but one. */
export class AbortGroup {
  readonly #members = new Map<AbortSignal, Set<Abortable>>();

  add(member: Abortable): void {
    const { signal } = member;
    if (signal === undefined) return;
    let members = this.#members.get(signal);
    if (members === undefined) {
      members = new Set();
      this.#members.set(signal, members);
      signal.addEventListener('abort', this.#onAbort);
    }
    members.add(member);
  }

  remove(member: Abortable): void {
    const { signal } = member;
    if (signal === undefined) return;
    const members = this.#members.get(signal);
    if (members?.delete(member) !== true || members.size > 0) return;
    this.#members.delete(signal);
    signal.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (event: Event): void => {
    for (const member of this.#members.get(event.target as AbortSignal) ?? []) member.abort();
  };
}
