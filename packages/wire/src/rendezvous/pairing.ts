// What agents tell the NAT traversal server of their NATs, and what it tells them to do about each other's: the binary
// attributes of Meet, its answers and Start.

/** On what a mapping or a filter depends (RFC 4787 §4.1 and §5). */
const dependences = [
  'unknown',
  'endpoint-independent',
  'address-dependent',
  'address-and-port-dependent',
] as const;
const truths = ['unknown', 'yes', 'no'] as const;

/** What is known of the NATs in front of an agent, for one transport. */
export interface NatProfile {
  readonly mapping: (typeof dependences)[number];
  readonly filtering: (typeof dependences)[number];
  readonly allocation: PortAllocation;
  /** A SYN that nobody asked for is answered, by RST or ICMP. */
  readonly answersSyn: (typeof truths)[number];
  /** A packet that comes in first moves the flow that goes out to its sender later. */
  readonly poisonable: (typeof truths)[number];
  readonly simultaneousOpen: (typeof truths)[number];
  /** Routers up to and including the outermost NAT; null where not known. */
  readonly natHops: number | null;
}

/** How the NAT chooses the public port of a new mapping. */
export type PortAllocation =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'preserving' }
  /** The last one plus `step`; `lastPort` is as fresh as the message. */
  | { readonly kind: 'sequential'; readonly step: number; readonly lastPort: number }
  /** Any of `size` ports from `firstPort` on. */
  | { readonly kind: 'range'; readonly firstPort: number; readonly size: number };

const allocationKinds = ['unknown', 'preserving', 'sequential', 'range'] as const;

// mapping (1) · filtering (1) · answers SYN (1) · poisonable (1) · simultaneous open (1) · NAT hops (1), 255 unknown
// allocation (1) · zero (1) · step, or size - 1 (2) · last or first port (2) = 12 octets
const profileBytes = 12;
const unknownHops = 255;

export function encodeProfile(profile: NatProfile): Uint8Array {
  const { allocation } = profile;
  const bytes = Buffer.alloc(profileBytes);
  bytes.writeUInt8(dependences.indexOf(profile.mapping), 0);
  bytes.writeUInt8(dependences.indexOf(profile.filtering), 1);
  bytes.writeUInt8(truths.indexOf(profile.answersSyn), 2);
  bytes.writeUInt8(truths.indexOf(profile.poisonable), 3);
  bytes.writeUInt8(truths.indexOf(profile.simultaneousOpen), 4);
  bytes.writeUInt8(profile.natHops ?? unknownHops, 5);
  bytes.writeUInt8(allocationKinds.indexOf(allocation.kind), 6);
  if (allocation.kind === 'sequential') {
    bytes.writeInt16BE(allocation.step, 8);
    bytes.writeUInt16BE(allocation.lastPort, 10);
  }
  if (allocation.kind === 'range') {
    bytes.writeUInt16BE(allocation.size - 1, 8);
    bytes.writeUInt16BE(allocation.firstPort, 10);
  }
  return bytes;
}

/** The profile, or null where it is malformed. Further octets are ignored. */
export function decodeProfile(octets: Uint8Array): NatProfile | null {
  if (octets.length < profileBytes) return null;
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const mapping = dependences[view.getUint8(0)];
  const filtering = dependences[view.getUint8(1)];
  const [answersSyn, poisonable, simultaneousOpen] = [2, 3, 4].map((at) => truths[view.getUint8(at)]);
  const allocation = decodeAllocation(view);
  if (mapping === undefined || filtering === undefined || allocation === null) return null;
  if (answersSyn === undefined || poisonable === undefined || simultaneousOpen === undefined) return null;
  const hops = view.getUint8(5);
  const natHops = hops === unknownHops ? null : hops;
  return { mapping, filtering, allocation, answersSyn, poisonable, simultaneousOpen, natHops };
}

function decodeAllocation(view: DataView): PortAllocation | null {
  const kind = allocationKinds[view.getUint8(6)];
  switch (kind) {
    case 'sequential': {
      const step = view.getInt16(8);
      return step === 0 ? null : { kind, step, lastPort: view.getUint16(10) };
    }
    case 'range': {
      const [size, firstPort] = [view.getUint16(8) + 1, view.getUint16(10)];
      return firstPort > 0 && firstPort + size <= 65_536 ? { kind, firstPort, size } : null;
    }
    case undefined:
      return null;
    default:
      return { kind };
  }
}

/** How a pair is brought together. */
export const pairingMethods = ['punched', 'predicted', 'searched'] as const;
export type PairingMethod = (typeof pairingMethods)[number];

/** Many packets, or connections, to ports of the peer's of which it is not known which is open. */
export interface PortSearch {
  /** Fresh local ports to send from, each with a mapping of its own; 0: from the test port. */
  readonly sockets: number;
  /** From each of them to so many of the ports, no one twice. */
  readonly tries: number;
  /** The peer's ports: `first`, `first + step`, … */
  readonly ports: { readonly first: number; readonly step: number; readonly count: number };
  /** The first from all fresh ports, then the second; or drawn for each. Ports that there are not are left out. */
  readonly order: 'in-turn' | 'drawn';
  /** Over TCP: accept at the fresh ports as well, because the peer's SYN may come from any port. */
  readonly accept: boolean;
}

/** What nobody is asked to exceed, whoever asks: 4,096 tries a side find each other among 2,016 × 2,016 ports. */
export const searchLimits = { sockets: 1024, packets: 4096 };

// flags (1): 1 drawn, 2 accept · zero (1) · sockets (2) · tries (2) · first (2) · step (2) · count (2) = 12 octets
const searchBytes = 12;

export function encodeSearch({ sockets, tries, ports, order, accept }: PortSearch): Uint8Array {
  const bytes = Buffer.alloc(searchBytes);
  bytes.writeUInt8((order === 'drawn' ? 1 : 0) | (accept ? 2 : 0), 0);
  bytes.writeUInt16BE(sockets, 2);
  bytes.writeUInt16BE(tries, 4);
  bytes.writeUInt16BE(ports.first, 6);
  bytes.writeInt16BE(ports.step, 8);
  bytes.writeUInt16BE(ports.count, 10);
  return bytes;
}

/** The search, or null where it is malformed or beyond searchLimits. Further octets are ignored. */
export function decodeSearch(octets: Uint8Array): PortSearch | null {
  if (octets.length < searchBytes) return null;
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const flags = view.getUint8(0);
  const [sockets, tries] = [view.getUint16(2), view.getUint16(4)];
  const ports = { first: view.getUint16(6), step: view.getInt16(8), count: view.getUint16(10) };
  const sound =
    sockets <= searchLimits.sockets &&
    tries >= 1 &&
    tries <= ports.count &&
    Math.max(1, sockets) * tries <= searchLimits.packets &&
    ports.first > 0 &&
    (ports.step !== 0 || ports.count === 1);
  if (!sound) return null;
  const order = (flags & 1) !== 0 ? 'drawn' : 'in-turn';
  return { sockets, tries, ports, order, accept: (flags & 2) !== 0 };
}
