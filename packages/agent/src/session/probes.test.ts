import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deriveSessionKeys } from '@pinhole/wire';
import { ProbeCodec, type ProbePacket, ssidOf } from './probes.ts';

const sessionId = new Uint8Array(16).fill(0x21);
const keys = deriveSessionKeys(new Uint8Array(32).fill(7), sessionId);
const t1 = 0xe800_0000_0000_0001n;
const t2 = 0xe800_0000_1000_0000n;
const t3 = 0xe800_0000_2000_0000n;

function pair() {
  return {
    source: new ProbeCodec(keys, sessionId, 'source'),
    target: new ProbeCodec(keys, sessionId, 'target'),
  };
}

function probeOf(packet: ProbePacket | null): Extract<ProbePacket, { kind: 'probe' }> {
  assert.ok(packet?.kind === 'probe');
  return packet;
}

describe('a probe', () => {
  for (const [payloadBytes, length] of [
    [0, 152],
    [152, 152],
    [1400, 1400],
  ] as const) {
    it(`asked for with ${payloadBytes} octets has ${length}, and asks for the true time of reflections`, () => {
      const { source, target } = pair();
      const { bytes, timestamp } = source.encodeProbe(41, payloadBytes, () => t1);
      assert.equal(bytes.length, length);
      assert.equal(timestamp, t1);
      const { packet, telemetry } = probeOf(target.decode(bytes));
      assert.deepEqual([packet.sequence, packet.timestamp, telemetry], [41, t1, true]);
    });
  }

  it('too small for telemetry is sent without', () => {
    const { source, target } = pair();
    for (const payloadBytes of [112, 120, 151]) {
      const { bytes } = source.encodeProbe(0, payloadBytes, () => t1);
      assert.equal(bytes.length, payloadBytes);
      assert.equal(probeOf(target.decode(bytes)).telemetry, false);
    }
  });

  it('asked for smaller than the format allows is as small as it allows', () => {
    const { source, target } = pair();
    const { bytes } = source.encodeProbe(0, 20, () => t1);
    assert.equal(bytes.length, 112);
    assert.notEqual(target.decode(bytes), null);
  });

  it('reads the clock last', () => {
    let reads = 0;
    pair().source.encodeProbe(0, 0, () => {
      reads += 1;
      return t1;
    });
    assert.equal(reads, 1);
  });
});

describe('a reflection', () => {
  function reflected(payloadBytes: number, followUp: { sequence: number; timestamp: bigint } | null) {
    const { source, target } = pair();
    const { bytes } = source.encodeProbe(41, payloadBytes, () => t1);
    const probe = probeOf(target.decode(bytes));
    const received = { timestamp: t2, ttl: 250 };
    return { bytes: target.encodeReflection(probe, bytes.length, received, followUp, () => t3), source };
  }

  it('brings all four stamps home, and the TTL that the probe arrived with', () => {
    const { bytes, source } = reflected(0, null);
    const decoded = source.decode(bytes);
    assert.ok(decoded?.kind === 'reflection');
    const { packet, followUp } = decoded;
    assert.deepEqual(
      [packet.senderSequence, packet.senderTimestamp, packet.receiveTimestamp, packet.timestamp],
      [41, t1, t2, t3],
    );
    assert.equal(packet.senderTtl, 250);
    assert.equal(followUp, null);
  });

  it('tells when the one before it truly left', () => {
    const { bytes, source } = reflected(0, { sequence: 40, timestamp: t2 });
    const decoded = source.decode(bytes);
    assert.ok(decoded?.kind === 'reflection');
    assert.equal(decoded.followUp?.sequence, 40);
    assert.equal(decoded.followUp?.timestamp, t2);
  });

  it('is never larger than its probe', () => {
    for (const payloadBytes of [0, 112, 120, 152, 1400]) {
      const probe = pair().source.encodeProbe(41, payloadBytes, () => t1);
      assert.equal(reflected(payloadBytes, { sequence: 40, timestamp: t2 }).bytes.length, probe.bytes.length);
    }
  });
});

describe('a packet', () => {
  it('is a probe or a reflection by its SSID, though both sides probe', () => {
    const { source, target } = pair();
    assert.equal(source.ownSsid, target.peerSsid);
    assert.equal(source.peerSsid, target.ownSsid);
    assert.notEqual(source.ownSsid, target.ownSsid);
    assert.equal(ssidOf(source.encodeProbe(0, 0, () => t1).bytes), source.ownSsid);
  });

  it('of ours that comes back as it left is no reflection', () => {
    const { source } = pair();
    assert.equal(source.decode(source.encodeProbe(0, 0, () => t1).bytes), null);
  });

  it('that a reflector gets back is no probe', () => {
    const { source, target } = pair();
    const probe = probeOf(target.decode(source.encodeProbe(0, 0, () => t1).bytes));
    const reflection = target.encodeReflection(probe, 152, { timestamp: t2, ttl: null }, null, () => t3);
    assert.equal(source.decode(reflection)?.kind, 'reflection');
    assert.equal(target.decode(reflection), null);
  });

  it('with any octet of its authenticated part changed is nobody of this session', () => {
    const { source, target } = pair();
    const { bytes } = source.encodeProbe(41, 0, () => t1);
    for (let at = 0; at < 112; at++) {
      const forged = Uint8Array.from(bytes);
      forged[at] = (forged[at] as number) ^ 1;
      assert.equal(target.decode(forged), null, `octet ${at}`);
    }
  });

  it('of another session is not taken', () => {
    const { source } = pair();
    const otherKeys = deriveSessionKeys(new Uint8Array(32).fill(8), sessionId);
    const other = new ProbeCodec(otherKeys, sessionId, 'target');
    assert.equal(other.decode(source.encodeProbe(0, 0, () => t1).bytes), null);
  });

  it('that is cut short is not taken, at any length', () => {
    const { source, target } = pair();
    const { bytes } = source.encodeProbe(41, 0, () => t1);
    for (let length = 0; length < 112; length++) {
      assert.equal(ssidOf(bytes.subarray(0, length)), null);
      assert.equal(target.decode(bytes.subarray(0, length)), null);
    }
  });

  it('whose telemetry was changed on the way keeps its own stamps, and its telemetry is not believed', () => {
    const { source, target } = pair();
    const { bytes } = source.encodeProbe(41, 0, () => t1);
    const forged = Uint8Array.from(bytes);
    forged[120] = (forged[120] as number) ^ 1;
    assert.equal(probeOf(target.decode(forged)).telemetry, false);
  });
});
