// Networks from text: a line for each range or prefix.
//
//   start,end,asn,country,name     as iptoasn.com has it, there with tabs; the country may be left out
//   prefix,asn,name[,country]
//
// Fields may stand in double quotes (RFC 4180); a name may have commas in it without. Blank lines, lines that begin with
// `#` and a first line of headings say nothing.

import { addressNumber, parseAddressNumber } from './address-number.ts';
import { countryName, type NetworkDatabase, type NetworkFacts, noFacts } from './facts.ts';
import { type AddressRange, largestPrefix, parsePrefix } from './prefix.ts';
import { rangeTable } from './range-table.ts';

/** Four times the routes that the Internet has; some 200 octets of memory each. */
export const maxRows = 5_000_000;

export type CsvOutcome =
  | { readonly ok: true; readonly database: NetworkDatabase; readonly rows: number }
  /** A sentence, with the line. */
  | { readonly ok: false; readonly reason: string };

type Facts = Pick<NetworkFacts, 'asn' | 'name' | 'countryId'>;

export function readCsv(text: string): CsvOutcome {
  const ranges: AddressRange[] = [];
  const facts: Facts[] = [];
  let reader: LineReader | null = null;
  let number = 0;
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at);
    const line = text.slice(at, end < 0 ? undefined : end).trim();
    at = end < 0 ? text.length : end + 1;
    number += 1;
    if (line === '' || line.startsWith('#')) continue;
    const isFirst = reader === null;
    reader ??= lineReader(line.includes('\t') ? '\t' : ',');
    const row = reader(line);
    if (typeof row === 'string') {
      if (isFirst) continue;
      return { ok: false, reason: `line ${number}: ${row}` };
    }
    if (row === null) continue;
    if (ranges.length === maxRows) return { ok: false, reason: `it has more than ${maxRows} rows` };
    ranges.push(row.range);
    facts.push(row.facts);
  }
  if (ranges.length === 0) return { ok: false, reason: 'it has no rows' };
  return { ok: true, database: databaseOf(ranges, facts), rows: ranges.length };
}

function databaseOf(ranges: readonly AddressRange[], facts: readonly Facts[]): NetworkDatabase {
  const table = rangeTable(ranges);
  return {
    find(address): NetworkFacts {
      const number = addressNumber(address);
      const index = table.find(number);
      if (index === null) return noFacts;
      const { asn, name, countryId } = facts[index]!;
      return {
        prefix: asn === null && name === null ? null : largestPrefix(number, ranges[index]!),
        asn,
        name,
        countryId,
        location: countryId === null ? null : countryName(countryId),
      };
    },
  };
}

type Row = { readonly range: AddressRange; readonly facts: Facts };

/** Null for a line that says nothing; a sentence for one that is wrong. */
type LineReader = (line: string) => Row | null | string;

function lineReader(delimiter: string): LineReader {
  // Few systems have most of the lines: what stands behind the addresses is read once.
  const known = new Map<string, Facts | string>();
  const field = new RegExp(`\\s*(?:"((?:[^"]|"")*)"\\s*|([^${delimiter}]*))(${delimiter}|$)`, 'y');

  function fieldsOf(text: string): string[] {
    const fields: string[] = [];
    field.lastIndex = 0;
    for (let isMore = true; isMore; ) {
      const match = field.exec(text);
      // Quotes that are not closed, or stand within a field: they mean nothing then.
      if (match === null) return text.split(delimiter).map((each) => each.trim());
      fields.push((match[1]?.replaceAll('""', '"') ?? match[2] ?? '').trim());
      isMore = match[3] !== '';
    }
    return fields;
  }

  /** The fields before the one at `count`, and the rest of the line. */
  function split(line: string, count: number): [fields: string[], rest: string] {
    if (line.startsWith('"')) {
      const fields = fieldsOf(line);
      return [fields.slice(0, count), fields.slice(count).map(quoted).join(delimiter)];
    }
    const fields: string[] = [];
    let at = 0;
    for (; fields.length < count && at <= line.length; ) {
      const end = line.indexOf(delimiter, at);
      fields.push(line.slice(at, end < 0 ? undefined : end).trim());
      at = end < 0 ? line.length + 1 : end + 1;
    }
    return [fields, line.slice(at)];
  }

  return (line) => {
    const slash = line.indexOf('/');
    const isPrefix = slash >= 0 && slash < line.indexOf(delimiter);
    const [[head = '', end = ''], rest] = split(line, isPrefix ? 1 : 2);
    const range = isPrefix ? parsePrefix(head) : readRange(head, end);
    if (typeof range === 'string') return range;
    if (range === null) return `"${shown(head)}" is no prefix`;
    let facts = known.get(rest);
    if (facts === undefined) {
      facts = readFacts(fieldsOf(rest), isPrefix ? countryLast : countryFirst);
      known.set(rest, facts);
    }
    if (typeof facts === 'string') return facts;
    return facts.asn === null && facts.name === null && facts.countryId === null ? null : { range, facts };
  };
}

function quoted(field: string): string {
  return `"${field.replaceAll('"', '""')}"`;
}

function readRange(start: string, end: string): AddressRange | string {
  const first = parseAddressNumber(start);
  if (first === null) return `"${shown(start)}" is no address`;
  const last = parseAddressNumber(end);
  if (last === null) return `"${shown(end)}" is no address`;
  return typeof first === typeof last && first <= last ? { first, last } : 'the range ends before it begins';
}

function readFacts([asnText = '', ...rest]: readonly string[], order: typeof countryFirst): Facts | string {
  const digits = /^(?:AS)?(\d{1,10})$/i.exec(asnText)?.[1];
  const asn = Number(digits);
  if (digits === undefined || asn > 0xffff_ffff) return `"${shown(asnText)}" is no AS number`;
  const [country, name] = order(rest);
  return {
    // AS 0 is none (RFC 7607); iptoasn.com has it for space that nobody announces.
    asn: asn === 0 ? null : asn,
    // A copy: a part of the text would keep all of it in memory.
    name: name === '' || name === 'Not routed' ? null : Buffer.from(name).toString(),
    countryId: countryPattern.test(country) ? country : null,
  };
}

const countryPattern = /^[A-Z]{2}$/;
/** What stands where no country is known. */
const noCountryPattern = /^(?:None|Unknown|-|)$/i;

function countryFirst([country = '', ...name]: readonly string[]): [country: string, name: string] {
  const isCountry = name.length > 0 && (countryPattern.test(country) || noCountryPattern.test(country));
  return isCountry ? [country, name.join(', ')] : ['', [country, ...name].join(', ')];
}

function countryLast(rest: readonly string[]): [country: string, name: string] {
  const last = rest.at(-1) ?? '';
  const isCountry = rest.length > 1 && (countryPattern.test(last) || noCountryPattern.test(last));
  return isCountry ? [last, rest.slice(0, -1).join(', ')] : ['', rest.join(', ')];
}

function shown(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
