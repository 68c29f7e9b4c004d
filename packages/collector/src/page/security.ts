// What browsers are told about every answer.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Data is no page: nothing in it is run, loaded or framed. */
const dataPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/**
 * The page's: everything from here, no script or style inside the document. Libraries set styles by CSSOM, which this
 * allows; a picture that is exported is a blob.
 */
export const pagePolicy = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "object-src 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join('; ');

const permissionsPolicy = 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()';

/** A year (RFC 6797 §6.1.1): long enough for those who look in now and then. */
const strictTransport = 'max-age=31536000';

export function securityHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => setSecurityHeaders(request, reply));
}

/** For an answer that no hook comes to. */
export function setSecurityHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({
    'content-security-policy': dataPolicy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'permissions-policy': permissionsPolicy,
    'cross-origin-resource-policy': 'same-origin',
  });
  if (request.protocol !== 'https') return;
  // Over plain HTTP the one must not be sent (RFC 6797 §7.2), and browsers complain of the other.
  reply.header('strict-transport-security', strictTransport);
  reply.header('cross-origin-opener-policy', 'same-origin');
}
