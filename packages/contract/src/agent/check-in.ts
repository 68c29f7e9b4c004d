// Agent ↔ collector: HTTP with JSON bodies, below /agent/v1. docs/protocol.md tells it in prose.
//
//   POST /agent/v1/enroll      EnrollRequest  → 201 EnrollResponse        (account group token in the body)
//   POST /agent/v1/check-in    CheckInRequest → 200 CheckInResponse       (Authorization: Bearer agentSecret)
//   GET  /agent/v1/changes?version=N  → 200 ChangesResponse as soon as the configuration is no longer version N,
//                                       null after changesHoldMs without a change; until then a blank line again and again
//   POST /agent/v1/progress    ProgressRequest → 204                      (the same secret)
//
// Errors are problem bodies (RFC 9457), as in REST. 401: the secret is no longer known. A disabled agent goes on
// checking in; its configuration says `enabled: false`.

import { z } from 'zod';
import { natTraversalSchema } from '../nat-traversal.ts';
import { endpointSchema } from '../primitives.ts';
import { agentConfigSchema } from './configuration.ts';
import { agentFactsSchema } from './enrolment.ts';
import { agentResultSchema } from './results.ts';

/** Check-in at least this often. */
export const checkInIntervalMs = 60_000;
/** How long the collector holds a request for changes; below the 60 s at which common proxies cut. */
export const changesHoldMs = 50_000;
/** Results in one check-in at most; the rest follows at once in further ones. */
export const maxResultsPerCheckIn = 200;

export const registrationStateSchema = z.object({
  status: z.enum(['off', 'connecting', 'registered', 'failed']),
  /** As the NAT traversal server sees them. */
  tcp: endpointSchema.nullable(),
  udp: endpointSchema.nullable(),
  /** Why it is not registered, in words. */
  detail: z.string().max(300).nullable(),
});
export type RegistrationState = z.infer<typeof registrationStateSchema>;

export const checkInRequestSchema = z.object({
  /** The configuration the agent holds; 0 for none. */
  configVersion: z.int().min(0),
  facts: agentFactsSchema,
  registration: registrationStateSchema,
  results: z.array(agentResultSchema).max(maxResultsPerCheckIn),
  /** The last compatibility check, where the collector does not have it yet. */
  natTraversal: natTraversalSchema.optional(),
});
export type CheckInRequest = z.infer<typeof checkInRequestSchema>;

export const checkInResponseSchema = z.object({
  /** How many of the request's results, from its first on, are kept safely now (or never will be: a deleted test's). */
  acknowledged: z.int().min(0),
  configVersion: z.int().min(0),
  /** Present when it differs from what the agent holds. */
  config: agentConfigSchema.optional(),
});
export type CheckInResponse = z.infer<typeof checkInResponseSchema>;

export const changesResponseSchema = z.object({ configVersion: z.int().min(0) });
export type ChangesResponse = z.infer<typeof changesResponseSchema>;
