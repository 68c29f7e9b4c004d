import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ip } from '@pinhole/wire';
import { readCsv } from './csv.ts';
import { noFacts } from './facts.ts';

/** What the file says of the addresses. */
function facts(text: string, ...addresses: string[]) {
  const outcome = readCsv(text);
  assert.ok(outcome.ok, outcome.ok ? '' : outcome.reason);
  return addresses.map((address) => outcome.database.find(ip(address)));
}

const example = {
  prefix: '198.51.100.0/24',
  asn: 64_496,
  name: 'EXAMPLE',
  countryId: 'ZA',
  location: 'South Africa',
};

for (const [form, line] of [
  ['ranges, with the country', '198.51.100.0,198.51.100.255,64496,ZA,EXAMPLE'],
  ['ranges, with tabs', '198.51.100.0\t198.51.100.255\t64496\tZA\tEXAMPLE'],
  ['ranges, all in quotes', '"198.51.100.0","198.51.100.255","64496","ZA","EXAMPLE"'],
  ['prefixes, with the country', '198.51.100.0/24,64496,EXAMPLE,ZA'],
  ['prefixes, and AS before the number', '198.51.100.0/24, AS64496, EXAMPLE, ZA'],
] as const) {
  test(`a line of ${form}`, () =>
    assert.deepEqual(facts(`${line}\n`, '198.51.100.7', '198.51.101.0'), [example, noFacts]));
}

const countryless = { ...example, countryId: null, location: null };
for (const line of [
  '198.51.100.0,198.51.100.255,64496,EXAMPLE',
  '198.51.100.0,198.51.100.255,64496,None,EXAMPLE',
  '198.51.100.0/24,64496,EXAMPLE',
]) {
  test(`no country: ${line}`, () => assert.deepEqual(facts(line, '198.51.100.7'), [countryless]));
}

test('a name may have commas, in quotes or not', () => {
  const text = [
    '192.0.2.0/25,64496,"Example, ""Inc""",ZA',
    '192.0.2.128/25,64496,Example, Inc,ZA',
    '198.51.100.0,198.51.100.255,64496,ZA,Example, Inc',
  ].join('\n');
  const found = facts(text, '192.0.2.1', '192.0.2.129', '198.51.100.1');
  assert.deepEqual(
    found.map(({ name, countryId }) => [name, countryId]),
    [
      ['Example, "Inc"', 'ZA'],
      ['Example, Inc', 'ZA'],
      ['Example, Inc', 'ZA'],
    ],
  );
});

test("space that nobody announces says nothing; a network of one's own needs no AS number", () => {
  const text = '0.0.0.0\t0.255.255.255\t0\tNone\tNot routed\n10.1.0.0\t10.1.255.255\t0\tNone\tHeadquarters\n';
  assert.deepEqual(facts(text, '0.1.2.3', '10.1.2.3'), [
    noFacts,
    { prefix: '10.1.0.0/16', asn: null, name: 'Headquarters', countryId: null, location: null },
  ]);
});

test('the narrowest prefix counts', () => {
  const found = facts('10.0.0.0/8,0,Wide\n10.1.0.0/16,0,Narrow\n', '10.1.2.3', '10.2.0.1');
  assert.deepEqual(
    found.map(({ name, prefix }) => [name, prefix]),
    [
      ['Narrow', '10.1.0.0/16'],
      ['Wide', '10.0.0.0/8'],
    ],
  );
});

test('a range that is no prefix shows the largest within it', () => {
  const [found] = facts('2001:db8::,2001:db8:2:ffff:ffff:ffff:ffff:ffff,64496,ZA,EXAMPLE', '2001:db8:2::1');
  assert.equal(found?.prefix, '2001:db8:2::/48');
});

test('headings, comments, blank lines and line ends of Windows are no rows', () => {
  const text = '# own networks\r\n\r\nnetwork,asn,name\r\n198.51.100.0/24,64496,EXAMPLE,ZA\r\n';
  assert.deepEqual(facts(text, '198.51.100.7'), [example]);
});

for (const [text, reason] of [
  ['198.51.100.0/24,64496,A\nnonsense,64496,A', 'line 2: "nonsense" is no address'],
  ['198.51.100.0/24,64496,A\n198.51.100.1/24,64496,A', 'line 2: "198.51.100.1/24" is no prefix'],
  ['198.51.100.0/24,64496,A\n198.51.101.0/24,ASX,A', 'line 2: "ASX" is no AS number'],
  ['198.51.100.0/24,64496,A\n198.51.101.0/24,4294967296,A', 'line 2: "4294967296" is no AS number'],
  ['198.51.100.0/24,64496,A\n198.51.101.0', 'line 2: "" is no address'],
  ['198.51.100.0/24,64496,A\n2.0.0.0,1.0.0.0,1,A', 'line 2: the range ends before it begins'],
  ['198.51.100.0/24,64496,A\n1.0.0.0,::1,1,A', 'line 2: the range ends before it begins'],
  [`198.51.100.0/24,64496,A\n${'x'.repeat(1000)},1,A`, `line 2: "${'x'.repeat(40)}…" is no address`],
  ['a heading', 'it has no rows'],
  ['', 'it has no rows'],
] as const) {
  test(`refused: ${reason.slice(0, 80)}`, () => assert.deepEqual(readCsv(text), { ok: false, reason }));
}
