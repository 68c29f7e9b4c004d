// From a description to everything that has to be made: namespaces, links, addresses, routes, rules. Pure.
//
//   host ─┐
//         ├─ lan │ nat │ wan ── site │ router │ core ── router-<site> │ core │ server ── eth0 │ server │
//   host ─┘
//
// The core is the namespace that the program itself lives in. Without NAT the hosts hang on the router, with
// public addresses. With two NATs the provider's stands between the site's own and the router:
//
//   … lan │ nat │ wan ── lan │ carrier │ wan ── site │ router │ …
//
// Public addresses are those kept for documentation (RFC 5737), and where these do not suffice, for benchmarks
// (RFC 2544); between two NATs they are those kept for that (RFC 6598):
//
//   192.0.2.0/24      the server's two addresses, .10 and .11
//   198.51.100.0/24   a /28 for each of the first 16 sites: the router, then the NAT or the hosts
//   198.18.0.0/22     the same for the other sites
//   203.0.113.0/24    a /30 a site, between core and router
//   198.19.128.0/17   a /23 a site, for the links of the routers on its path (path/plan.ts)
//   100.64.<n>.0/24   between the n-th site's NATs: .1 the provider's, .2 the site's
//   10.<n>.0.0/24     the LAN behind the n-th site's NAT: .1 the NAT, .2 and on the hosts
//
// A description may give a site another /28 and another LAN.
//
// Between a site's router and the core there may be routers more, other ones in each direction: path/plan.ts.
//
// A link with a delay or a loss is cut in two; the ends in the middle are in a namespace of their own, named links,
// and a program there passes the frames on.

import { type IpAddress, ip } from '@pinhole/wire';
import {
  type CompleteDescription,
  defaultPublicPrefix,
  natLayers,
  type SiteDescription,
} from './description.ts';
import type { NatBehaviour } from './nat/behaviour.ts';
import { natRuleset, natSettings } from './nat/rules.ts';
import { addressed, coreName, cutWhere, type Link, link, middleName, type Node, serverName } from './node.ts';
import { type PathPlan, planPath } from './path/plan.ts';

export interface Topology {
  readonly core: Node;
  readonly server: Node;
  readonly sites: readonly SitePlan[];
  readonly links: readonly Link[];
  /** Where the links are cut; null where none is. */
  readonly middle: Node | null;
}

export interface SitePlan {
  readonly description: SiteDescription;
  readonly router: Node;
  /** Between its router and the core. */
  readonly path: PathPlan;
  /** From the hosts outwards. */
  readonly nats: readonly Node[];
  readonly hosts: readonly Node[];
  /** Under which the site is seen from outside: the NAT's address, or the first host's. */
  readonly publicAddress: IpAddress;
}

const serverGateway = ip('192.0.2.1');
const serverAddresses = [ip('192.0.2.10'), ip('192.0.2.11')];

/** Where everything of a lab stands. The same description gives the same addresses. */
export function planTopology(description: CompleteDescription): Topology {
  const sites = description.sites.map(planSite);
  const links = [
    cutWhere(description.link, serverName, link([coreName, serverName], [serverName, 'eth0'])),
    ...sites.flatMap(({ links }) => links),
  ];
  const middleNames = links.flatMap(({ cut }) => cut?.interfaceNames ?? []);
  return {
    core: {
      name: coreName,
      interfaces: [
        addressed(serverName, 24, serverGateway),
        ...sites.flatMap(({ plan }) => plan.path.coreEnd.interfaces),
      ],
      routes: sites.map(({ plan, numbers }) => ({ to: numbers.publicPrefix, via: plan.path.coreEnd.via })),
      forwarding: true,
    },
    server: {
      name: serverName,
      interfaces: [addressed('eth0', 24, ...serverAddresses)],
      routes: [{ to: 'default', via: [serverGateway] }],
      forwarding: false,
    },
    sites: sites.map(({ plan }) => plan),
    links,
    middle:
      middleNames.length === 0
        ? null
        : {
            name: middleName,
            interfaces: middleNames.map((name) => addressed(name, 0)),
            routes: [],
            forwarding: false,
          },
  };
}

/** Addresses of the site with this index, from 0. */
function siteNumbers(index: number, { lan = `10.${index + 1}.0.0/24`, public: given }: SiteDescription) {
  const publicPrefix = given ?? defaultPublicPrefix(index);
  const [, block = '', first] = /^(.*)\.(\d+)\/28$/.exec(publicPrefix) ?? [];
  const start = Number(first);
  const lanBlock = lan.replace(/\.0\/24$/, '');
  return {
    coreSide: ip(`203.0.113.${index * 4 + 1}`),
    routerSide: ip(`203.0.113.${index * 4 + 2}`),
    publicPrefix,
    publicGateway: ip(`${block}.${start + 1}`),
    publicAddress: (host: number) => ip(`${block}.${start + 2 + host}`),
    carrierInside: ip(`100.64.${index + 1}.1`),
    behindCarrier: ip(`100.64.${index + 1}.2`),
    lanGateway: ip(`${lanBlock}.1`),
    lanAddress: (host: number) => ip(`${lanBlock}.${2 + host}`),
  };
}

function planSite(description: SiteDescription, index: number) {
  const { name } = description;
  const numbers = siteNumbers(index, description);
  const path = planPath(description, index, numbers.publicPrefix, {
    siteSide: numbers.routerSide,
    coreSide: numbers.coreSide,
  });
  const layers = natLayers(description.nat);
  const routerName = `${name}-router`;
  const gatewayName = layers.length === 0 ? routerName : `${name}-nat`;
  const hostsInterface = layers.length === 0 ? 'site' : 'lan';
  const hosts = Array.from({ length: description.hosts }, (_, host): Node => {
    const address = layers.length === 0 ? numbers.publicAddress(host) : numbers.lanAddress(host);
    return {
      name: `${name}-host${host + 1}`,
      interfaces: [addressed('eth0', layers.length === 0 ? 28 : 24, address)],
      routes: [{ to: 'default', via: [layers.length === 0 ? numbers.publicGateway : numbers.lanGateway] }],
      forwarding: false,
    };
  });
  const ports = hosts.map((_, host) => `${hostsInterface}${host + 1}`);
  const siteSide = { ...addressed('site', 28, numbers.publicGateway), strictSource: true };
  const router: Node = {
    name: routerName,
    interfaces: [...path.siteEnd.interfaces, layers.length === 0 ? { ...siteSide, ports } : siteSide],
    routes: [{ to: 'default', via: path.siteEnd.via }],
    forwarding: true,
  };
  const nats = planNats(name, layers, numbers, ports);
  const plan: SitePlan = {
    description,
    router,
    path,
    nats,
    hosts,
    publicAddress: numbers.publicAddress(0),
  };
  const links = [
    ...path.links,
    ...nats.map(({ name: nat }, layer) => {
      const next = nats[layer + 1];
      return link(next === undefined ? [routerName, 'site'] : [next.name, 'lan'], [nat, 'wan']);
    }),
    ...hosts.map((host, index) => link([gatewayName, ports[index]!], [host.name, 'eth0'])),
  ];
  return { plan, numbers, links };
}

function planNats(
  site: string,
  layers: readonly NatBehaviour[],
  numbers: ReturnType<typeof siteNumbers>,
  ports: readonly string[],
): Node[] {
  return layers.map((behaviour, layer): Node => {
    const isCarrier = layer > 0;
    const isOutermost = layer === layers.length - 1;
    const outside = isOutermost ? numbers.publicAddress(0) : numbers.behindCarrier;
    return {
      name: `${site}-${isCarrier ? 'carrier' : 'nat'}`,
      interfaces: [
        isCarrier
          ? addressed('lan', 24, numbers.carrierInside)
          : { ...addressed('lan', 24, numbers.lanGateway), ports },
        addressed('wan', isOutermost ? 28 : 24, outside),
      ],
      routes: [{ to: 'default', via: [isOutermost ? numbers.publicGateway : numbers.carrierInside] }],
      forwarding: true,
      ruleset: natRuleset(behaviour, outside),
      settings: natSettings(behaviour),
    };
  });
}
