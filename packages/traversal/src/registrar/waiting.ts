// Connections that have not said whose they are, oldest first: all of them, and those of each source.

import { sourceOf } from '../budget.ts';
import type { Connection, ConnectionId } from './state.ts';

export class Waiting {
  readonly #all = new Map<ConnectionId, Connection>();
  readonly #bySource = new Map<string, Map<ConnectionId, Connection>>();

  add(connection: Connection): void {
    const source = sourceOf(connection.from.address);
    const ofSource = this.#bySource.get(source) ?? new Map<ConnectionId, Connection>();
    this.#all.set(connection.id, connection);
    this.#bySource.set(source, ofSource.set(connection.id, connection));
  }

  delete(id: ConnectionId): void {
    const connection = this.#all.get(id);
    if (connection === undefined) return;
    this.#all.delete(id);
    const source = sourceOf(connection.from.address);
    const ofSource = this.#bySource.get(source);
    ofSource?.delete(id);
    if (ofSource?.size === 0) this.#bySource.delete(source);
  }

  get size(): number {
    return this.#all.size;
  }

  /** How many there are of this one's source. */
  countBeside({ from }: Connection): number {
    return this.#bySource.get(sourceOf(from.address))?.size ?? 0;
  }

  oldest(): Connection | undefined {
    return this.#all.values().next().value;
  }

  oldestBeside({ from }: Connection): Connection | undefined {
    return this.#bySource.get(sourceOf(from.address))?.values().next().value;
  }

  oldestFirst(): Iterable<Connection> {
    return this.#all.values();
  }
}
