import type { FastifyRequest } from 'fastify';
import type { Context } from '../context.ts';

/** What links begin with; no slash at its end. */
export function baseUrl(context: Context, request: FastifyRequest): string {
  return context.publicUrl ?? `${request.protocol}://${request.host}`;
}
