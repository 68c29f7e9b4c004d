// A JSON schema as HTML. Pure.

import type { JsonSchema } from '@pinhole/contract';
import { escaped } from './html.ts';

/** Objects are tables of their members; what has a name is a link to it. */
export function schemaHtml(schema: JsonSchema): string {
  const { $ref, description } = schema;
  const note = typeof description === 'string' ? ` <span class="note">${escaped(description)}</span>` : '';
  if (typeof $ref === 'string') {
    const name = escaped($ref.replace(/^.*\//, ''));
    return `<a href="#schema-${name}">${name}</a>${note}`;
  }
  return typeHtml(schema) + note;
}

function typeHtml(schema: JsonSchema): string {
  const { type, properties, items, anyOf, oneOf, additionalProperties } = schema;
  const alternatives = (anyOf ?? oneOf) as readonly JsonSchema[] | undefined;
  if (alternatives !== undefined) return alternatives.map(schemaHtml).join(' or ');
  if (schema.const !== undefined) return `<code>${escaped(JSON.stringify(schema.const))}</code>`;
  if (Array.isArray(schema.enum))
    return [
      ...schema.enum.map((value) => `<code>${escaped(JSON.stringify(value))}</code>`),
      ...(schema.default === undefined
        ? []
        : [`default <code>${escaped(JSON.stringify(schema.default))}</code>`]),
    ].join(', ');
  if (type === 'array') return arrayHtml(items as JsonSchema | undefined, schema);
  if (properties !== undefined) return membersHtml(schema);
  if (type === 'object' && typeof additionalProperties === 'object' && additionalProperties !== null)
    return `object of ${schemaHtml(additionalProperties as JsonSchema)}`;
  const names = [type].flat().filter((name) => typeof name === 'string');
  return escaped([names.join(' or ') || 'anything', ...limits(schema)].join(', '));
}

function arrayHtml(items: JsonSchema | undefined, schema: JsonSchema): string {
  // An array of what nothing can be: v7 has it, and here it is empty.
  if (items?.not !== undefined) return 'empty array';
  const size = limits(schema).join(', ');
  return `array of ${schemaHtml(items ?? {})}${size === '' ? '' : ` (${escaped(size)})`}`;
}

function membersHtml({ properties, required }: JsonSchema): string {
  const needed = new Set(required as readonly string[] | undefined);
  const rows = Object.entries(properties as Readonly<Record<string, JsonSchema>>).map(
    ([name, member]) =>
      `<tr><th scope="row"><code>${escaped(name)}</code>${needed.has(name) ? '' : ' <span class="optional">optional</span>'}</th><td>${schemaHtml(member)}</td></tr>`,
  );
  return `<table>${rows.join('')}</table>`;
}

function limits(schema: JsonSchema): string[] {
  const words: readonly [keyword: string, before: string, behind?: string][] = [
    ['format', ''],
    ['pattern', 'matches '],
    ['minimum', 'at least '],
    ['exclusiveMinimum', 'more than '],
    ['maximum', 'at most '],
    ['exclusiveMaximum', 'less than '],
    ['minLength', 'at least ', ' characters'],
    ['maxLength', 'at most ', ' characters'],
    ['minItems', 'at least '],
    ['maxItems', 'at most '],
    ['default', 'default '],
  ];
  return words.flatMap(([keyword, before, behind = '']) => {
    const value = schema[keyword];
    // The bound of every integer that JavaScript knows is none.
    if (value === undefined || Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER) return [];
    return [`${before}${typeof value === 'string' ? value : JSON.stringify(value)}${behind}`];
  });
}
