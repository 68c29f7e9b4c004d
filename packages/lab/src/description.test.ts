import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maxSites, parseDescription, parseSite } from './description.ts';

function faultOf(value: unknown): string {
  try {
    parseDescription(value);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

test('a site has one host unless it says otherwise', () => {
  assert.deepEqual(parseDescription({ sites: [{ name: 'a', nat: 'none' }] }), {
    sites: [{ name: 'a', nat: 'none', hosts: 1 }],
  });
});

const site = { name: 'a', nat: 'eim-apdf' };

const wrong: [string, unknown, RegExp][] = [
  ['no sites', { sites: [] }, /sites: a lab has at least one site/],
  ['too many sites', { sites: Array(maxSites + 1).fill(site) }, /at most 16 sites/],
  ['an unknown kind', { sites: [{ ...site, nat: 'cone' }] }, /sites\.0\.nat: a NAT is one of none, eim-eif/],
  [
    'a name too long for an interface',
    { sites: [{ ...site, name: 'abcdefghi' }] },
    /sites\.0\.name: a site name/,
  ],
  ['a name that a shell would read', { sites: [{ ...site, name: 'a;b' }] }, /sites\.0\.name: a site name/],
  ['the same name twice', { sites: [site, site] }, /sites\.1\.name: two sites are named a/],
  ['a name of the lab’s own', { sites: [{ ...site, name: 'server' }] }, /the name server is taken/],
  ['no hosts', { sites: [{ ...site, hosts: 0 }] }, /sites\.0\.hosts: a site has at least one host/],
  ['a misspelt member', { sites: [{ ...site, host: 2 }] }, /sites\.0.*host/],
  ['no description', null, /description is wrong/],
];

for (const [what, value, message] of wrong) {
  test(`${what}: the fault is named with its place`, () => assert.match(faultOf(value), message));
}

test('a site on the command line is name=kind', () => {
  assert.deepEqual(parseSite('a=eim-eif'), { name: 'a', nat: 'eim-eif' });
  for (const text of ['a', 'a=', '=none', 'a=b=c']) assert.throws(() => parseSite(text), /name=kind/);
});
