// What several messages share.

import { z } from 'zod';

export const agentIdSchema = z.string().regex(/^\d{1,19}$/, 'an agent id is a decimal number');
export const testIdSchema = z.string().regex(/^\d{1,19}$/, 'a test id is a decimal number');

export const ipAddressSchema = z.union([z.ipv4(), z.ipv6()]);
export const portSchema = z.int().min(1).max(65535);
export const endpointSchema = z.object({ address: ipAddressSchema, port: portSchema });

/** Until the end of the year 9999: dates are written up to then (RFC 3339 §1). */
const lastEpochS = 253_402_300_799;
export const epochSecondsSchema = z.int().min(0).max(lastEpochS);
export const epochMillisecondsSchema = z
  .int()
  .min(0)
  .max(lastEpochS * 1000 + 999);

export const intervals = [60, 120, 300, 600, 900, 1800, 3600] as const;
export const intervalSchema = z.literal(intervals);

/** As asked for in a test. */
export const directionSchema = z.enum(['to-target', 'from-target', 'bidirectional']);
export type Direction = z.infer<typeof directionSchema>;

/** As measured. */
export const oneDirectionSchema = z.enum(['to-target', 'from-target']);
export type OneDirection = z.infer<typeof oneDirectionSchema>;

export const protocolSchema = z.enum(['tcp', 'udp']);
export type Protocol = z.infer<typeof protocolSchema>;

/** The NAT traversal server's ports (TCP and UDP). */
export const traversalPorts = [9119, 9120] as const;
/** The agent's one local port for everything, unless set otherwise. */
export const defaultAgentPort = 49153;

/** The directions that a test's `direction` asks for. */
export function measuredDirections(direction: Direction): OneDirection[] {
  return direction === 'bidirectional' ? ['to-target', 'from-target'] : [direction];
}
