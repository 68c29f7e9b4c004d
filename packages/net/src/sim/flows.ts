/** What has gone out to one remote endpoint. */
export interface Flow {
  expiresAtMs: number;
  /** TCP: more than SYNs have passed. UDP: something has come back. */
  established: boolean;
}

/** By remote endpoint. A map is made of the second one on: a symmetric NAT's mappings have one each. */
export class Flows {
  #firstKey = 0;
  #first: Flow | undefined;
  #others: Map<number, Flow> | null = null;

  get(remoteKey: number): Flow | undefined {
    return remoteKey === this.#firstKey ? this.#first : this.#others?.get(remoteKey);
  }

  /** Of one that is not there yet. */
  add(remoteKey: number, flow: Flow): void {
    if (this.#first === undefined) {
      this.#firstKey = remoteKey;
      this.#first = flow;
      return;
    }
    this.#others ??= new Map();
    this.#others.set(remoteKey, flow);
  }
}

/** Whether it is there and has not expired. */
export function isLive(flow: Flow | undefined, nowMs: number): boolean {
  return flow !== undefined && flow.expiresAtMs > nowMs;
}
