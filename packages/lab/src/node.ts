// The parts that a lab is made of: namespaces with their interfaces, and links between them.

import type { IpAddress } from '@pinhole/wire';
import type { z } from 'zod';
import { type LinkProfile, linkProfile, type linkSchema } from './link/profile.ts';

export const coreName = 'core';
export const serverName = 'server';
export const middleName = 'links';
/** Of the server's addresses (RFC 5737). */
export const serverPrefix = '192.0.2.0/24';

/** One namespace. */
export interface Node {
  readonly name: string;
  readonly interfaces: readonly Interface[];
  readonly routes: readonly Route[];
  readonly forwarding: boolean;
  /** Lines for `ip -batch`, after the routes. */
  readonly policy?: readonly string[];
  /** An nftables ruleset. */
  readonly ruleset?: string;
  /** Values by their paths under /proc/sys. */
  readonly settings?: Readonly<Record<string, number>>;
}

export interface Interface {
  readonly name: string;
  readonly addresses: readonly InterfaceAddress[];
  /** @default 1500 */
  readonly mtu?: number;
  /** Makes it a bridge of these. */
  readonly ports?: readonly string[];
  /** Drops packets whose source is not routed here (RFC 2827), so that no private address gets out. */
  readonly strictSource?: boolean;
}

export interface InterfaceAddress {
  readonly address: IpAddress;
  readonly prefixLength: number;
}

export interface Route {
  /** A prefix or `default`. */
  readonly to: string;
  /** Of several, a flow's 5-tuple chooses. */
  readonly via: readonly IpAddress[];
}

export interface Link {
  readonly ends: readonly [LinkEnd, LinkEnd];
  /** Of a link that is cut. */
  readonly cut?: LinkCut;
}

export interface LinkCut {
  /** The site's name, or the server's. A site has several where its ways to the core are several. */
  readonly name: string;
  /** The ends in the middle, each towards the link's end with the same index. */
  readonly interfaceNames: readonly [string, string];
  /** `up` is from the link's second end to its first. */
  readonly profile: LinkProfile;
}

export interface LinkEnd {
  readonly node: string;
  readonly interfaceName: string;
}

/** The link, cut in two where it has a description. */
export function cutWhere(
  description: z.output<typeof linkSchema> | undefined,
  name: string,
  whole: Link,
  interfaceNames: readonly [string, string] = [`core-${name}`, `far-${name}`],
): Link {
  return description === undefined
    ? whole
    : { ...whole, cut: { name, interfaceNames, profile: linkProfile(description) } };
}

/** An interface with these addresses, all of one prefix length. */
export function addressed(name: string, prefixLength: number, ...addresses: IpAddress[]): Interface {
  return { name, addresses: addresses.map((address) => ({ address, prefixLength })) };
}

/** Between two interfaces, each given as its node's name and its own. */
export function link(a: readonly [string, string], b: readonly [string, string]): Link {
  const end = ([node, interfaceName]: readonly [string, string]): LinkEnd => ({ node, interfaceName });
  return { ends: [end(a), end(b)] };
}
