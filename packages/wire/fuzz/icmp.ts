import assert from 'node:assert/strict';
import { internetChecksum } from '../src/icmp/checksum.ts';
import {
  decodeIcmpError,
  decodeIcmpExtension,
  encodeIcmpExtension,
  encodeTimeExceeded,
  type IcmpExtensions,
  maxMplsLabels,
} from '../src/icmp/index.ts';
import type { FuzzTarget } from './target.ts';

const labels: IcmpExtensions = {
  mpls: [
    { label: 24_000, trafficClass: 0, bottom: false, ttl: 1 },
    { label: 16, trafficClass: 7, bottom: true, ttl: 255 },
  ],
};
const udp = Buffer.from('45b8002131e3400001112f2e0a0001020a000302c001829a000d182270726f6265', 'hex');
const tcp = Buffer.from('4500003c1a8d40000106472c0a0001020a000302c00101bbc9a00d1c00000000a002fff0', 'hex');
const exceeded6 = Buffer.from(
  '030074dd100000006b8b955a000d1101fd000001000000000000000000000002fd000003000000000000000000000002c001829a000dfa27',
  'hex',
);

export const target: FuzzTarget = {
  name: 'icmp',
  seeds: [
    encodeTimeExceeded(udp),
    encodeTimeExceeded(tcp, labels),
    Buffer.concat([exceeded6, Buffer.alloc(136 - exceeded6.length), encodeIcmpExtension(labels)]),
    encodeIcmpExtension(labels),
  ],
  run(input) {
    checkExtensions(decodeIcmpExtension(input));
    for (const family of [4, 6] as const) {
      // With its checksum right, a mutated message gets past that to what lies behind it.
      const decoded = decodeIcmpError(family === 4 ? withChecksum(input) : input, family);
      if (!decoded.ok) continue;
      const { mtu, quoted, extensions } = decoded.value;
      assert.ok(mtu >= 0 && mtu <= 65_535);
      for (const { port } of [quoted.source, quoted.destination]) assert.ok(port >= 0 && port <= 65_535);
      assert.ok(quoted.dscp <= 63 && quoted.ttl <= 255);
      checkExtensions({ ok: true, value: extensions });
    }
  },
};

/** What was decoded, encoded and decoded again, is the same. */
function checkExtensions(decoded: ReturnType<typeof decodeIcmpExtension>): void {
  if (!decoded.ok) return;
  assert.ok(decoded.value.mpls.length <= maxMplsLabels);
  assert.deepEqual(decodeIcmpExtension(encodeIcmpExtension(decoded.value)), decoded);
}

function withChecksum(input: Uint8Array): Uint8Array {
  const bytes = Buffer.from(input);
  if (bytes.length < 4) return bytes;
  bytes.writeUInt16BE(0, 2);
  bytes.writeUInt16BE(internetChecksum(bytes), 2);
  return bytes;
}
