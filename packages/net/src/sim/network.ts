// A network: a segment that hosts, routers and NATs are attached to, each by a link of its own.

import type { IpAddress } from '@pinhole/wire';
import { Event } from './event-queue.ts';
import { Link, type LinkOptions } from './link.ts';
import { forwarded, type Packet } from './packet.ts';
import type { World } from './world.ts';

/** What a network takes of itself, so that nothing arrives in the moment it is sent. */
const CROSSING_NS = 1000;

export interface Node {
  receive(packet: Packet, via: Attachment): void;
  /** The attachments that it forwards between by plain routing. */
  readonly routes: readonly Attachment[];
}

export interface AttachOptions {
  /** From the node into the network. */
  readonly outgoing?: LinkOptions;
  /** From the network to the node. */
  readonly incoming?: LinkOptions;
}

export interface Attachment {
  readonly network: Network;
  readonly node: Node;
  readonly addresses: readonly IpAddress[];
  readonly outgoing: Link;
  readonly incoming: Link;
}

export class Network {
  readonly name: string;
  readonly #world: World;
  readonly #hops: number;
  readonly #attachments: Attachment[] = [];
  readonly #owners = new Map<IpAddress, Attachment>();
  #gateway: Attachment | null = null;
  #paths = new Map<IpAddress, Attachment | null>();
  #pathsTopology = 0;

  /** `hops` are routers on each way through it which do nothing but take from the TTL, and drop in silence. */
  constructor(name: string, world: World, hops: number) {
    this.name = name;
    this.#world = world;
    this.#hops = hops;
  }

  attach(node: Node, addresses: readonly IpAddress[], options: AttachOptions = {}): Attachment {
    const { random } = this.#world;
    const attachment: Attachment = {
      network: this,
      node,
      addresses,
      outgoing: new Link(options.outgoing ?? {}, random.fork()),
      incoming: new Link(options.incoming ?? {}, random.fork()),
    };
    for (const address of addresses) {
      if (this.#owners.has(address)) throw new RangeError(`${address} is there twice in ${this.name}`);
      this.#owners.set(address, attachment);
    }
    this.#attachments.push(attachment);
    this.#world.topology++;
    return attachment;
  }

  /** Where packets go whose destination no router here leads to. */
  setGateway(attachment: Attachment): void {
    this.#gateway = attachment;
    this.#world.topology++;
  }

  /** Takes a packet from one of its nodes, on the way that leads to its destination now. */
  send(sent: Packet, from: Attachment): void {
    const hops = this.#hops;
    if (sent.ttl <= hops) return;
    const packet = hops === 0 ? sent : forwarded(sent, sent.source, sent.destination, sent.ttl - hops);
    const next = this.#next(packet.destination.address, from.node);
    if (next === null) return;
    const { outgoing } = from;
    const { nowNs } = this.#world;
    if (outgoing.isWhole) this.#enter(packet, next, outgoing.outNs(nowNs));
    else for (const enteredNs of outgoing.transit(nowNs)) this.#enter(packet, next, enteredNs);
  }

  /** Whether a packet to `address` would find a way from here, as far as this network knows. */
  leadsTo(address: IpAddress, from: Node): boolean {
    return this.#next(address, from) !== null;
  }

  /** Whether `address` can be reached by plain routing, without any gateway. */
  reaches(address: IpAddress, visited: Set<Network> = new Set()): boolean {
    if (this.#owners.has(address)) return true;
    visited.add(this);
    return this.#attachments.some((attachment) => routeReaches(attachment, address, visited));
  }

  #enter(packet: Packet, next: Attachment, enteredNs: number): void {
    const { queue, nowNs } = this.#world;
    const { fixedDelayNs } = next.incoming;
    if (fixedDelayNs !== null) queue.add(new Arrival(enteredNs + fixedDelayNs + CROSSING_NS, packet, next));
    else if (enteredNs <= nowNs) this.#leave(packet, next);
    // Packets of several senders draw from chance in the order in which they come to this link.
    else this.#world.after(enteredNs - nowNs, () => this.#leave(packet, next));
  }

  #leave(packet: Packet, next: Attachment): void {
    const { queue, nowNs } = this.#world;
    for (const outNs of next.incoming.transit(nowNs)) {
      queue.add(new Arrival(outNs + CROSSING_NS, packet, next));
    }
  }

  #next(address: IpAddress, from: Node): Attachment | null {
    const owner = this.#owners.get(address);
    if (owner !== undefined) return owner;
    const routed = this.#path(address);
    if (routed !== null && routed.node !== from) return routed;
    return this.#gateway !== null && this.#gateway.node !== from ? this.#gateway : null;
  }

  #path(address: IpAddress): Attachment | null {
    if (this.#pathsTopology !== this.#world.topology) {
      this.#paths = new Map();
      this.#pathsTopology = this.#world.topology;
    }
    let path = this.#paths.get(address);
    if (path === undefined) {
      path = this.#attachments.find((entry) => routeReaches(entry, address, new Set([this]))) ?? null;
      this.#paths.set(address, path);
    }
    return path;
  }
}

class Arrival extends Event {
  readonly #packet: Packet;
  readonly #at: Attachment;

  constructor(atNs: number, packet: Packet, at: Attachment) {
    super(atNs);
    this.#packet = packet;
    this.#at = at;
  }

  happen(): void {
    this.#at.node.receive(this.#packet, this.#at);
  }
}

function routeReaches(attachment: Attachment, address: IpAddress, visited: Set<Network>): boolean {
  return attachment.node.routes.some(
    ({ network }) => !visited.has(network) && network.reaches(address, visited),
  );
}
