import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ip } from '@pinhole/wire';
import { behaviourOf, type NatKind } from './behaviour.ts';
import { natRuleset } from './rules.ts';

// That the kernel makes of these rules what they are called is measured in test/verify.lab.test.ts.

function ruleset(kind: NatKind): string {
  return natRuleset(behaviourOf(kind)!, ip('198.51.100.2'));
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
    iifname "wan" ct state new,invalid drop
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
    assert.match(ruleset(kind), /iifname "wan" ct state new,invalid drop/);
  }
  assert.match(ruleset('eim-apdf-rst'), /reject with tcp reset/);
  assert.match(ruleset('eim-apdf-icmp'), /reject with icmp port-unreachable/);
});
