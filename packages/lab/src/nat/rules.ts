// The nftables ruleset that makes a Linux router a NAT of a given behaviour.
//
// The NAT has two interfaces: `lan` and `wan`. conntrack by itself is endpoint-independent mapping (it gives a
// source that is mapped already the same port again, unless told to draw at random) with address- and
// port-dependent filtering. What lets more in is a map filled by the packets on their way out:
//
//   mappings    protocol . external port            → internal address . port     any sender, and hairpinning
//   permitted   protocol . external port . sender   → internal address . port     address-dependent filtering

import type { IpAddress } from '@pinhole/wire';
import type { Allocation, NatBehaviour } from './behaviour.ts';

/** How long a mapping lives without an outbound packet. RFC 4787 REQ-5: at least two minutes. */
const mappingTimeout = '120s';
/** All ports of one protocol: the maps never refuse a mapping for want of room. */
const mapSize = 65535;

const transport = 'meta l4proto { tcp, udp }';

/**
 * The ruleset, to be fed to `nft -f -` in the NAT's namespace. It replaces what was loaded before.
 * `publicAddress` is the one address on `wan`.
 */
export function natRuleset(behaviour: NatBehaviour, publicAddress: IpAddress): string {
  const toAnyone = behaviour.filtering === 'endpoint-independent';
  const toKnownAddress = behaviour.filtering === 'address-dependent';
  const keepsMappings = toAnyone || behaviour.hairpin;
  return block('flush ruleset\n\ntable ip nat', [
    keepsMappings && map('mappings', 'inet_proto . inet_service'),
    toKnownAddress && map('permitted', 'inet_proto . inet_service . ipv4_addr'),
    (keepsMappings || toKnownAddress) &&
      block('chain inbound', [
        'type nat hook prerouting priority -100; policy accept;',
        toAnyone &&
          `iifname "wan" ip daddr ${publicAddress} dnat ip to meta l4proto . th dport map @mappings`,
        toKnownAddress &&
          `iifname "wan" ip daddr ${publicAddress} dnat ip to meta l4proto . th dport . ip saddr map @permitted`,
        behaviour.hairpin &&
          `iifname "lan" ip daddr ${publicAddress} dnat ip to meta l4proto . th dport map @mappings`,
      ]),
    block('chain outbound', [
      'type nat hook postrouting priority 100; policy accept;',
      ...sourceNat(behaviour).map((rule) => `oifname "wan" ${rule}`),
      behaviour.hairpin && `iifname "lan" oifname "lan" ct status dnat ${transport} snat to ${publicAddress}`,
    ]),
    // After the source NAT (100), so that the source port is the external one.
    (keepsMappings || toKnownAddress) &&
      block('chain record', [
        'type filter hook postrouting priority 110; policy accept;',
        ...recordRules(keepsMappings, toKnownAddress),
      ]),
    block('chain forward', [
      'type filter hook forward priority 0; policy drop;',
      'ct state invalid drop',
      'ct state established,related accept',
      'ct status dnat accept',
      'iifname "lan" oifname "wan" accept',
    ]),
    block('chain input', [
      'type filter hook input priority 0; policy accept;',
      ...unsolicitedRules(behaviour),
      // A packet to the public address that was not hairpinned must not be answered by the NAT's own stack.
      `iifname "lan" ip daddr ${publicAddress} ct state new,invalid drop`,
    ]),
  ]);
}

function sourceNat({ mapping, allocation }: NatBehaviour): string[] {
  const draw = mapping === 'endpoint-independent' ? '' : ' fully-random';
  return [`${transport} masquerade${portRange(allocation)}${draw}`, 'masquerade'];
}

function portRange(allocation: Allocation): string {
  return allocation.law === 'preserving' ? '' : ` to :${allocation.first}-${allocation.last}`;
}

/**
 * The internal endpoint is the source of a flow's original direction when the flow began inside, and the source
 * of its reply direction when it began outside.
 */
function recordRules(keepsMappings: boolean, toKnownAddress: boolean): string[] {
  return (['original', 'reply'] as const).flatMap((direction) => {
    const flow = `oifname "wan" ct direction ${direction} ${transport}`;
    const internal = `ct ${direction} ip saddr . ct ${direction} proto-src`;
    const rules: string[] = [];
    if (keepsMappings) rules.push(`${flow} update @mappings { meta l4proto . th sport : ${internal} }`);
    if (toKnownAddress) {
      rules.push(`${flow} update @permitted { meta l4proto . th sport . ip daddr : ${internal} }`);
    }
    return rules;
  });
}

/** A packet refused here makes no conntrack entry, so it cannot take the port from a later outbound flow. */
function unsolicitedRules({ unsolicited }: NatBehaviour): string[] {
  const drop = 'iifname "wan" ct state new,invalid drop';
  switch (unsolicited) {
    case 'drop':
      return [drop];
    case 'rst':
      return ['iifname "wan" meta l4proto tcp ct state new reject with tcp reset', drop];
    case 'icmp':
      return [`iifname "wan" ${transport} ct state new reject with icmp port-unreachable`, drop];
  }
}

function map(name: string, key: string): string {
  return block(`map ${name}`, [
    `type ${key} : ipv4_addr . inet_service`,
    'flags dynamic,timeout',
    `timeout ${mappingTimeout}`,
    `size ${mapSize}`,
  ]);
}

function block(head: string, lines: readonly (string | false)[]): string {
  const body = lines.filter((line) => line !== false).join('\n');
  return `${head} {\n${body.replace(/^/gm, '  ')}\n}`;
}
