import { describe } from 'node:test';
import { ip } from '@pinhole/wire';
import { describeBasics } from './basics.ts';
import { describeIcmp } from './icmp.ts';
import type { Subject } from './subject.ts';
import { describeTcp } from './tcp.ts';
import { describeTcpMeasuring } from './tcp-measuring.ts';
import { describeUdp } from './udp.ts';

/** What every implementation of Net must do. */
export function describeNet(subject: Subject): void {
  describe(`${subject.name}: clock, random, host`, () => describeBasics(subject));
  describe(`${subject.name}: UDP over IPv4`, () => describeUdp(subject, ip('127.0.0.1')));
  describe(`${subject.name}: UDP over IPv6`, () => describeUdp(subject, ip('::1')));
  describe(`${subject.name}: TCP`, () => describeTcp(subject));
  describe(`${subject.name}: measuring by TCP`, () => describeTcpMeasuring(subject));
  describe(`${subject.name}: ICMP`, () => describeIcmp(subject));
}
