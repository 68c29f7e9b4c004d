// What collector and NAT traversal server agree on without talking: time-limited credentials for agents, and
// tickets that let one agent ask for another. Both are derived from one secret (the convention of TURN's REST API).

import { createHmac, timingSafeEqual } from 'node:crypto';

export interface TraversalCredential {
  /** `expiry in epoch seconds:agent id`. */
  readonly username: string;
  /** base64; the key of MESSAGE-INTEGRITY-SHA256 is its octets as text. */
  readonly password: string;
}

/** The credential of `agentId`, valid until `expiresAtS` (epoch seconds). */
export function traversalCredential(
  secret: Uint8Array,
  agentId: string,
  expiresAtS: number,
): TraversalCredential {
  const username = `${expiresAtS}:${agentId}`;
  return { username, password: traversalPassword(secret, username) };
}

/** The password that belongs to a user name, whoever it came from: it proves nothing by itself. */
export function traversalPassword(secret: Uint8Array, username: string): string {
  return createHmac('sha256', secret).update('pinhole credential\0').update(username).digest('base64');
}

/** What a user name says; null where it is none of ours. */
export function parseTraversalUsername(username: string): { agentId: string; expiresAtS: number } | null {
  const match = /^(\d{1,12}):(\d{1,19})$/.exec(username);
  return match === null ? null : { expiresAtS: Number(match[1]), agentId: match[2] as string };
}

/** The right to start sessions of one test from `sourceAgentId` to `targetAgentId`. */
export interface Ticket {
  readonly testId: string;
  readonly sourceAgentId: string;
  readonly targetAgentId: string;
  /** Epoch seconds. */
  readonly expiresAtS: number;
}

// Ticket: version 1 (1) · expiry (8) · test (8) · source (8) · target (8) · HMAC-SHA-256 (32) = 65 octets
const ticketVersion = 1;
const ticketBodyBytes = 33;
export const ticketBytes = 65;

/** Ids must be decimal numbers below 2^64. */
export function encodeTicket(secret: Uint8Array, ticket: Ticket): Uint8Array {
  const bytes = Buffer.alloc(ticketBytes);
  bytes.writeUInt8(ticketVersion, 0);
  bytes.writeBigUInt64BE(BigInt(ticket.expiresAtS), 1);
  bytes.writeBigUInt64BE(BigInt(ticket.testId), 9);
  bytes.writeBigUInt64BE(BigInt(ticket.sourceAgentId), 17);
  bytes.writeBigUInt64BE(BigInt(ticket.targetAgentId), 25);
  ticketSignature(secret, bytes.subarray(0, ticketBodyBytes)).copy(bytes, ticketBodyBytes);
  return bytes;
}

/** The ticket, if it carries the secret's signature. Its expiry is the caller's to check. */
export function decodeTicket(
  secret: Uint8Array,
  bytes: Uint8Array,
): { ok: true; ticket: Ticket } | { ok: false; reason: 'length' | 'version' | 'signature' } {
  if (bytes.length !== ticketBytes) return { ok: false, reason: 'length' };
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (buffer[0] !== ticketVersion) return { ok: false, reason: 'version' };
  const signature = ticketSignature(secret, buffer.subarray(0, ticketBodyBytes));
  if (!timingSafeEqual(signature, buffer.subarray(ticketBodyBytes)))
    return { ok: false, reason: 'signature' };
  return {
    ok: true,
    ticket: {
      expiresAtS: Number(buffer.readBigUInt64BE(1)),
      testId: buffer.readBigUInt64BE(9).toString(),
      sourceAgentId: buffer.readBigUInt64BE(17).toString(),
      targetAgentId: buffer.readBigUInt64BE(25).toString(),
    },
  };
}

function ticketSignature(secret: Uint8Array, body: Uint8Array): Buffer {
  return createHmac('sha256', secret).update('pinhole ticket\0').update(body).digest();
}
