// The address bar's search: plain text values, so that links read well and ids of 19 digits stay whole. A list is one value
// with commas. What a value means says the schema of the route.

export type RawSearch = Record<string, string>;

export function parseSearch(text: string): RawSearch {
  return Object.fromEntries(new URLSearchParams(text));
}

/** Leaves out what is undefined, null, empty or false. */
export function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    const text = textOf(value);
    if (text !== '') params.set(name, text);
  }
  // Commas and colons may stand in a query as they are (RFC 3986 §3.4).
  const text = params.toString().replaceAll('%2C', ',').replaceAll('%3A', ':').replaceAll('%2F', '/');
  return text === '' ? '' : `?${text}`;
}

function textOf(value: unknown): string {
  if (value === undefined || value === null || value === false) return '';
  return Array.isArray(value) ? value.map(String).join(',') : String(value);
}
