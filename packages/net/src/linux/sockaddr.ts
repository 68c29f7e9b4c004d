// struct sockaddr_in and sockaddr_in6:
//
//   0      2      4             8                        24
//   |family| port | IPv4 address|                                        16 octets
//   |family| port | flow label  | IPv6 address           | scope |       28 octets

import type { Endpoint, IpAddress } from '@pinhole/wire';
import { type AddressFamily, addressBytes, addressFamily, addressFromBytes } from '@pinhole/wire';
import type { Memory } from './memory.ts';

export const AF_INET = 2;
export const AF_INET6 = 10;

/** Room for either kind, aligned. */
export const SOCKADDR_OCTETS = 32;

/** Parsing and writing addresses costs more than a system call; a server's clients and an agent's peers are few. */
const MOST_CACHED = 4096;

const octetsOf = new Map<IpAddress, Uint8Array>();
const addressOf = new Map<number, IpAddress>();

/** @returns the length of the structure */
export function writeSockaddr({ bytes, view }: Memory, offset: number, { address, port }: Endpoint): number {
  const octets = cachedOctets(address);
  const version6 = octets.length === 16;
  view.setUint16(offset, version6 ? AF_INET6 : AF_INET, true);
  view.setUint16(offset + 2, port);
  view.setUint32(offset + 4, 0);
  bytes.set(octets, offset + (version6 ? 8 : 4));
  if (!version6) return 16;
  view.setUint32(offset + 24, 0);
  return 28;
}

/** null for another family. */
export function readSockaddr(memory: Memory, offset: number): Endpoint | null {
  const address = readSockaddrAddress(memory, offset);
  return address === null ? null : { address, port: memory.view.getUint16(offset + 2) };
}

export function readSockaddrAddress(memory: Memory, offset: number): IpAddress | null {
  const family = memory.view.getUint16(offset, true);
  if (family === AF_INET) return readAddress(memory, offset + 4, 4);
  if (family === AF_INET6) return readAddress(memory, offset + 8, 6);
  return null;
}

/** The address whose octets stand at `offset`. */
export function readAddress({ bytes, view }: Memory, offset: number, family: AddressFamily): IpAddress {
  if (family === 6) return addressFromBytes(bytes.subarray(offset, offset + 16))!;
  const key = view.getUint32(offset);
  let address = addressOf.get(key);
  if (address === undefined) {
    address = addressFromBytes(bytes.subarray(offset, offset + 4))!;
    if (addressOf.size >= MOST_CACHED) addressOf.clear();
    addressOf.set(key, address);
  }
  return address;
}

export function cachedOctets(address: IpAddress): Uint8Array {
  let octets = octetsOf.get(address);
  if (octets === undefined) {
    octets = addressBytes(address);
    if (octetsOf.size >= MOST_CACHED) octetsOf.clear();
    octetsOf.set(address, octets);
  }
  return octets;
}

export function socketFamily(address: IpAddress): number {
  return addressFamily(address) === 6 ? AF_INET6 : AF_INET;
}
