// Addresses and endpoints, of either family.
//
// An address is its canonical text (RFC 5952 for IPv6), so it is a map key, a JSON value and a log field as it is.
// Nothing outside this file looks inside it.

import ipaddr from 'ipaddr.js';

export type IpAddress = string & { readonly brand: 'IpAddress' };

export type AddressFamily = 4 | 6;

/** One end of a UDP or TCP flow. */
export interface Endpoint {
  readonly address: IpAddress;
  /** 0 to 65535; 0 asks for any free port where a socket is opened. */
  readonly port: number;
}

/** Four decimal octets without leading zeros, which is how ipaddr.js writes them too; looked at for every socket. */
const fourParts = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** The address written in `text`, or null. Takes IPv4 in four decimal parts only, and IPv6 without a zone. */
export function parseIpAddress(text: string): IpAddress | null {
  if (fourParts.test(text)) return text as IpAddress;
  if (text.includes('%') || !ipaddr.IPv6.isValid(text)) return null;
  const parsed = ipaddr.IPv6.parse(text);
  return (
    parsed.isIPv4MappedAddress() ? parsed.toIPv4Address().toString() : parsed.toRFC5952String()
  ) as IpAddress;
}

/** As parseIpAddress, for text that the program itself wrote. Throws a TypeError. */
export function ip(text: string): IpAddress {
  const address = parseIpAddress(text);
  if (address === null) throw new TypeError(`not an IP address: ${text}`);
  return address;
}

export function addressFamily(address: IpAddress): AddressFamily {
  return address.includes(':') ? 6 : 4;
}

/** 4 or 16 octets in network order. */
export function addressBytes(address: IpAddress): Uint8Array {
  if (addressFamily(address) === 4) return Uint8Array.from(address.split('.'), Number);
  return Uint8Array.from(ipaddr.parse(address).toByteArray());
}

/** From 4 or 16 octets in network order; null for any other length. */
export function addressFromBytes(bytes: Uint8Array): IpAddress | null {
  if (bytes.length === 4) return bytes.join('.') as IpAddress;
  if (bytes.length !== 16) return null;
  return new ipaddr.IPv6(Array.from(bytes)).toRFC5952String() as IpAddress;
}

/** What kind of network an address belongs to, by the registries of RFC 6890. */
export function addressRange(address: IpAddress): string {
  return ipaddr.parse(address).range();
}

/** RFC 1918, RFC 4193 and RFC 6598 space: an agent with only such addresses is behind a NAT. */
export function isPrivateAddress(address: IpAddress): boolean {
  return ['private', 'uniqueLocal', 'carrierGradeNat'].includes(addressRange(address));
}

export function endpoint(address: string, port: number): Endpoint {
  return { address: ip(address), port };
}

/** `192.0.2.1:9119` or `[2001:db8::1]:9119`. */
export function formatEndpoint({ address, port }: Endpoint): string {
  return addressFamily(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The reverse of formatEndpoint; null where `text` is not one. */
export function parseEndpoint(text: string): Endpoint | null {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  if (match === null) return null;
  const address = parseIpAddress(match[1] ?? match[2] ?? '');
  const port = Number(match[3]);
  return address === null || port > 65535 ? null : { address, port };
}

export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && a.address === b.address;
}
