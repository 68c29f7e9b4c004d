import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ip } from '@pinhole/wire';
import { commonBehaviour, type NatBehaviour } from './behaviour.ts';
import { type NatKind, natKinds } from './kinds.ts';
import { natRuleset, natSettings } from './rules.ts';

// That the kernel makes of these rules what they are called is measured in test/verify.lab.test.ts.

function ruleset(kind: Exclude<NatKind, 'none'>): string {
  return natRuleset(natKinds[kind][0], ip('198.51.100.2'));
}

function rulesetOf(change: Partial<NatBehaviour>): string {
  return natRuleset({ ...commonBehaviour, ...change }, ip('198.51.100.2'));
}

test('endpoint-independent filtering and a ruleset for it, whole', () => {
  assert.equal(
    ruleset('eim-eif'),
    `flush ruleset

table ip nat {
  map mappings {
    type inet_proto . inet_service : ipv4_addr . inet_service
    flags dynamic,timeout
    timeout 120s
    size 65535
  }
  chain inbound {
    type nat hook prerouting priority -100; policy accept;
    iifname "wan" ip daddr 198.51.100.2 dnat ip to meta l4proto . th dport map @mappings
    iifname "lan" ip daddr 198.51.100.2 dnat ip to meta l4proto . th dport map @mappings
  }
  chain outbound {
    type nat hook postrouting priority 100; policy accept;
    oifname "wan" meta l4proto { tcp, udp } masquerade
    oifname "wan" masquerade
    iifname "lan" oifname "lan" ct status dnat meta l4proto { tcp, udp } snat to 198.51.100.2
  }
  chain record {
    type filter hook postrouting priority 110; policy accept;
    oifname "wan" ct direction original meta l4proto { tcp, udp } update @mappings { meta l4proto . th sport : ct original ip saddr . ct original proto-src }
    oifname "wan" ct direction reply meta l4proto { tcp, udp } update @mappings { meta l4proto . th sport : ct reply ip saddr . ct reply proto-src }
  }
  chain forward {
    type filter hook forward priority 0; policy drop;
    ct state invalid drop
    ct state established,related accept
    ct status dnat accept
    iifname "lan" oifname "wan" accept
  }
  chain input {
    type filter hook input priority 0; policy accept;
    iifname "wan" ct state new,invalid,untracked drop
    iifname "lan" ip daddr 198.51.100.2 ct state new,invalid drop
  }
}`,
  );
});

test('address-dependent filtering has the sender’s address in the key, both ways', () => {
  const rules = ruleset('eim-adf');
  assert.match(rules, /dnat ip to meta l4proto \. th dport \. ip saddr map @permitted/);
  assert.match(rules, /update @permitted \{ meta l4proto \. th sport \. ip daddr :/);
  assert.doesNotMatch(rules, /@mappings/);
});

test('address- and port-dependent filtering is conntrack’s own: nothing is let in by a map', () => {
  assert.doesNotMatch(ruleset('eim-apdf'), /dnat ip to|map |chain record/);
});

test('a mapping of its own for each destination is drawn at random', () => {
  assert.match(ruleset('apdm-apdf'), /masquerade to :1024-65535 fully-random/);
  assert.doesNotMatch(ruleset('eim-apdf-range'), /random/);
});

test('whatever else a NAT does with unsolicited packets, in the end it drops them', () => {
  for (const kind of ['eim-apdf', 'eim-apdf-rst', 'eim-apdf-icmp'] as const) {
    assert.match(ruleset(kind), /iifname "wan" ct state new,invalid,untracked drop/);
  }
  assert.match(ruleset('eim-apdf-rst'), /reject with tcp reset/);
  assert.match(ruleset('eim-apdf-icmp'), /reject with icmp port-unreachable/);
});

test('a mapping for each address is drawn once and then looked up by it', () => {
  const rules = ruleset('adm-apdf');
  assert.match(rules, /snat ip to meta l4proto \. ip saddr \. th sport \. ip daddr map @assigned/);
  assert.match(rules, /update @assigned \{ meta l4proto .* \. ip daddr : ip saddr \. th sport \}/);
  assert.ok(rules.indexOf('map @assigned') < rules.indexOf('masquerade to :1024-65535 fully-random'));
});

test('sequential ports are counted through a map, UDP and TCP each for itself', () => {
  const allocation = { law: 'sequential', first: 40_000, last: 40_005, step: 2 } as const;
  const rules = rulesetOf({ mapping: 'address-and-port-dependent', allocation });
  const next = 'snat to 198.51.100.2 : numgen inc mod 3 map { 0 : 40000, 1 : 40002, 2 : 40004 }';
  for (const protocol of ['udp', 'tcp']) assert.ok(rules.includes(`meta l4proto ${protocol} ${next}`));
  assert.doesNotMatch(rules, /@assigned/);
  assert.match(rulesetOf({ allocation }), /map @assigned/);
});

test('a poisonable NAT lets unsolicited packets reach its own stack, and may still keep silent', () => {
  assert.doesNotMatch(ruleset('eim-apdf-poisonable'), /iifname "wan" ct state new|hook output/);
  assert.match(ruleset('eim-apdf-poisonable-silent'), /hook output(.|\n)*rst drop/);
});

test('where only outbound packets refresh, others are kept from conntrack', () => {
  const rules = ruleset('eim-apdf-udp10-outbound');
  assert.match(rules, /priority -300(.|\n)*udp dport != @live notrack/);
  assert.match(rules, /update @live \{ udp sport timeout 10s \}/);
});

test('lifetimes are conntrack’s own, and those of the maps beside it', () => {
  assert.deepEqual(natSettings(natKinds['eim-apdf-tcp10-black-hole'][0]), {
    'net/netfilter/nf_conntrack_tcp_timeout_established': 10,
    'net/netfilter/nf_conntrack_tcp_loose': 0,
  });
  assert.deepEqual(natSettings(commonBehaviour), {});
  const rules = rulesetOf({ filtering: 'endpoint-independent', udpLifetimeMs: 10_000 });
  assert.match(rules, /meta l4proto udp update @mappings \{ meta l4proto \. th sport timeout 10s :/);
  assert.match(rules, /meta l4proto tcp update @mappings \{ meta l4proto \. th sport :/);
});
