// Which external port a new mapping gets (RFC 4787 section 4.2).

import type { Random } from '../types.ts';
import type { PortAllocation } from './nat-behaviour.ts';

const FIRST_PORT = 1024;
const LAST_PORT = 65_535;
const PORTS = LAST_PORT - FIRST_PORT + 1;

export class PortAllocator {
  readonly #allocation: PortAllocation;
  readonly #random: Random;
  #nextPort: number;

  constructor(allocation: PortAllocation, random: Random) {
    this.#allocation = allocation;
    this.#random = random;
    this.#nextPort = allocation.kind === 'sequential' ? allocation.firstPort : FIRST_PORT;
  }

  /** A port for which `isFree` holds; null when there is none. */
  choose(insidePort: number, isFree: (port: number) => boolean): number | null {
    const allocation = this.#allocation;
    switch (allocation.kind) {
      case 'preserving':
        if (allocation.collision === 'overload' || isFree(insidePort)) return insidePort;
        return this.#randomPort(FIRST_PORT, PORTS, isFree);
      case 'sequential':
        return this.#sequentialPort(allocation, isFree);
      case 'random':
        return this.#randomPort(FIRST_PORT, PORTS, isFree);
      case 'block-random':
        return this.#randomPort(allocation.firstPort, allocation.size, isFree);
    }
  }

  #sequentialPort(
    { firstPort, step, lastPort }: PortAllocation & { kind: 'sequential' },
    isFree: (port: number) => boolean,
  ): number | null {
    const rounds = lastPort === undefined ? PORTS : Math.floor((lastPort - firstPort) / step) + 1;
    for (let tried = 0; tried < rounds; tried++) {
      const port = this.#nextPort;
      this.#nextPort += step;
      if (lastPort !== undefined && this.#nextPort > lastPort) this.#nextPort = firstPort;
      else if (this.#nextPort > LAST_PORT) this.#nextPort -= PORTS;
      if (isFree(port)) return port;
    }
    return null;
  }

  #randomPort(first: number, size: number, isFree: (port: number) => boolean): number | null {
    const offset = this.#random.below(size);
    for (let i = 0; i < size; i++) {
      const port = first + ((offset + i) % size);
      if (isFree(port)) return port;
    }
    return null;
  }
}
