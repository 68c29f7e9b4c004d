// Who asks, where a proxy that is trusted says so.

import type { FastifyInstance } from 'fastify';

const withPort = /^(?:(\d+\.\d+\.\d+\.\d+)|\[([\da-f:.]+)\])(?::\d+)?$/i;

/** An entry of X-Forwarded-For, `203.0.113.20:1234` or `[2001:db8::1]:80`, without what is no address; others as they are. */
export function forwardedAddress(entry: string): string {
  const match = withPort.exec(entry.trim());
  return match?.[1] ?? match?.[2] ?? entry.trim();
}

/**
 * Some proxies write the port with the address, which is another for each connection. Whatever asks for `request.ip` after
 * this has the address, and a proxy in between is known by it.
 */
export function forwardedWithoutPorts(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ raw: { headers } }) => {
    const given = headers['x-forwarded-for'];
    if (typeof given === 'string')
      headers['x-forwarded-for'] = given.split(',').map(forwardedAddress).join(', ');
  });
}
