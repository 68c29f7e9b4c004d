import assert from 'node:assert/strict';
import { test } from 'node:test';
import { natReportSchema } from '@pinhole/contract';
import { commonRows, reportRows, requirementsOf } from './report.ts';

const fact = <Value>(value: Value) => ({ value, evidence: [{ sent: 'a packet', received: 'an answer' }] });

const transport = {
  reachable: fact('yes'),
  mapped: fact({ address: '198.51.100.7', port: 40_000 }),
  translated: fact('yes'),
  mappingDependsOnAddress: fact('no'),
  mappingDependsOnPort: fact('no'),
  mapping: fact('endpoint-independent'),
  filteringDependsOnAddress: fact('yes'),
  filteringDependsOnPort: fact('unknown'),
  filtering: fact('unknown'),
  portPreserved: fact('no'),
  allocation: fact({ kind: 'sequential', step: 2, lastPort: 4, othersPerSecond: 12.4 }),
  pairedPooling: fact('yes'),
  hairpinning: fact('no'),
  mappingLifetimeMs: fact(300_000),
};
const report = natReportSchema.parse({
  udp: { ...transport, mappingLifetimeMs: fact(29_800), allocation: fact(null) },
  tcp: { ...transport, unsolicitedSyn: fact('rst'), simultaneousOpen: fact('no') },
  privateAddress: fact('yes'),
  keepAlives: fact('unknown'),
  natHops: fact(2),
  natLayers: fact([{ hop: 2, address: '100.64.0.1', kind: 'carrier-grade' }]),
});

const row = (title: string) => reportRows(report).find((each) => each.title === title)!;

test('what a NAT does is told in the words of RFC 4787, what is not known as such', () => {
  assert.equal(row('Mapping').udp?.text, 'Endpoint-independent');
  assert.equal(row('Filtering').tcp?.text, 'Not known');
  assert.equal(row('Port allocation').udp?.text, 'Not known');
  assert.equal(row('Port allocation').tcp?.text, 'In steps of 2, with about 12 mappings a second of others');
});

test('a lifetime beyond what is tried is told as at least that', () => {
  assert.equal(row('Lifetime of a mapping').tcp?.text, 'At least 5 minutes');
  assert.equal(row('Lifetime of a mapping').udp?.text, 'About 30 s');
});

test('what only one protocol has is left empty for the other', () => {
  assert.equal(row('Simultaneous open').udp, null);
  assert.equal(row('Simultaneous open').tcp?.text, 'Not supported');
  assert.equal(row('Inbound packets refresh').tcp, null);
});

test('each fact brings its evidence', () => {
  assert.deepEqual(row('Mapping').tcp?.evidence, [{ sent: 'a packet', received: 'an answer' }]);
});

test('without a NAT there is no mapping to speak of', () => {
  const open = { ...report, tcp: { ...report.tcp, translated: fact('no' as const) } };
  assert.match(reportRows(open).find(({ title }) => title === 'Mapping')?.tcp?.text ?? '', /^None/);
});

test('the NATs on the way are named with their distance', () => {
  const rows = Object.fromEntries(commonRows(report).map(({ title, cell }) => [title, cell.text]));
  assert.equal(rows['NATs on the way'], '100.64.0.1 (hop 2, carrier-grade)');
  assert.equal(rows['Distance to the outermost NAT or firewall'], '2 hops');
  assert.equal(rows['TCP keep-alives'], 'Not known');
});

test('simultaneous open is asked of TCP alone', () => {
  assert.deepEqual(requirementsOf('udp'), [1, 2, 3]);
  assert.deepEqual(requirementsOf('tcp'), [1, 2, 3, 4]);
});
