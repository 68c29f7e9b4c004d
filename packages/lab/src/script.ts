// The shell scripts that make a topology and take it away. Pure: namespace.ts runs them. One process for each
// namespace does all of it, since starting processes is what takes the time.

import { addressBytes } from '@pinhole/wire';
import { coreName, type Link, type LinkEnd, middleName, type Node, type Route } from './node.ts';
import type { Topology } from './topology.ts';

/** The name under which `ip netns` knows a node; null for the core, which is where the program lives. */
export function namespaceOf(prefix: string, nodeName: string): string | null {
  return nodeName === coreName ? null : `${prefix}-${nodeName}`;
}

/** By which a program enters it; null for the core. */
export function namespaceFile(prefix: string, nodeName: string): string | null {
  const namespace = namespaceOf(prefix, nodeName);
  return namespace === null ? null : `/run/netns/${namespace}`;
}

/** Makes the namespaces and the links between them. To be run in the core. */
export function creationScript(prefix: string, topology: Topology): string {
  const names = isolatedNodes(topology).map(({ name }) => namespaceOf(prefix, name));
  return batch([
    ...names.map((name) => `netns add ${name}`),
    ...topology.links.flatMap((link) => addLink(prefix, link)),
  ]);
}

/** Every node but the core. */
export function isolatedNodes({ server, sites, middle }: Topology): Node[] {
  return [
    server,
    ...sites.flatMap(({ router, path, nats, hosts }) => [
      router,
      ...path.routers.map(({ node }) => node),
      ...nats,
      ...hosts,
    ]),
    ...(middle === null ? [] : [middle]),
  ];
}

function addLink(prefix: string, { ends: [a, b], cut }: Link): string[] {
  const end = ({ node, interfaceName }: LinkEnd) => {
    const namespace = namespaceOf(prefix, node);
    return `name ${interfaceName}${namespace === null ? '' : ` netns ${namespace}`}`;
  };
  const pair = (first: LinkEnd, second: LinkEnd) => `link add ${end(first)} type veth peer ${end(second)}`;
  if (cut === undefined) return [pair(a, b)];
  const [middleA, middleB] = cut.interfaceNames.map((interfaceName) => ({ node: middleName, interfaceName }));
  return [pair(a, middleA!), pair(b, middleB!)];
}

/** Takes away what a creation script made. Goes on past what is not there. To be run in the core. */
export function removalScript(namespaces: readonly string[], coreInterfaces: readonly string[]): string {
  // The core's links first: a namespace takes its own along, but only after it has ended in the background.
  return batch(
    [
      ...coreInterfaces.map((name) => `link delete dev ${name}`),
      ...namespaces.map((name) => `netns delete ${name}`),
    ],
    '-force',
  );
}

/** Sets up one node. To be run in its namespace. */
export function nodeScript(node: Node): string {
  const { interfaces, routes, forwarding, policy = [], ruleset, settings = {} } = node;
  return [
    'set -e',
    ...interfaces.flatMap(({ name, ports }) => (ports === undefined ? [] : bridgeLines(name, ports))),
    // IPv4 only as yet: without this, neighbour discovery stands in every capture.
    ...interfaces.flatMap(({ name, ports = [] }) =>
      [name, ...ports].map((each) => optionalSetting(`net/ipv6/conf/${each}/disable_ipv6`, 1)),
    ),
    setting('net/ipv4/ip_forward', forwarding ? 1 : 0),
    // An error tells the way there, also where the way back is another.
    ...(forwarding ? [setting('net/ipv4/icmp_errors_use_inbound_ifaddr', 1)] : []),
    ...(routes.some(({ via }) => via.length > 1) ? multipathLines(node) : []),
    setting('net/ipv4/conf/all/rp_filter', 0),
    ...interfaces.map(({ name, strictSource }) =>
      setting(`net/ipv4/conf/${name}/rp_filter`, strictSource === true ? 1 : 0),
    ),
    batch([
      'link set dev lo up',
      ...interfaces.flatMap(({ name, addresses, mtu, ports = [] }) => [
        ...(mtu === undefined ? [] : [`link set dev ${name} mtu ${mtu}`]),
        ...addresses.map(({ address, prefixLength }) => `address add ${address}/${prefixLength} dev ${name}`),
        ...[name, ...ports].map((each) => `link set dev ${each} up`),
      ]),
      ...routes.map(routeLine),
      ...policy,
    ]),
    ...(ruleset === undefined ? [] : [heredoc('nft -f -', ruleset)]),
    // conntrack's are there once a ruleset asks for it.
    ...Object.entries(settings).map(([path, value]) => setting(path, value)),
  ].join('\n');
}

function bridgeLines(name: string, ports: readonly string[]): string[] {
  return [
    batch([
      `link add name ${name} type bridge mcast_snooping 0`,
      ...ports.map((port) => `link set dev ${port} master ${name}`),
    ]),
    // Frames between two hosts of a LAN are no business of the NAT's rules.
    optionalSetting('net/bridge/bridge-nf-call-iptables', 0),
  ];
}

function routeLine({ to, via }: Route): string {
  const hops = via.length === 1 ? `via ${via[0]}` : via.map((each) => `nexthop via ${each}`).join(' ');
  return `route add ${to} ${hops}`;
}

/** Of ip-sysctl: source and destination address, protocol, and both ports. */
const hashedFields = 0x37;

/**
 * Routers in a row that hash alike would send whatever the first one sends to its second neighbour to their second one,
 * too; so each has a seed of its own, its first address.
 */
function multipathLines({ interfaces }: Node): string[] {
  const seed = Buffer.from(addressBytes(interfaces[0]!.addresses[0]!.address)).readUInt32BE();
  return [
    // By addresses and ports; and by fields, not by policy 1, which takes a hash that a packet brings along within one
    // kernel: a TCP socket draws its own.
    setting('net/ipv4/fib_multipath_hash_policy', 3),
    setting('net/ipv4/fib_multipath_hash_fields', hashedFields),
    optionalSetting('net/ipv4/fib_multipath_hash_seed', seed),
  ];
}

function batch(lines: readonly string[], option = ''): string {
  return heredoc(`ip ${option} -batch -`, lines.join('\n'));
}

function heredoc(command: string, text: string): string {
  return `${command} <<'END'\n${text}\nEND`;
}

function setting(path: string, value: number): string {
  return `echo ${value} > /proc/sys/${path}`;
}

/** For what a kernel may be built without. */
function optionalSetting(path: string, value: number): string {
  return `if [ -e /proc/sys/${path} ]; then ${setting(path, value)}; fi`;
}
