// One URL with its verbs; the others are answered with 405 and an Allow header (RFC 9110, section 15.5.6).

import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  HTTPMethods,
  RouteShorthandOptions,
} from 'fastify';
import { HttpProblem } from './problem.ts';

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const satisfies HTTPMethods[];

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

export function resource(
  app: FastifyInstance,
  url: string,
  handlers: Partial<Record<(typeof methods)[number], Handler>>,
  options: Pick<RouteShorthandOptions, 'bodyLimit'> & { readonly onRequest?: Handler } = {},
): void {
  for (const method of methods) {
    const handler = handlers[method];
    if (handler !== undefined) app.route({ ...options, method, url, handler });
  }
  const allow = methods.filter((method) => handlers[method] !== undefined).join(', ');
  app.route({
    method: methods.filter((method) => handlers[method] === undefined),
    url,
    // Whatever the body is, it is not read.
    onRequest: refuse,
    handler: refuse,
  });

  async function refuse(request: FastifyRequest, reply: FastifyReply): Promise<never> {
    reply.header('allow', allow);
    throw new HttpProblem(405, `${request.method} is not possible here, only ${allow}.`);
  }
}
