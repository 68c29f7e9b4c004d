// Holds answers of REST to an OpenAPI document.

import assert from 'node:assert/strict';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Answer } from '../harness.ts';

/** As much of an OpenAPI document as is needed here. */
export interface Description {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, Response>> }>>>
  >;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

interface Response {
  readonly content?: Readonly<Record<string, { readonly schema: unknown }>>;
}

/** What a document says that an answer can be. */
export interface Expectation {
  /** Throws where the body is another. */
  check(): void;
}

export interface Hold {
  /** `path`: below the document's server. Null where the document has no such operation. */
  answer(method: string, path: string, answer: Answer): Expectation | null;
  /** Throws where `body` is not as the schema at a place of the document has it. */
  check(place: readonly string[], body: unknown): void;
}

/** `isExact`: an answer of which the document tells no body has none; otherwise it may have any. */
export function holdTo(document: Description, isExact: boolean): Hold {
  const ajv = new Ajv2020({ strict: false, validateSchema: false, allErrors: true });
  addFormats.default(ajv);
  // The one of ajv-formats takes this machine's own addresses for none.
  ajv.addFormat('url', URL.canParse);
  ajv.addSchema(document, 'document');
  const compiled = new Map<string, ValidateFunction>();

  function check(place: readonly string[], body: unknown): void {
    const key = place.map(pointer).join('/');
    const validate = compiled.get(key) ?? ajv.compile({ $ref: `document#/${key}` });
    compiled.set(key, validate);
    if (validate(body)) return;
    const errors = validate.errors!.map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
    assert.fail(`The body is not as the document describes it (${key}):\n${errors.join('\n')}`);
  }

  function expectation(method: string, path: string, answer: Answer): Expectation | null {
    const template = findTemplate(document, method, path);
    if (template === null) return null;
    const { responses } = document.paths[template]![method.toLowerCase()]!;
    const status = String(answer.status) in responses ? String(answer.status) : 'default';
    const response = responses[status];
    const { content } = response ?? {};
    return {
      check() {
        if (response === undefined)
          assert.ok(answer.status >= 400, 'an answer that the document does not have');
        if (content === undefined) {
          if (isExact) assert.equal(answer.body, null, 'a body that the document does not have');
          return;
        }
        const mediaType = answer.headers.get('content-type')?.replace(/;.*/, '') ?? '';
        assert.ok(mediaType in content, `${mediaType} is none of ${Object.keys(content)}`);
        const place = ['paths', template, method.toLowerCase(), 'responses', status, 'content', mediaType];
        check([...place, 'schema'], answer.body);
      },
    };
  }

  return { answer: expectation, check };
}

/** A path without parameters comes before one with them (OpenAPI 3.1, paths object). */
function findTemplate({ paths }: Description, method: string, path: string): string | null {
  const found = Object.keys(paths)
    .filter((template) => matches(template, path) && method.toLowerCase() in paths[template]!)
    .sort((a, b) => Number(a.includes('{')) - Number(b.includes('{')));
  return found[0] ?? null;
}

function matches(template: string, path: string): boolean {
  const [wanted, given] = [template.split('/'), path.split('/')];
  return (
    wanted.length === given.length &&
    wanted.every((segment, at) => segment.startsWith('{') || segment === given[at])
  );
}

function pointer(text: string): string {
  return encodeURIComponent(text.replaceAll('~', '~0').replaceAll('/', '~1'));
}
