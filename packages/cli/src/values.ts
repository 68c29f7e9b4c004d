// Values on the command line, each checked where it is read.

import { type IpAddress, parseIpAddress } from '@pinhole/wire';
import { InvalidArgumentError } from 'commander';

export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65535)
    throw new InvalidArgumentError('a port is 1 to 65535');
  return port;
}

/** `HOST:PORT`, `[IPv6]:PORT` or `:PORT`; port 0 takes a free one. */
export function parseListen(text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text);
  if (match === null || Number(match[3]) > 65535) throw new InvalidArgumentError('expected HOST:PORT');
  return { host: match[1] ?? (match[2] || '0.0.0.0'), port: Number(match[3]) };
}

/** For an option that may be given several times; its environment twin separates by commas. */
export function gather<T>(parse: (text: string) => T): (text: string, earlier: T[] | undefined) => T[] {
  return (text, earlier) => [...(earlier ?? []), ...text.split(',').map((each) => parse(each.trim()))];
}

export function parseAddress(text: string): IpAddress {
  const address = parseIpAddress(text);
  if (address === null) throw new InvalidArgumentError(`${text} is not an IP address`);
  return address;
}

export function parseUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new InvalidArgumentError('expected http://… or https://…');
  }
  return text.replace(/\/+$/, '');
}

export function parseHost(text: string): string {
  if (!/^[\w.:-]{1,253}$/.test(text)) throw new InvalidArgumentError('expected a host name or an IP address');
  return text;
}
