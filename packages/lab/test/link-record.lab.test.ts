import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { buildLab } from '../src/lab.ts';
import { readLinkRecord } from '../src/link/record.ts';
import { recordedNumber, stream } from './stream.ts';

/** Stamps are brought from the kernel's clock to the monotonic one by readings between which a busy machine may be
 *  busy with others. */
const clockErrorNs = 500_000;

test("a link's record is what has happened: who was lost, who came when, and in which order", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'pinhole-link-'));
  const recordFile = path.join(folder, 'record.json');
  const sites = [
    { name: 'a', nat: 'none', link: {} },
    { name: 'b', nat: 'none' },
  ] as const;
  const lab = await buildLab({ sites: [...sites] }, { verify: false });
  try {
    const shares = { lossPercent: 10, duplicatePercent: 10, reorderPercent: 10, reorderMs: 20 };
    await lab.setLink('a', { up: { delayMs: 10, jitterMs: 5, ...shares, recordFile } });
    const [a, b] = [...lab.sites.values()].map(({ hosts }) => hosts[0]!);
    const { sentNs, arrivals } = await stream(a!, b!, 500, 2);
    await lab.setLink('a', {});
    const record = readLinkRecord(recordFile);
    assert.deepEqual([record.missed, record.unstamped], [0, 0]);
    const packets = record.packets.filter(({ flow }) => flow.startsWith('udp'));
    assert.equal(new Set(packets.map(recordedNumber)).size, 500);

    const left = packets
      .filter(({ leftNs }) => leftNs !== null)
      .sort((one, other) => one.leftNs! - other.leftNs!);
    assert.deepEqual(
      left.map(recordedNumber),
      arrivals.map(({ number }) => number),
    );
    for (const fate of ['passed', 'lost', 'held-back', 'copy'] as const) {
      assert.ok(
        packets.some((packet) => packet.fate === fate),
        fate,
      );
    }
    left.forEach((packet, i) => {
      const { cameNs, leftNs } = packet;
      const moments = [sentNs.get(recordedNumber(packet))!, cameNs, leftNs!, arrivals[i]!.atNs];
      for (let at = 1; at < moments.length; at++) {
        assert.ok(moments[at]! > moments[at - 1]! - clockErrorNs, `${i}: ${moments.join(' ')}`);
      }
    });
  } finally {
    await lab.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
