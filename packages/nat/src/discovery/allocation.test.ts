import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { allocationLaw, type PortSample } from './allocation.ts';

/** Samples 10 ms apart, from local ports that nothing else follows. */
function drawn(mapped: readonly number[], local = (i: number) => 50_000 + 7 * i * i): PortSample[] {
  return mapped.map((mappedPort, i) => ({ atMs: i * 10, localPort: local(i), mappedPort, repeated: false }));
}

/** From a range, in no order that a law would see. */
function scattered(count: number, first: number, size: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const drawn = Math.sin(12.9898 * (i + 1)) * 43_758.5453;
    return first + Math.floor((drawn - Math.floor(drawn)) * size);
  });
}

describe('the law of allocation', () => {
  for (const [name, mapped, expected] of [
    ['too few', [4000, 4001, 4002], null],
    ['the local ports', Array.from({ length: 12 }, (_, i) => 50_000 + 7 * i * i), { kind: 'preserving' }],
    [
      'the local ports but for two that were taken',
      Array.from({ length: 12 }, (_, i) => (i % 6 === 2 ? 1024 + i : 50_000 + 7 * i * i)),
      { kind: 'preserving' },
    ],
    [
      'one after the other',
      [4000, 4001, 4002, 4003, 4004, 4005, 4006],
      { kind: 'sequential', step: 1, lastPort: 4006, othersPerSecond: 0 },
    ],
    [
      'every second one, down',
      [4012, 4010, 4008, 4006, 4004, 4002, 4000],
      { kind: 'sequential', step: -2, lastPort: 4000, othersPerSecond: 0 },
    ],
    [
      'by steps of 2, three of others between',
      [4000, 4002, 4006, 4008, 4010, 4016, 4018],
      { kind: 'sequential', step: 2, lastPort: 4018, othersPerSecond: 50 },
    ],
    [
      'over the end of the ports',
      [65_530, 65_532, 65_534, 1024, 1026, 1028, 1030],
      { kind: 'sequential', step: 2, lastPort: 1030, othersPerSecond: 0 },
    ],
  ] as const) {
    it(name, () => assert.deepEqual(allocationLaw(drawn(mapped)), expected));
  }

  it('a counter that others use at each moment is still one', () => {
    const mapped = [4000, 4003, 4004, 4009, 4011, 4012, 4017, 4020];
    const law = allocationLaw(drawn(mapped));
    assert.ok(law?.kind === 'sequential');
    assert.equal(law.step, 1);
    assert.ok(law.othersPerSecond > 100);
  });

  it('a sample that was asked for twice may have overtaken another', () => {
    const samples = drawn([4000, 4001, 9000, 4002, 4003, 4004, 4005, 4006]).map((each, i) =>
      i === 2 ? { ...each, repeated: true } : each,
    );
    assert.equal(allocationLaw(samples)?.kind, 'sequential');
  });

  it('a block is estimated from what was seen of it', () => {
    const law = allocationLaw(drawn(scattered(24, 2048, 512)));
    assert.ok(law?.kind === 'block');
    assert.ok(law.size > 400 && law.size < 640, `${law.size}`);
    assert.ok(Math.abs(law.firstPort - 2048) < 64, `${law.firstPort}`);
  });

  it('all ports are no block', () => {
    assert.equal(allocationLaw(drawn(scattered(12, 1024, 64_512)))?.kind, 'random');
  });
});
