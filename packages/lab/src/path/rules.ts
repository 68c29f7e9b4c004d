// What makes a Linux router one that is silent, stops packets, sets their TTL anew, or sends them back. Pure.
//
// A router on a path has the interfaces site1, site2, … towards the site and core1, core2, … towards the core.

import type { IpAddress } from '@pinhole/wire';
import { serverPrefix } from '../node.ts';
import type { Chain, Segment } from './description.ts';

/** An nftables ruleset; none where Linux's own ways are asked for. `direction`: whose packets the router is there for. */
export function routerRuleset(segment: Segment, direction: Chain['name']): string | undefined {
  const { silent, stops, setsTtl, mpls } = segment;
  const way = { path: '', up: 'iifname "site*" oifname "core*" ', down: 'iifname "core*" oifname "site*" ' }[
    direction
  ];
  const chains = [
    // An emulated router answers these; it reads them before they come here.
    mpls && chain('arriving', 'prerouting', ['ip ttl < 2 drop']),
    silent && chain('answers', 'output', ['icmp type time-exceeded drop']),
    (stops !== undefined || setsTtl !== undefined) &&
      chain('passing', 'forward', [
        ...(setsTtl === undefined ? [] : [`${way}ip ttl set ${setsTtl}`]),
        ...(stops === undefined
          ? []
          : [
              `ip saddr ${serverPrefix} accept`,
              `ip daddr ${serverPrefix} accept`,
              `${way}meta l4proto { tcp, udp } ${stops === 'silently' ? 'drop' : `reject with icmp ${stops}`}`,
            ]),
      ]),
  ].filter((each) => typeof each === 'string');
  return chains.length === 0 ? undefined : `table ip router {\n${chains.join('\n')}\n}`;
}

function chain(name: string, hook: string, rules: readonly string[]): string {
  const lines = [`type filter hook ${hook} priority 0; policy accept;`, ...rules];
  return `  chain ${name} {\n${lines.map((line) => `    ${line}\n`).join('')}  }`;
}

/** Values by their paths under /proc/sys. */
export function routerSettings(
  { rateLimitMs }: Segment,
  interfaceNames: readonly string[],
): Record<string, number> {
  return {
    'net/ipv4/icmp_ratelimit': rateLimitMs,
    // A router that sends packets back whence they came would tell their sender a better way.
    ...Object.fromEntries(
      ['all', ...interfaceNames].map((name) => [`net/ipv4/conf/${name}/send_redirects`, 0]),
    ),
  };
}

/** Lines for `ip -batch` of a router that sends back to `previous` what comes on the way up, or down. */
export function loopPolicy(direction: 'up' | 'down', previous: IpAddress): string[] {
  const [from, server] = { up: ['site1', 'to'], down: ['core1', 'from'] }[direction];
  return [
    `rule add pref 100 iif ${from} ${server} ${serverPrefix} lookup main`,
    ...['udp', 'tcp'].map((protocol) => `rule add pref 101 iif ${from} ipproto ${protocol} lookup 100`),
    `route add default via ${previous} table 100`,
  ];
}
