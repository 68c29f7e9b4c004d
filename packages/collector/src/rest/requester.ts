import type { FastifyRequest } from 'fastify';
import { identityOf } from '../people/identity.ts';

/** Whose request it is, as far as it is a person's. */
export function requesterName(request: FastifyRequest): string | null {
  return identityOf(request).session?.person.name ?? null;
}

/** An address that the collector sends to, whose path or query may be a secret: whoever may only read sees its origin. */
export function shownAddress(request: FastifyRequest, url: string): string {
  return identityOf(request).access === 'write' ? url : `${new URL(url).origin}/`;
}
