// For the tests: packets octet by octet, written from the RFCs' drawings without our own codec; and a reflector.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { type Endpoint, endpoint } from '@pinhole/wire';
import {
  type ReflectorEffect,
  type ReflectorEvent,
  type ReflectorOptions,
  startReflector,
  stepReflector,
} from './reflector.ts';

export const hex = (...parts: string[]) => Buffer.from(parts.join('').replaceAll(/\s/g, ''), 'hex');
export const zeros = (octets: number) => '00'.repeat(octets);

export const key = hex('000102030405060708090a0b0c0d0e0f');
export const hmac = (...parts: Uint8Array[]) =>
  createHmac('sha256', key).update(Buffer.concat(parts)).digest().subarray(0, 16);

export const senderEndpoint: Endpoint = endpoint('198.51.100.7', 40_001);
const reflectorEndpoint: Endpoint = endpoint('192.0.2.1', 862);

/** A probe, unauthenticated: sequence number, SSID, then TLVs. T1 is e9a1b2c3.80000000; it errs by 1 unit. */
export const openProbe = (sequence: string, ssid: string, tlvs = '') =>
  hex(sequence, 'e9a1b2c380000000', '0001', ssid, zeros(28), tlvs);

/** The same, signed; TLVs carry their own HMAC. */
export function signedProbe(sequence: string, ssid: string, tlvs = ''): Buffer {
  const base = hex(sequence, zeros(12), 'e9a1b2c380000000', '0001', ssid, zeros(68));
  const own = tlvs === '' ? [] : [hex(tlvs), hex('80080010'), hmac(hex(sequence), hex(tlvs))];
  return Buffer.concat([base, hmac(base), ...own]);
}

const defaults: ReflectorOptions = {
  security: { mode: 'unauthenticated' },
  stateful: true,
  twampLight: false,
  allowed: [],
  replyDscps: null,
  sourceRate: 1_000,
  totalRate: 20_000,
  maxSessions: 100,
};
export const signed: Partial<ReflectorOptions> = { security: { mode: 'authenticated', key } };
export const receivedAt = 0xe9a1_b2c3_9000_0000n;

/** A reflector, fed by hand. */
export function reflectorWith(options: Partial<ReflectorOptions> = {}) {
  const state = startReflector({ ...defaults, ...options }, 0);
  const feed = (event: ReflectorEvent, nowMs = 1) => stepReflector(state, event, nowMs);
  const probe = (
    data: Uint8Array,
    more: Partial<Extract<ReflectorEvent, { kind: 'datagram' }>> = {},
    nowMs = 1,
  ) => {
    const event = { kind: 'datagram', data, from: senderEndpoint, to: reflectorEndpoint } as const;
    const { effects } = feed({ ...event, receivedAt, ttl: 250, dscp: 46, ...more }, nowMs);
    return effects.find((effect) => effect.kind === 'reply');
  };
  return { state, feed, probe };
}

export const bytesOf = (reply: Extract<ReflectorEffect, { kind: 'reply' }> | undefined) => {
  assert.ok(reply !== undefined, 'no reply');
  return Buffer.from(reply.data).toString('hex');
};
export const tlvsOf = (reply: Extract<ReflectorEffect, { kind: 'reply' }> | undefined, baseBytes = 44) =>
  bytesOf(reply).slice(baseBytes * 2);
