import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { ip } from '../src/address.ts';
import {
  decodeReflectorPacket,
  decodeSenderPacket,
  encodeReflectorPacket,
  encodeSenderPacket,
  errorEstimateFromNs,
  ntpFromUnixNs,
  type StampDecoded,
  type StampSecurity,
  type TlvValue,
  unixNsFromTimestamp,
} from '../src/stamp/index.ts';
import type { FuzzTarget } from './target.ts';

const key = new Uint8Array(32).fill(7);
const securities: readonly StampSecurity[] = [{ mode: 'unauthenticated' }, { mode: 'authenticated', key }];

const errorEstimate = errorEstimateFromNs(1e6, { synchronized: false, format: 'ntp' });
const sender = { sequence: 41, timestamp: ntpFromUnixNs(1_800_000_000_000_000_000n), errorEstimate, ssid: 9 };
const reflector = {
  ...sender,
  receiveTimestamp: sender.timestamp,
  senderSequence: 41,
  senderTimestamp: sender.timestamp,
  senderErrorEstimate: errorEstimate,
  senderTtl: 250,
};
const subTlvs = [{ flags: 0, type: 1, value: new Uint8Array(8) }];
const everyTlv: TlvValue[] = [
  { kind: 'extra-padding', octets: new Uint8Array(6) },
  { kind: 'location', destinationPort: 862, sourcePort: 49153, subTlvs },
  {
    kind: 'timestamp-information',
    syncSourceIn: 1,
    timestampIn: 2,
    syncSourceOut: 3,
    timestampOut: 4,
    subTlvs,
  },
  { kind: 'class-of-service', dscp1: 46, dscp2: 0, ecn: 1, reversePath: 0 },
  { kind: 'direct-measurement', senderSent: 1, reflectorReceived: 2, reflectorSent: 3 },
  { kind: 'access-report', accessId: 1, returnCode: 1 },
  { kind: 'follow-up-telemetry', sequence: 40, timestamp: sender.timestamp, timestampMode: 2 },
  { kind: 'destination-node-address', address: ip('2001:db8::1') },
  { kind: 'return-path', subTlvs },
];

export const target: FuzzTarget = {
  name: 'stamp',
  seeds: securities.flatMap((security) =>
    [{}, { totalBytes: 300 }, { tlvs: everyTlv }].flatMap((options) => [
      encodeSenderPacket(security, sender, options),
      encodeReflectorPacket(security, reflector, options),
    ]),
  ),
  run(input) {
    for (const security of securities) {
      // Signed again, a mutated packet gets past the HMAC to what lies behind it.
      const signed = security.mode === 'authenticated' && input.length >= 112 ? withHmac(input) : input;
      checkDecoded(signed, decodeSenderPacket(security, signed), (packet, tlvs) =>
        decodeSenderPacket(security, encodeSenderPacket(security, packet, { tlvs })),
      );
      checkDecoded(signed, decodeReflectorPacket(security, signed), (packet, tlvs) =>
        decodeReflectorPacket(security, encodeReflectorPacket(security, packet, { tlvs })),
      );
    }
  },
};

/** What was decoded, encoded and decoded again, is the same, and no octet was counted twice. */
function checkDecoded<Packet extends { errorEstimate: { format: 'ntp' | 'ptp' }; timestamp: bigint }>(
  input: Uint8Array,
  decoded: StampDecoded<Packet>,
  again: (packet: Packet, tlvs: TlvValue[]) => StampDecoded<Packet>,
): void {
  if (!decoded.ok) return;
  assert.ok(decoded.trailingBytes <= input.length);
  unixNsFromTimestamp(decoded.packet.timestamp, decoded.packet.errorEstimate.format);
  const second = again(decoded.packet, [...decoded.tlvs]);
  assert.ok(second.ok);
  assert.deepEqual(second.packet, decoded.packet);
  assert.equal(second.trailingBytes, 0);
  assert.notEqual(second.tlvIntegrity, 'failed');
  assert.deepEqual(withoutHmac(second.tlvs), withoutHmac(decoded.tlvs));
}

/** Encoding makes its own HMAC TLV, wherever the old one stood. */
function withoutHmac<T extends { kind: string }>(tlvs: readonly T[]): T[] {
  return tlvs.filter(({ kind }) => kind !== 'hmac');
}

function withHmac(input: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(input);
  bytes.set(createHmac('sha256', key).update(bytes.subarray(0, 96)).digest().subarray(0, 16), 96);
  return bytes;
}
