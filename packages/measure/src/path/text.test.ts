import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type HopInShort, trace } from './scene.ts';
import { traceText } from './text.ts';

test('a trace reads as traceroute prints it', () => {
  const label = { label: 16_004, trafficClass: 0, bottom: true, ttl: 1 };
  const text = traceText(
    trace(
      [
        ['192.168.1.1', [0.4123, 0.38, 0.391], { nat: 'private-prefix-ends' }],
        null,
        ['198.18.0.1', [9.12, 9.034], { mpls: [{ ...label, label: 24_003, bottom: false }, label] }],
        ['203.0.113.9', 18.5, { nat: 'peer-address' }],
        ['203.0.113.9', [19.003, 18.951, 18.972]],
      ],
      { pathMtu: 1492 },
    ),
  );
  assert.equal(
    text,
    `traceroute to 203.0.113.9:49153 from 192.168.1.2:49153, udp, in-session
 1  192.168.1.1  0.412 ms  0.380 ms  0.391 ms  [NAT: private addresses end]
 2  * * *
 3  198.18.0.1  9.120 ms  9.034 ms  *  <MPLS:L=24003,E=0,S=0,T=1/L=16004,E=0,S=1,T=1>
 4  203.0.113.9  18.500 ms  18.500 ms  18.500 ms  [NAT: the peer's address]
 5  203.0.113.9  19.003 ms  18.951 ms  18.972 ms  [peer]
path MTU 1492
`,
  );
});

describe('a hop that says that there is no way', () => {
  for (const [address, type, code, mtu, mark] of [
    ['198.18.0.1', 3, 0, null, '!N'],
    ['198.18.0.1', 3, 1, null, '!H'],
    ['198.18.0.1', 3, 2, null, '!P'],
    ['198.18.0.1', 3, 3, null, null],
    ['198.18.0.1', 3, 4, 1400, '!F-1400'],
    ['198.18.0.1', 3, 4, null, '!F'],
    ['198.18.0.1', 3, 5, null, '!S'],
    ['198.18.0.1', 3, 10, null, '!<10>'],
    ['198.18.0.1', 3, 13, null, '!X'],
    ['198.18.0.1', 11, 1, null, null],
    ['2001:db8::1', 1, 0, null, '!N'],
    ['2001:db8::1', 1, 1, null, '!X'],
    ['2001:db8::1', 1, 3, null, '!H'],
    ['2001:db8::1', 1, 4, null, null],
    ['2001:db8::1', 2, 0, 1280, '!F-1280'],
    ['2001:db8::1', 3, 0, null, null],
  ] as const)
    test(`${address} by ICMP ${type}/${code} is marked ${mark ?? 'by nothing'}`, () => {
      const hop: HopInShort = [address, [5], { sent: 1, icmp: { type, code }, mtu }];
      const [, line] = traceText(trace([hop])).split('\n');
      assert.equal(line, ` 1  ${address}  5.000 ms${mark === null ? '' : `  ${mark}`}`);
    });
});

test('endpoints of IPv6 stand in brackets', () => {
  const target = { address: '2001:db8::9', port: 49_153 };
  const source = { address: '2001:db8::1', port: 49_153 };
  const [head] = traceText(trace([], { source, target, mode: 'classic', protocol: 'tcp' })).split('\n');
  assert.equal(head, 'traceroute to [2001:db8::9]:49153 from [2001:db8::1]:49153, tcp, classic');
});

for (const [end, words] of [
  ['silent', 'not reached: nobody answers further on'],
  ['loop', 'not reached: the path is a loop'],
  ['unreachable', 'not reached: there is no way further on'],
  ['far', 'not reached: no end of it within the hops tried'],
  ['time', 'not reached: it took too long'],
] as const)
  test(`a trace that ended by ${end} says so`, () =>
    assert.equal(
      traceText(trace([['198.18.0.1', 5]], { end }))
        .split('\n')
        .at(-2),
      words,
    ));
