// Writes MaxMind DB files (format 2.0), for tests: an IPv6 tree with 24-bit records, IPv4 below ::/96 as it is there.

import { addressBytes, ip } from '@pinhole/wire';

export type MmdbValue = string | number | string[] | { readonly [name: string]: MmdbValue };

/** `networks`: prefix and record. */
export function mmdbFile(
  networks: readonly (readonly [prefix: string, record: MmdbValue])[],
  ipVersion: 4 | 6 = 6,
): Buffer {
  const nodes: [Branch, Branch][] = [[null, null]];
  const data: Buffer[] = [];
  let dataBytes = 0;
  for (const [prefix, record] of networks) {
    const bits = prefixBits(prefix, ipVersion);
    let node = 0;
    for (const bit of bits.slice(0, -1)) {
      const below = nodes[node]![bit];
      if (typeof below === 'number') node = below;
      else node = nodes[node]![bit] = nodes.push([null, null]) - 1;
    }
    nodes[node]![bits.at(-1)!] = { dataAt: dataBytes };
    const encoded = encode(record);
    data.push(encoded);
    dataBytes += encoded.length;
  }
  const tree = Buffer.concat(nodes.flat().map((branch) => recordOf(branch, nodes.length)));
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_700_000_000,
    database_type: 'Test-ASN',
    description: {},
    ip_version: ipVersion,
    languages: ['en'],
    node_count: nodes.length,
    record_size: 24,
  });
  const marker = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
  return Buffer.concat([tree, Buffer.alloc(16), ...data, marker, metadata]);
}

/** The node below, or where the record lies. */
type Branch = number | { readonly dataAt: number } | null;

function recordOf(branch: Branch, nodeCount: number): Buffer {
  const record = Buffer.alloc(3);
  if (branch === null) record.writeUIntBE(nodeCount, 0, 3);
  else record.writeUIntBE(typeof branch === 'number' ? branch : nodeCount + 16 + branch.dataAt, 0, 3);
  return record;
}

function prefixBits(prefix: string, ipVersion: 4 | 6): (0 | 1)[] {
  const [address = '', length] = prefix.split('/');
  const bytes = addressBytes(ip(address));
  const own = [...bytes].flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((at) => ((byte >> at) & 1) as 0 | 1));
  const lead: (0 | 1)[] = bytes.length === 4 && ipVersion === 6 ? Array(96).fill(0) : [];
  return [...lead, ...own.slice(0, Number(length))];
}

// Types of the data section: 2 string, 6 unsigned 32-bit, 7 map, 11 array (an extended type).
function encode(value: MmdbValue): Buffer {
  if (typeof value === 'string')
    return Buffer.concat([control(2, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'number') {
    const octets = Buffer.alloc(4);
    octets.writeUInt32BE(value);
    return Buffer.concat([control(6, 4), octets]);
  }
  if (Array.isArray(value)) return Buffer.concat([Buffer.from([value.length, 11 - 7]), ...value.map(encode)]);
  const entries = Object.entries(value).flat().map(encode);
  return Buffer.concat([control(7, entries.length / 2), ...entries]);
}

function control(type: number, size: number): Buffer {
  return size < 29 ? Buffer.from([(type << 5) | size]) : Buffer.from([(type << 5) | 29, size - 29]);
}
