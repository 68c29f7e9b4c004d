// The whole matrix of kinds of NAT on the simulated network, each pair a hundred times.
//
// A run is decided by its seed, its NATs and what was found out about them. Kinds that differ only in what a single
// session over the protocol cannot meet are therefore run once for all of them:
//
//   hairpinning                   the agents are at different sites: nobody sends to a public address of their own side
//   lifetimes of 10 s and more,   a run has ended by then, so that nothing is forgotten in it. Which packets prolong what
//   and what then happens         is never forgotten matters only where they also decide about others that come in
//   over UDP                      how SYNs are answered, whether they may cross, what is done to TCP only
//   over TCP                      what is done to UDP only; a host's answer to a SYN is a RST

import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Protocol } from '@pinhole/contract';
import { expected, expectedWords, type NatKind, natKindNames, natKinds } from '@pinhole/lab';
import type { NatBehaviour } from '@pinhole/net/sim';
import type { NatProfile } from '@pinhole/wire';
import { discoveredProfiles, simulatedNats } from './sim-kinds.ts';
import { outcomeOf, type SimOutcome, type SimSide } from './sim-pair.ts';

const runsOfPair = 100;

/** The shortest lifetime of any kind. No run may take as long. */
const shortestLifetimeMs = 10_000;

/**
 * A search tries four times as many combinations of ports as there are, so that one attempt in e⁴ finds nothing, and a
 * round has three: one in 160,000 fails. Two do in a hundred of one pair once in 5 million times; of all 9,000 runs that
 * search 0.06 do on average, and more than three once in 2 million times.
 */
const mostUnlucky = { ofPair: 1, ofAll: 3 } as const;
const nothingFound = /^Connection to (source|target) agent failed$/;

/** Of each way in which a pair can come together, or fail to. */
const partners = [
  'none',
  'eim-eif',
  'eim-adf',
  'eim-apdf',
  'eim-apdf-icmp',
  'adm-adf',
  'apdm-apdf',
  'apdm-apdf-block',
  'apdm-apdf-sequential',
  'udp-blocked',
] as const satisfies readonly NatKind[];

const easyKinds = [
  'eim-eif',
  'eim-adf',
  'eim-apdf',
  'eim-apdf-rst',
  'eim-cgn',
] as const satisfies readonly NatKind[];

interface MatrixSide extends SimSide {
  /** The same for kinds that cannot be told apart. */
  readonly key: string;
}

/** Each check answers with sentences about what must not be; none where all is well. */
export class SimMatrix {
  readonly #protocol: Protocol;
  readonly #seed: number;
  readonly #sides: ReadonlyMap<NatKind, MatrixSide>;
  /** By the keys of both sides: the seeds of the runs that came to the same words. */
  readonly #seen = new Map<string, ReadonlyMap<string, readonly number[]>>();
  /** By the keys of both sides: how many searches have found nothing. */
  readonly #unlucky = new Map<string, number>();

  private constructor(protocol: Protocol, seed: number, sides: ReadonlyMap<NatKind, MatrixSide>) {
    this.#protocol = protocol;
    this.#seed = seed;
    this.#sides = sides;
  }

  /** With what a compatibility check finds behind each kind. The same seed gives the same matrix. */
  static async of(protocol: Protocol, seed: number): Promise<SimMatrix> {
    const sides = new Map<NatKind, MatrixSide>();
    for (const kind of natKindNames) {
      const nats = simulatedNats(kind);
      const { [protocol]: profile } = await discoveredProfiles(kind, seed);
      const met = [nats.map((nat) => metBehaviour(nat, protocol)), metProfile(profile, protocol)];
      sides.set(kind, { nats, profile, key: JSON.stringify(met) });
    }
    return new SimMatrix(protocol, seed, sides);
  }

  /** What of a hundred runs with each target did not come to what it must. */
  async faultsFrom(source: NatKind): Promise<string[]> {
    const faults: string[] = [];
    for (const target of natKindNames) faults.push(...(await this.#faultsOf(source, target)));
    return faults;
  }

  /** Of the pairs that were run: that too many searches have found nothing. */
  faultsOfLuck(): string[] {
    const count = [...this.#unlucky.values()].reduce((sum, each) => sum + each, 0);
    return count > mostUnlucky.ofAll ? [`${count} searches have found nothing`] : [];
  }

  /** Where kinds that share their runs differ when each is run by itself. */
  async faultsOfSharing(): Promise<string[]> {
    const faults: string[] = [];
    const isRun = new Map<string, NatKind>();
    for (const [kind, { key }] of this.#sides) {
      const other = isRun.get(key);
      if (other === undefined) isRun.set(key, kind);
      else {
        for (const partner of partners) {
          faults.push(...(await this.#differences([kind, partner], [other, partner])));
          faults.push(...(await this.#differences([partner, kind], [partner, other])));
        }
      }
    }
    return isRun.size === this.#sides.size ? ['no kinds share their runs'] : faults;
  }

  /** What does not come together where one packet in a hundred is lost on each link. */
  async faultsByLoss(): Promise<string[]> {
    const faults: string[] = [];
    for (const source of easyKinds) {
      for (const target of easyKinds) {
        for (const seed of this.#seeds(20)) {
          const { words } = await this.#run(source, target, seed, 0.01);
          if (words !== 'punched') faults.push(`${source} → ${target}: “${words}”, with seed ${seed}`);
        }
      }
    }
    return faults;
  }

  async #faultsOf(source: NatKind, target: NatKind): Promise<string[]> {
    const may: string[] = expectedWords(expected(natKinds[source], natKinds[target], this.#protocol));
    const key = `${this.#side(source).key} ${this.#side(target).key}`;
    const seen = this.#seen.get(key) ?? (await this.#runAll(source, target, key));
    this.#seen.set(key, seen);
    const others = [...seen].filter(([words]) => !may.includes(words));
    const count = others.reduce((sum, [, seeds]) => sum + seeds.length, 0);
    const isLuck = may[0] === 'searched' && others.every(([words]) => nothingFound.test(words));
    if (isLuck && count <= mostUnlucky.ofPair) {
      this.#unlucky.set(key, count);
      return [];
    }
    return others.map(([words, seeds]) => {
      const must = may.map((each) => `“${each}”`).join(' or ');
      return `${source} → ${target}: ${seeds.length} of ${runsOfPair} came to “${words}”, not ${must}; so with seed ${seeds[0]}`;
    });
  }

  async #runAll(source: NatKind, target: NatKind, key: string): Promise<Map<string, number[]>> {
    const seen = new Map<string, number[]>();
    const first = createHash('sha256').update(`${this.#seed} ${key}`).digest().readUInt32BE();
    for (let seed = first; seed < first + runsOfPair; seed++) {
      const { words, endedAtMs } = await this.#run(source, target, seed);
      if (endedAtMs >= shortestLifetimeMs)
        throw new Error(`${source} → ${target} took ${endedAtMs} ms with seed ${seed}`);
      const seeds = seen.get(words);
      if (seeds === undefined) seen.set(words, [seed]);
      else seeds.push(seed);
    }
    return seen;
  }

  async #differences(
    one: readonly [NatKind, NatKind],
    other: readonly [NatKind, NatKind],
  ): Promise<string[]> {
    const differences: string[] = [];
    for (const seed of this.#seeds(2)) {
      if (isDeepStrictEqual(await this.#run(...one, seed), await this.#run(...other, seed))) continue;
      differences.push(`${one.join(' → ')} is not ${other.join(' → ')}, with seed ${seed}`);
    }
    return differences;
  }

  #run(source: NatKind, target: NatKind, seed: number, lossRate = 0): Promise<SimOutcome> {
    const [from, to] = [this.#side(source), this.#side(target)];
    return outcomeOf({ source: from, target: to, protocol: this.#protocol, seed, lossRate });
  }

  #seeds(count: number): number[] {
    return Array.from({ length: count }, (_, i) => this.#seed + i);
  }

  #side(kind: NatKind): MatrixSide {
    return this.#sides.get(kind)!;
  }
}

function metBehaviour(nat: NatBehaviour, protocol: Protocol): object {
  const { mapping, filtering, allocation, unsolicited, simultaneousOpen } = nat;
  const isStrict = filtering === 'address-and-port-dependent';
  const common = {
    mapping,
    filtering,
    allocation,
    lifetimesMs: lifetimesMs(nat, protocol).filter((ms) => ms < shortestLifetimeMs),
    // What a strict filter lets in answers what went out, and that has prolonged as much.
    inboundRefresh: isStrict ? null : nat.inboundRefresh,
    poisonable: nat.poisonable === true || nat.poisonable === protocol,
    blocked: nat.blocked.filter((each) => each.protocol === protocol),
  };
  return protocol === 'udp'
    ? { ...common, unsolicited: unsolicited === 'reset' ? 'drop' : unsolicited }
    : { ...common, unsolicited: unsolicited === 'host' ? 'reset' : unsolicited, simultaneousOpen };
}

function lifetimesMs(nat: NatBehaviour, protocol: Protocol): number[] {
  return protocol === 'udp'
    ? [nat.udpTimeoutMs, nat.udpUnrepliedTimeoutMs ?? nat.udpTimeoutMs]
    : [nat.tcpTimeoutMs, nat.tcpTransitoryTimeoutMs];
}

/** Over TCP no packet is sent ahead that would have to die on its way. */
function metProfile(profile: NatProfile, protocol: Protocol): NatProfile {
  return protocol === 'udp' ? profile : { ...profile, natHops: null };
}
