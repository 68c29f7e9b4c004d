// The description of REST, which everybody may read: /v7/openapi.json, and for people /v7, /v7/ and /v7/docs.

import { createHash } from 'node:crypto';
import { openApiDocument } from '@pinhole/contract';
import type { FastifyInstance } from 'fastify';
import { descriptionPage, descriptionStyle } from './description-page.ts';
import { resource } from './resource.ts';

export function descriptionRoutes(app: FastifyInstance): void {
  let made: { readonly json: string; readonly html: string } | null = null;
  // Most collectors are never asked.
  const texts = () => {
    made ??= make();
    return made;
  };

  resource(app, '/v7/openapi.json', {
    async GET(_, reply) {
      return reply.type('application/json; charset=utf-8').send(texts().json);
    },
  });
  for (const path of ['/v7', '/v7/', '/v7/docs']) {
    resource(app, path, {
      async GET(_, reply) {
        return reply
          .header('content-security-policy', pagePolicy)
          .type('text/html; charset=utf-8')
          .send(texts().html);
      },
    });
  }
}

function make() {
  const document = openApiDocument();
  return { json: JSON.stringify(document), html: descriptionPage(document) };
}

/** The one style that is in the page, and nothing else. */
const styleHash = createHash('sha256').update(descriptionStyle).digest('base64');
const pagePolicy = [
  "default-src 'none'",
  `style-src 'sha256-${styleHash}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
