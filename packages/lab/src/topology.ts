// From a description to everything that has to be made: namespaces, links, addresses, routes, rules. Pure.
//
//   host ─┐
//         ├─ lan │ nat │ wan ── site │ router │ core ── router-<site> │ core │ server ── eth0 │ server │
//   host ─┘
//
// The core is the namespace that the program itself lives in. Without NAT the hosts hang on the router, with
// public addresses. Public addresses are those kept for documentation (RFC 5737):
//
//   192.0.2.0/24      the server's two addresses, .10 and .11
//   198.51.100.0/24   a /28 a site: the router, then the NAT or the hosts
//   203.0.113.0/24    a /30 a site, between core and router
//   10.<n>.0.0/24     the LAN behind the n-th site's NAT: .1 the NAT, .2 and on the hosts

import { type IpAddress, ip } from '@pinhole/wire';
import type { CompleteDescription, SiteDescription } from './description.ts';
import { behaviourOf } from './nat/behaviour.ts';
import { natRuleset } from './nat/rules.ts';

export interface Topology {
  readonly core: Node;
  readonly server: Node;
  readonly sites: readonly SitePlan[];
  readonly links: readonly Link[];
}

export interface SitePlan {
  readonly description: SiteDescription;
  readonly router: Node;
  readonly nat: Node | null;
  readonly hosts: readonly Node[];
  /** Under which the site is seen from outside: the NAT's address, or the first host's. */
  readonly publicAddress: IpAddress;
}

/** One namespace. */
export interface Node {
  readonly name: string;
  readonly interfaces: readonly Interface[];
  readonly routes: readonly Route[];
  readonly forwarding: boolean;
  /** An nftables ruleset. */
  readonly ruleset?: string;
}

export interface Interface {
  readonly name: string;
  readonly addresses: readonly InterfaceAddress[];
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
  readonly via: IpAddress;
}

export interface Link {
  readonly ends: readonly [LinkEnd, LinkEnd];
}

export interface LinkEnd {
  readonly node: string;
  readonly interfaceName: string;
}

export const coreName = 'core';
export const serverName = 'server';

const serverGateway = ip('192.0.2.1');
const serverAddresses = [ip('192.0.2.10'), ip('192.0.2.11')];

/** Where everything of a lab stands. The same description gives the same addresses. */
export function planTopology({ sites: descriptions }: CompleteDescription): Topology {
  const sites = descriptions.map(planSite);
  return {
    core: {
      name: coreName,
      interfaces: [
        addressed(serverName, 24, serverGateway),
        ...sites.map(({ plan, numbers }) => addressed(routerLink(plan.description), 30, numbers.coreSide)),
      ],
      routes: sites.map(({ numbers }) => ({ to: numbers.publicPrefix, via: numbers.routerSide })),
      forwarding: true,
    },
    server: {
      name: serverName,
      interfaces: [addressed('eth0', 24, ...serverAddresses)],
      routes: [{ to: 'default', via: serverGateway }],
      forwarding: false,
    },
    sites: sites.map(({ plan }) => plan),
    links: [link([coreName, serverName], [serverName, 'eth0']), ...sites.flatMap(({ links }) => links)],
  };
}

/** Addresses of the site with this index, from 0. */
function siteNumbers(index: number) {
  const block = index * 16;
  return {
    coreSide: ip(`203.0.113.${index * 4 + 1}`),
    routerSide: ip(`203.0.113.${index * 4 + 2}`),
    publicPrefix: `198.51.100.${block}/28`,
    publicGateway: ip(`198.51.100.${block + 1}`),
    publicAddress: (host: number) => ip(`198.51.100.${block + 2 + host}`),
    lanGateway: ip(`10.${index + 1}.0.1`),
    lanAddress: (host: number) => ip(`10.${index + 1}.0.${2 + host}`),
  };
}

function planSite(description: SiteDescription, index: number) {
  const numbers = siteNumbers(index);
  const behaviour = behaviourOf(description.nat);
  const routerName = `${description.name}-router`;
  const natName = `${description.name}-nat`;
  const towardsCore = {
    core: addressed('core', 30, numbers.routerSide),
    routes: [{ to: 'default', via: numbers.coreSide }],
  };
  const gatewayName = behaviour === null ? routerName : natName;
  const hostsInterface = behaviour === null ? 'site' : 'lan';
  const hosts = Array.from({ length: description.hosts }, (_, host): Node => {
    const address = behaviour === null ? numbers.publicAddress(host) : numbers.lanAddress(host);
    return {
      name: `${description.name}-host${host + 1}`,
      interfaces: [addressed('eth0', behaviour === null ? 28 : 24, address)],
      routes: [{ to: 'default', via: behaviour === null ? numbers.publicGateway : numbers.lanGateway }],
      forwarding: false,
    };
  });
  const ports = hosts.map((_, host) => `${hostsInterface}${host + 1}`);
  const siteSide = { ...addressed('site', 28, numbers.publicGateway), strictSource: true };
  const router: Node = {
    name: routerName,
    interfaces: [towardsCore.core, behaviour === null ? { ...siteSide, ports } : siteSide],
    routes: towardsCore.routes,
    forwarding: true,
  };
  const nat: Node | null = behaviour && {
    name: natName,
    interfaces: [
      { ...addressed('lan', 24, numbers.lanGateway), ports },
      addressed('wan', 28, numbers.publicAddress(0)),
    ],
    routes: [{ to: 'default', via: numbers.publicGateway }],
    forwarding: true,
    ruleset: natRuleset(behaviour, numbers.publicAddress(0)),
  };
  const plan: SitePlan = { description, router, nat, hosts, publicAddress: numbers.publicAddress(0) };
  const links = [
    link([coreName, routerLink(description)], [routerName, 'core']),
    ...(nat === null ? [] : [link([routerName, 'site'], [natName, 'wan'])]),
    ...hosts.map((host, index) => link([gatewayName, ports[index]!], [host.name, 'eth0'])),
  ];
  return { plan, numbers, links };
}

function routerLink({ name }: SiteDescription): string {
  return `router-${name}`;
}

function addressed(name: string, prefixLength: number, ...addresses: IpAddress[]): Interface {
  return { name, addresses: addresses.map((address) => ({ address, prefixLength })) };
}

function link(a: readonly [string, string], b: readonly [string, string]): Link {
  const end = ([node, interfaceName]: readonly [string, string]): LinkEnd => ({ node, interfaceName });
  return { ends: [end(a), end(b)] };
}
