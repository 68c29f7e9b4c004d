import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openApiDocument } from './openapi.ts';
import { operations } from './operations/index.ts';

const document = openApiDocument();
const described = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

describe('the OpenAPI document', () => {
  test('has each operation of the table, once', () => {
    assert.deepEqual(
      described.map(({ path, method }) => `${method.toUpperCase()} ${path}`).sort(),
      operations.map(({ path, method }) => `${method} ${path}`).sort(),
    );
    const ids = described.map(({ operation }) => operation.operationId);
    assert.equal(new Set(ids).size, ids.length);
  });

  test('has a parameter for each name in a path, and no two of one name', () => {
    for (const { path, operation } of described) {
      const names = operation.parameters.map(({ name, in: where }) => `${where} ${name}`);
      assert.equal(new Set(names).size, names.length, path);
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => `path ${name}`);
      assert.deepEqual(
        names.filter((name) => name.startsWith('path')),
        inPath,
      );
      assert.ok(names.includes('query aid'));
    }
  });

  test('refers to nothing that it does not have', () => {
    const targets = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)].map(([, target]) => target!);
    assert.ok(targets.length > 0);
    const known = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
    assert.deepEqual(
      targets.filter((target) => !known.includes(target)),
      [],
    );
  });

  test('says of a list that it is comma-separated, and of its words', () => {
    const { parameters } = document.paths['/agents']!.get!;
    assert.deepEqual(
      parameters.find(({ name }) => name === 'agentTypes'),
      {
        name: 'agentTypes',
        in: 'query',
        required: false,
        schema: {
          type: 'array',
          items: { type: 'string', enum: ['cloud', 'enterprise-cluster', 'enterprise'] },
        },
        style: 'form',
        explode: false,
      },
    );
  });

  test('has the defaults and bounds of requests', () => {
    const { schema } =
      document.paths['/tests/agent-to-agent']!.post!.requestBody!.content['application/json']!;
    const { numPathTraces, mss, protocol } = schema.properties as Record<string, object>;
    assert.deepEqual(numPathTraces, { default: 3, type: 'integer', minimum: 1, maximum: 10 });
    assert.deepEqual(mss, { type: 'integer', minimum: 20, maximum: 1400 });
    assert.deepEqual(protocol, { default: 'tcp', type: 'string', enum: ['tcp', 'udp'] });
  });
});
