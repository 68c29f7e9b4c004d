// A virtual network of hosts, routers and NATs, with programs on the hosts that see it as their Net.

import { type IpAddress, ip, parseIpAddress } from '@pinhole/wire';
import type { Net } from '../types.ts';
import { SimulatedHost } from './host.ts';
import { IcmpStack } from './icmp.ts';
import { Nat } from './nat.ts';
import { DEFAULT_BEHAVIOUR, type NatBehaviour } from './nat-behaviour.ts';
import { NatRouter } from './nat-router.ts';
import { type AttachOptions, Network } from './network.ts';
import { Router } from './router.ts';
import { TcpStack } from './tcp.ts';
import { UdpStack } from './udp.ts';
import { World } from './world.ts';

export interface SimulationOptions {
  /** 32 bits. The same seed and programs give the same run. */
  readonly seed: number;
  /** Wall time at the start, since 1970. @default the first of January 2026 */
  readonly wallMs?: number;
}

export interface NetworkOptions {
  /** Routers on each way through it which do nothing but take from the TTL, and drop in silence. @default 0 */
  readonly hops?: number;
}

export interface HostOptions extends AttachOptions {
  readonly name: string;
  readonly network: Network;
  readonly addresses: readonly string[];
  /** What Host.resolve knows, beside addresses. */
  readonly names?: Readonly<Record<string, readonly string[]>>;
}

export interface SimHost {
  readonly name: string;
  readonly net: Net;
}

export interface RouterOptions {
  /** One leg a network; the link options are those of the leg. */
  readonly legs: readonly (AttachOptions & { readonly network: Network; readonly address: string })[];
  /** The networks whose other packets come here; a leg's index each. @default [0] */
  readonly gatewayFor?: readonly number[];
  /** Drops at TTL 0 without a word. @default false */
  readonly silent?: boolean;
}

export interface NatOptions {
  readonly inside: Network;
  readonly insideAddress: string;
  readonly insideLink?: AttachOptions;
  readonly outside: Network;
  /** Several make a pool. */
  readonly outsideAddresses: readonly string[];
  readonly outsideLink?: AttachOptions;
  /** @default DEFAULT_BEHAVIOUR, member by member */
  readonly behaviour?: Partial<NatBehaviour>;
}

export interface SiteOptions {
  readonly name: string;
  /** Where the site is connected to, by its outermost NAT or, without any, by the host itself. */
  readonly outside: Network;
  readonly outsideAddress: string;
  /** One NAT after the other, from the host outwards: none, one, or the site's behind its provider's. */
  readonly nats: readonly Partial<NatBehaviour>[];
  /** The connection to `outside`. */
  readonly link?: AttachOptions;
}

/** A program waited for can no longer end, or has not in time. */
export class SimulationError extends Error {
  override readonly name = 'SimulationError';
  readonly code: 'nothing-left' | 'limit-reached';
  constructor(code: 'nothing-left' | 'limit-reached', message: string) {
    super(message);
    this.code = code;
  }
}

export function createSimulation(options: SimulationOptions): Simulation {
  return new Simulation(options);
}

export class Simulation {
  readonly #world: World;

  constructor({ seed, wallMs = Date.UTC(2026, 0) }: SimulationOptions) {
    this.#world = new World(seed, wallMs);
  }

  /** Virtual milliseconds since the start. */
  get nowMs(): number {
    return this.#world.nowMs;
  }

  network(name: string, { hops = 0 }: NetworkOptions = {}): Network {
    return new Network(name, this.#world, hops);
  }

  host({ name, network, addresses, names = {}, ...link }: HostOptions): SimHost {
    const host = new SimulatedHost(name, this.#world);
    host.attachments.push(network.attach(host, addresses.map(ip), link));
    return { name, net: this.#net(host, names) };
  }

  /** Forwards between its legs. */
  router({ legs, gatewayFor = [0], silent = false }: RouterOptions): void {
    const router = new Router(silent);
    for (const { network, address, ...link } of legs) {
      router.routes.push(network.attach(router, [ip(address)], link));
    }
    for (const leg of gatewayFor) {
      const attachment = router.routes[leg];
      attachment?.network.setGateway(attachment);
    }
  }

  /** The gateway of its inside network. Its outside may be the inside of another. */
  nat(options: NatOptions): void {
    const behaviour = { ...DEFAULT_BEHAVIOUR, ...options.behaviour };
    const external = options.outsideAddresses.map(ip);
    const router = new NatRouter(
      this.#world,
      new Nat(behaviour, external, this.#world.random.fork()),
      behaviour,
    );
    const inside = options.inside.attach(router, [ip(options.insideAddress)], options.insideLink);
    const outside = options.outside.attach(router, external, options.outsideLink);
    options.inside.setGateway(inside);
    router.connect(inside, outside);
  }

  /** One host behind a row of NATs. It has the address 10.0.0.2 where there is one. */
  site({ name, outside, outsideAddress, nats, link = {} }: SiteOptions): SimHost {
    let network = outside;
    let address = outsideAddress;
    let atLeg = link;
    for (const [i, behaviour] of [...nats.entries()].reverse()) {
      const inside = this.network(`${name}${i}`);
      const prefix = `10.0.${i}`;
      const leg = { outside: network, outsideAddresses: [address], outsideLink: atLeg };
      this.nat({ inside, insideAddress: `${prefix}.1`, ...leg, behaviour });
      [network, address, atLeg] = [inside, `${prefix}.2`, {}];
    }
    return this.host({ name, network, addresses: [address], ...atLeg });
  }

  /** Runs until nothing is left to happen, or to `untilMs` on the virtual clock, which then shows that time. */
  async run({ untilMs = Number.POSITIVE_INFINITY }: { untilMs?: number } = {}): Promise<void> {
    await this.#advance(untilMs * 1e6, () => false);
    if (Number.isFinite(untilMs)) this.#world.nowNs = Math.max(this.#world.nowNs, untilMs * 1e6);
  }

  /**
   * Runs until the promise is settled, and settles so; or until the predicate holds. Rejects with SimulationError
   * after `limitMs` of virtual time, or when nothing is left to happen.
   */
  async runUntil<T>(goal: Promise<T> | (() => boolean), limitMs = 3_600_000): Promise<T> {
    const world = this.#world;
    let settled = typeof goal === 'function' ? goal() : false;
    const isReached = typeof goal === 'function' ? goal : () => settled;
    const note = () => {
      settled = true;
    };
    if (typeof goal !== 'function') goal.then(note, note);
    const limitNs = world.nowNs + limitMs * 1e6;
    await this.#advance(limitNs, isReached);
    if (!isReached()) {
      if (world.queue.nextAtNs() === null) {
        throw new SimulationError('nothing-left', `nothing is left to happen at ${world.nowMs} ms`);
      }
      throw new SimulationError('limit-reached', `not reached in ${limitMs} ms`);
    }
    return (await goal) as T;
  }

  async #advance(untilNs: number, isReached: () => boolean): Promise<void> {
    const world = this.#world;
    let programRuns = 0;
    await eventLoopTurns();
    while (!isReached()) {
      if (!this.#isDue(untilNs)) {
        await eventLoopTurns();
        if (isReached() || !this.#isDue(untilNs)) return;
      }
      const { queue } = world;
      const atNs = queue.nextAtNs()!;
      world.nowNs = Math.max(world.nowNs, atNs);
      world.programRan = false;
      // What happens at one moment is past before a program goes on that has awaited it.
      do queue.take().happen();
      while (queue.nextAtNs() === atNs);
      if (!world.programRan) continue;
      await (++programRuns % RUNS_PER_TURN === 0 ? eventLoopTurns() : promisesSettle());
    }
  }

  #isDue(untilNs: number): boolean {
    const atNs = this.#world.queue.nextAtNs();
    return atNs !== null && atNs <= untilNs;
  }

  #net(host: SimulatedHost, names: HostOptions['names'] & object): Net {
    const world = this.#world;
    const udp = new UdpStack(host);
    const tcp = new TcpStack(host);
    const icmp = new IcmpStack(host);
    host.udp = udp;
    host.tcp = tcp;
    host.icmp = icmp;
    return {
      clock: {
        monotonicNs: () => world.nowNs,
        wallMs: () => world.wallMs + world.nowMs,
        // Whole nanoseconds, and one at least: a fraction could vanish in the sum, and time stand still.
        after: (delayMs, callback) =>
          world.after(Math.max(1, Math.ceil(delayMs * 1e6)), () => world.call(callback)),
      },
      random: host.random,
      udp,
      tcp,
      icmp,
      host: {
        hostname: host.name,
        interfaces: () =>
          host.attachments.map(({ network, addresses }) => ({
            interfaceName: network.name,
            ipAddresses: [...addresses],
          })),
        async sourceFor(destination) {
          return host.sourceFor(destination);
        },
        async resolve(name): Promise<IpAddress[]> {
          const literal = parseIpAddress(name);
          return literal === null ? (names[name] ?? []).map(ip) : [literal];
        },
      },
      async close() {
        udp.closeAll();
        tcp.closeAll();
        icmp.closeAll();
      },
    };
  }
}

/** A turn of the event loop costs ten times what promises do; without any, a program that waits for a file, or a
 *  test's own time limit, would never have its turn. */
const RUNS_PER_TURN = 16;

/** Every promise that can settle without the world has then settled: Node runs ticks after all of them. */
function promisesSettle(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

function eventLoopTurns(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
