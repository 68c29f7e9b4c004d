// Agent ↔ agent, over the session's own 5-tuple: STUN messages of our own methods.
//
//   Check   request  is this the way to you? (answered with where it came from)
//   Open    request  source → target: the round begins, by this plan
//   Report  request  both ways, when the probes are through: what was sent, and when its reflections came
//   Flows   request  packets will come from there as well: send one to each, so that what is in front of you lets them in
//   Trace   request  sent with a small TTL, to be answered by whoever is there when it is at an end, or by the peer
//   Close   indication  the sender forgets the session
//   Throughput  request     source → target: I have bulk packets for you (answered with their tag), or send me some
//   Arrived     indication  every half a second while bulk packets come: go on, or stop
//   Finish      request     that was all; answered when the rest has had time to arrive
//
// Each names its session and carries MESSAGE-INTEGRITY-SHA256 under the session's control key. The STAMP probes of
// the round travel between them on the same 5-tuple; their first octets cannot be taken for a STUN cookie.

import type { Endpoint } from '../address.ts';
import type { Decoded } from '../outcome.ts';
import { sessionIdBytes } from '../rendezvous/bodies.ts';
import type { StunAttribute } from '../stun/attributes.ts';
import type { IntegrityKey } from '../stun/integrity.ts';
import {
  encodeStun,
  findAttribute,
  findEndpoints,
  type StunClass,
  type StunMessage,
} from '../stun/message.ts';
import {
  decodePlan,
  decodeRecords,
  encodePlan,
  encodeRecords,
  type SentRecords,
  type SessionPlan,
} from './records.ts';
import { decodeTcpFigures, encodeTcpFigures, type TcpFigures } from './tcp-figures.ts';
import {
  type BulkArrived,
  decodeBulkArrived,
  decodeThroughputPlan,
  encodeBulkArrived,
  encodeThroughputPlan,
  type ThroughputPlan,
} from './throughput.ts';

export const sessionMethods = {
  check: 0x090,
  open: 0x091,
  report: 0x092,
  close: 0x093,
  trace: 0x094,
  flows: 0x095,
  throughput: 0x096,
  arrived: 0x097,
  finish: 0x098,
} as const;
export type SessionMethod = keyof typeof sessionMethods;

export type SessionBody =
  /** Test and source name the pair's key to a target that has not heard of this session. */
  | {
      readonly kind: 'check';
      readonly testId: string;
      readonly sourceAgentId: string;
      readonly roundId: number;
    }
  | { readonly kind: 'checked'; readonly mapped: Endpoint }
  /** `sentTo`: where the source sends to, so that the target knows its own endpoint on this path. */
  | { readonly kind: 'open'; readonly plan: SessionPlan; readonly sentTo: Endpoint }
  | { readonly kind: 'opened' }
  /** `tcp` where the sender's system tells; the latest part's counts. */
  | { readonly kind: 'report'; readonly records: SentRecords; readonly tcp: TcpFigures | null }
  | { readonly kind: 'reported' }
  /** `paddingBytes` makes the datagram larger by that and the attribute's header; multiples of 4. */
  | { readonly kind: 'trace'; readonly paddingBytes: number }
  /** What was left of the TTL, where the system tells; and where it came from. */
  | { readonly kind: 'traced'; readonly receivedTtl: number | null; readonly mapped: Endpoint }
  | { readonly kind: 'flows'; readonly from: readonly Endpoint[] }
  | { readonly kind: 'flows-opened' }
  | { readonly kind: 'throughput'; readonly plan: ThroughputPlan }
  | { readonly kind: 'granted'; readonly plan: ThroughputPlan }
  | { readonly kind: 'arrived'; readonly report: BulkArrived }
  /** Bulk packets that were sent. */
  | { readonly kind: 'finish'; readonly packets: number }
  | { readonly kind: 'finished' }
  | { readonly kind: 'close' }
  | {
      readonly kind: 'refused';
      readonly method: SessionMethod;
      readonly code: number;
      readonly reason: string;
    };

/** In one request: as many as there are traces of a round. */
export const maxFlows = 10;

export interface SessionMessage {
  readonly transactionId: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly body: SessionBody;
}

const wire: Record<Exclude<SessionBody['kind'], 'refused'>, { method: SessionMethod; class: StunClass }> = {
  check: { method: 'check', class: 'request' },
  checked: { method: 'check', class: 'success' },
  open: { method: 'open', class: 'request' },
  opened: { method: 'open', class: 'success' },
  report: { method: 'report', class: 'request' },
  reported: { method: 'report', class: 'success' },
  trace: { method: 'trace', class: 'request' },
  traced: { method: 'trace', class: 'success' },
  flows: { method: 'flows', class: 'request' },
  'flows-opened': { method: 'flows', class: 'success' },
  throughput: { method: 'throughput', class: 'request' },
  granted: { method: 'throughput', class: 'success' },
  arrived: { method: 'arrived', class: 'indication' },
  finish: { method: 'finish', class: 'request' },
  finished: { method: 'finish', class: 'success' },
  close: { method: 'close', class: 'indication' },
};

export function encodeSessionMessage(message: SessionMessage, controlKey: IntegrityKey): Uint8Array {
  const { body } = message;
  const { method, class: messageClass } =
    body.kind === 'refused' ? { method: body.method, class: 'error' as const } : wire[body.kind];
  const attributes: StunAttribute[] = [
    { type: 'session-id', octets: message.sessionId },
    ...bodyAttributes(body),
  ];
  return encodeStun(
    { class: messageClass, method: sessionMethods[method], transactionId: message.transactionId, attributes },
    { sha256Key: controlKey, fingerprint: true },
  );
}

export type SessionDecodeFailure = 'not-session' | 'missing-attribute' | 'bad-attribute';

/** What a STUN message says to a session. Its integrity is the caller's to check, who knows the session's key. */
export function decodeSessionMessage(message: StunMessage): Decoded<SessionMessage, SessionDecodeFailure> {
  const entry = Object.entries(sessionMethods).find(([, code]) => code === message.method);
  if (entry === undefined || message.transactionId.length !== 12) return { ok: false, reason: 'not-session' };
  const sessionId = findAttribute(message, 'session-id')?.octets;
  if (sessionId === undefined) return { ok: false, reason: 'missing-attribute' };
  if (sessionId.length !== sessionIdBytes) return { ok: false, reason: 'bad-attribute' };
  const body = decodeBody(entry[0] as SessionMethod, message);
  if (typeof body === 'string') return { ok: false, reason: body };
  return { ok: true, value: { transactionId: message.transactionId, sessionId, body } };
}

function bodyAttributes(body: SessionBody): StunAttribute[] {
  switch (body.kind) {
    case 'check':
      return [
        { type: 'test-id', text: body.testId },
        { type: 'agent-id', text: body.sourceAgentId },
        { type: 'round-id', value: body.roundId },
      ];
    case 'checked':
      return [{ type: 'xor-mapped-address', endpoint: body.mapped }];
    case 'open':
      return [
        { type: 'plan', octets: encodePlan(body.plan) },
        { type: 'peer-address', endpoint: body.sentTo },
      ];
    case 'report':
      return [
        { type: 'records', octets: encodeRecords(body.records) },
        ...(body.tcp === null ? [] : [{ type: 'tcp-figures' as const, octets: encodeTcpFigures(body.tcp) }]),
      ];
    case 'trace':
      return body.paddingBytes === 0 ? [] : [{ type: 'padding', octets: new Uint8Array(body.paddingBytes) }];
    case 'traced':
      return [
        { type: 'xor-mapped-address', endpoint: body.mapped },
        ...(body.receivedTtl === null ? [] : [{ type: 'received-ttl' as const, value: body.receivedTtl }]),
      ];
    case 'flows':
      return body.from.map((endpoint) => ({ type: 'peer-address', endpoint }));
    case 'throughput':
    case 'granted':
      return [{ type: 'throughput', octets: encodeThroughputPlan(body.plan) }];
    case 'arrived':
      return [{ type: 'arrived', octets: encodeBulkArrived(body.report) }];
    case 'finish':
      return [{ type: 'packets', value: body.packets }];
    case 'refused':
      return [{ type: 'error-code', code: body.code, reason: body.reason }];
    default:
      return [];
  }
}

function decodeBody(method: SessionMethod, message: StunMessage): SessionBody | SessionDecodeFailure {
  if (message.class === 'error') {
    const error = findAttribute(message, 'error-code');
    return error === undefined
      ? 'missing-attribute'
      : { kind: 'refused', method, code: error.code, reason: error.reason };
  }
  switch (`${method} ${message.class}`) {
    case 'check request': {
      const testId = findAttribute(message, 'test-id')?.text;
      const sourceAgentId = findAttribute(message, 'agent-id')?.text;
      const roundId = findAttribute(message, 'round-id')?.value;
      if (testId === undefined || sourceAgentId === undefined || roundId === undefined)
        return 'missing-attribute';
      return { kind: 'check', testId, sourceAgentId, roundId };
    }
    case 'check success': {
      const mapped = findAttribute(message, 'xor-mapped-address')?.endpoint;
      return mapped === undefined ? 'missing-attribute' : { kind: 'checked', mapped };
    }
    case 'open request': {
      const octets = findAttribute(message, 'plan')?.octets;
      const sentTo = findAttribute(message, 'peer-address')?.endpoint;
      if (octets === undefined || sentTo === undefined) return 'missing-attribute';
      const plan = decodePlan(octets);
      return plan === null ? 'bad-attribute' : { kind: 'open', plan, sentTo };
    }
    case 'report request': {
      const octets = findAttribute(message, 'records')?.octets;
      if (octets === undefined) return 'missing-attribute';
      const records = decodeRecords(octets);
      if (records === null) return 'bad-attribute';
      const figures = findAttribute(message, 'tcp-figures')?.octets;
      return { kind: 'report', records, tcp: figures === undefined ? null : decodeTcpFigures(figures) };
    }
    case 'open success':
      return { kind: 'opened' };
    case 'report success':
      return { kind: 'reported' };
    case 'trace request':
      return { kind: 'trace', paddingBytes: findAttribute(message, 'padding')?.octets.length ?? 0 };
    case 'trace success': {
      const mapped = findAttribute(message, 'xor-mapped-address')?.endpoint;
      if (mapped === undefined) return 'missing-attribute';
      const receivedTtl = findAttribute(message, 'received-ttl')?.value ?? null;
      return receivedTtl !== null && receivedTtl > 255
        ? 'bad-attribute'
        : { kind: 'traced', receivedTtl, mapped };
    }
    case 'flows request': {
      const from = findEndpoints(message, 'peer-address', maxFlows);
      return from.length === 0 ? 'missing-attribute' : { kind: 'flows', from };
    }
    case 'flows success':
      return { kind: 'flows-opened' };
    case 'throughput request':
    case 'throughput success': {
      const octets = findAttribute(message, 'throughput')?.octets;
      if (octets === undefined) return 'missing-attribute';
      const plan = decodeThroughputPlan(octets);
      if (plan === null) return 'bad-attribute';
      return { kind: message.class === 'request' ? 'throughput' : 'granted', plan };
    }
    case 'arrived indication': {
      const octets = findAttribute(message, 'arrived')?.octets;
      if (octets === undefined) return 'missing-attribute';
      const report = decodeBulkArrived(octets);
      return report === null ? 'bad-attribute' : { kind: 'arrived', report };
    }
    case 'finish request': {
      const packets = findAttribute(message, 'packets')?.value;
      return packets === undefined ? 'missing-attribute' : { kind: 'finish', packets };
    }
    case 'finish success':
      return { kind: 'finished' };
    case 'close indication':
      return { kind: 'close' };
    default:
      return 'not-session';
  }
}
