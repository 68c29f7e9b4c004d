import type { FastifyRequest } from 'fastify';
import { identityOf } from '../people/identity.ts';

/** Whose request it is, as far as it is a person's. */
export function requesterName(request: FastifyRequest): string | null {
  return identityOf(request).session?.person.name ?? null;
}
