import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { openApiDocument } from '@pinhole/contract';
import { startWorld } from '../../test/harness.ts';

test('the description is there for everybody, and is the one of the contract', async (t) => {
  const { collector } = await startWorld(t);
  const response = await fetch(`${collector.url}/v7/openapi.json`);
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
  assert.deepEqual(await response.json(), JSON.parse(JSON.stringify(openApiDocument())));
});

for (const path of ['/v7', '/v7/', '/v7/docs']) {
  test(`${path} is the same for people: one style, no script, nothing from elsewhere`, async (t) => {
    const { collector } = await startWorld(t);
    const response = await fetch(collector.url + path);
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type') ?? '', /^text\/html/);
    const html = await response.text();
    const styles = [...html.matchAll(/<style>([^<]*)<\/style>/g)].map(([, style]) => style!);
    assert.equal(styles.length, 1);
    const hash = createHash('sha256').update(styles[0]!).digest('base64');
    const policy = response.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'/);
    assert.ok(policy.includes(`style-src 'sha256-${hash}'`), policy);
    assert.doesNotMatch(html, /<script|<link|<img|\sstyle=|\son\w+=|src=|url\(/i);
    assert.deepEqual(
      [...html.matchAll(/href="([^"]*)"/g)].map(([, href]) => href!).filter((href) => !href.startsWith('#')),
      ['/v7/openapi.json'],
    );
  });
}

test('each link within the page leads somewhere, and each operation is in it', async (t) => {
  const { collector } = await startWorld(t);
  const html = await (await fetch(`${collector.url}/v7/docs`)).text();
  const ids = [...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const [, target] of html.matchAll(/href="#([^"]*)"/g)) assert.ok(ids.includes(target), target);
  for (const methods of Object.values(openApiDocument().paths))
    for (const { operationId } of Object.values(methods)) assert.ok(ids.includes(operationId), operationId);
});
