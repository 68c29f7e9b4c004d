// Every screen of the page as the demo fills it: held to axe's rules, light and dark, and kept as pictures where
// PINHOLE_SCREENSHOTS names a folder.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { eventually } from '@pinhole/lab';
import type { Page } from 'playwright-core';
import { executable, waitLimitMs } from '../system.ts';
import { Browser, browserMissing, type Visitor } from './browser.ts';

/** Each test of the demo, by a pair of it and how its rounds end. */
const rounds = [
  /Oslo workshop – Berlin office .* punched$/m,
  /Oslo workshop – Dublin data centre .* Mbit\/s .* direct$/m,
  /Quito shop – Dublin data centre .* direct$/m,
  /TCP +Berlin office – Quito shop .* punched$/m,
  /TCP +Berlin office – Dublin data centre .* direct$/m,
  /Dublin data centre – Berlin office .* punched$/m,
  /Quito shop – Berlin office .* punched$/m,
  /Perth hotel – Berlin office .* searched$/m,
  /Dublin data centre – Oslo workshop +Cannot reach the target agent: NAT traversal is likely to be required$/m,
  /Cairo café – Perth hotel +Connection to target agent failed$/m,
];

test('the screens', { skip: browserMissing() ?? false }, async (t) => {
  const demo = spawn(executable, ['demo', '--listen', '127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(demo, 'close');
  let output = '';
  demo.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const said = (label: string) => new RegExp(`^ +${label} +(\\S+)$`, 'm').exec(output)?.[1];
  t.after(async () => {
    demo.kill('SIGTERM');
    await ended;
  });

  const url = await eventually(() => said('Open') ?? null, waitLimitMs);
  assert.ok(url !== null, output);
  await Browser.use(url, async (browser) => {
    const stranger = await browser.visitor();
    await stranger.page.goto('/');
    await stranger.page.getByRole('heading', { name: 'Sign in to Pinhole' }).waitFor();
    await t.test('sign-in', () => stranger.look('sign-in'));

    const password = await eventually(() => said('Password') ?? null, waitLimitMs);
    assert.ok(password !== null, output);
    await stranger.signIn('admin', password);
    // These need no round, and the first ones take a while.
    await lookAtSettings(stranger, (name, run) => t.test(name, run));
    await t.test('every test of the demo ends as it is to', async () => {
      const missing = () => rounds.filter((line) => !line.test(output));
      await eventually(() => (missing().length === 0 ? true : null), 2 * waitLimitMs);
      assert.deepEqual(missing(), [], output);
    });

    await lookAtRounds(stranger, (name, run) => t.test(name, run));
    const onPhone = await browser.visitor(400, 800);
    await onPhone.signIn('admin', password);
    await lookAroundOnPhone(onPhone, (name, run) => t.test(name, run));
    const [, guestPassword = ''] = /guest with the password (\w+)/.exec(output) ?? [];
    const guest = await browser.visitor();
    await guest.signIn('guest', guestPassword);
    await t.test('what a guest sees', async () => {
      await guest.page.goto('/tests');
      await guest.page.getByRole('row', { name: /All branches to Berlin/ }).waitFor();
      await guest.look('tests-reading');
    });
  });
});

type Part = (name: string, run: () => Promise<void>) => Promise<unknown>;

async function lookAtSettings(visitor: Visitor, part: Part): Promise<void> {
  const { page } = visitor;
  const open = async (name: string) => {
    await page.goto('/agents');
    await page.getByRole('link', { name }).first().click();
  };
  const drawer = (name: string) => page.getByRole('dialog', { name });

  await part('agents', async () => {
    await page.goto('/agents');
    await page.getByRole('row', { name: /Perth hotel.*NAT traversal not supported/ }).waitFor();
    await visitor.look('agents');
    await page.goto('/agents?add=true');
    await page.getByText('Waiting for the agent').waitFor();
    await visitor.look('agent-add');
  });
  await part('settings of an agent', async () => {
    await open('Berlin office');
    await drawer('Berlin office').getByText('Interface mapping').waitFor();
    await visitor.look('agent-general');
    await drawer('Berlin office').getByRole('tab', { name: 'Advanced Settings' }).click();
    await drawer('Berlin office').getByText('NAT traversal is supported').waitFor();
    await visitor.look('agent-advanced');
    await open('Perth hotel');
    await drawer('Perth hotel')
      .getByRole('tab', { name: /Advanced Settings/ })
      .click();
    await drawer('Perth hotel').getByText('The NAT is not symmetric: not met').first().waitFor();
    await visitor.look('agent-not-supported');
  });
  await part('people and tokens', async () => {
    await page.goto('/settings/people');
    await page.getByRole('row', { name: /guest/ }).waitFor();
    await visitor.look('people');
    await page.getByRole('button', { name: 'Add a person' }).click();
    await page.getByRole('dialog').waitFor();
    await visitor.look('person-add');
    await page.goto('/settings/tokens');
    await heading(page, 'API tokens');
    await visitor.look('tokens');
  });
  await part('an address where nothing is', async () => {
    await page.goto('/nothing/here');
    await heading(page, 'There is nothing at this address');
    await visitor.look('nothing');
  });
  await part('the form of a test', async () => {
    await page.goto('/tests/new');
    await heading(page, 'Create a test');
    await page.getByRole('button', { name: 'Create test' }).click();
    await page.getByText('Not saved yet').waitFor();
    await visitor.look('test-new-errors');
    await page.getByRole('checkbox', { name: 'Cairo café' }).click();
    await page.getByRole('combobox', { name: 'Target agent' }).click();
    await page.getByRole('option', { name: 'Oslo workshop' }).click();
    await page.getByText('NAT traversal is likely to be required').first().waitFor();
    await visitor.look('test-new-likely-required');
    await page.getByRole('link', { name: 'Cancel' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Leave' }).click();
    await page.getByRole('button', { name: 'More for All branches to Berlin' }).click();
    await page.getByRole('menuitem', { name: 'Edit' }).click();
    await heading(page, 'Edit All branches to Berlin');
    await page.getByText('NAT traversal will be used', { exact: true }).first().waitFor();
    await visitor.look('test-edit');
  });
}

async function lookAtRounds(visitor: Visitor, part: Part): Promise<void> {
  const { page } = visitor;
  /** By the page's own links: it stays loaded, and what looks at it stays with it. */
  const open = async (name: string) => {
    await page.getByRole('link', { name: 'Tests', exact: true }).click();
    await page.waitForURL(({ pathname }) => pathname === '/tests');
    await page.getByRole('link', { name }).first().click();
  };
  /** The view of a test, with a round and its path. */
  const view = async (name: string) => {
    await open(name);
    await heading(page, 'Timeline');
    await page
      .getByRole('region', { name: /^Round of/ })
      .getByRole('table')
      .waitFor();
  };

  await part('tests', async () => {
    await page.goto('/tests');
    await page.getByRole('row', { name: /All branches to Berlin/ }).waitFor();
    await visitor.look('tests');
    await page.getByRole('button', { name: 'More for Oslo to Berlin' }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await page.getByRole('alertdialog').waitFor();
    await visitor.look('test-delete');
    await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click();
  });
  await part('the view of a test', async () => {
    await view('Oslo to Berlin');
    await page.getByRole('button', { name: /^Agent Berlin office/ }).waitFor();
    await visitor.look('view');
    await page.getByRole('heading', { name: 'Path', exact: true }).scrollIntoViewIfNeeded();
    await page
      .getByRole('button', { name: /^198\.19\./ })
      .first()
      .press('Enter');
    await page.getByRole('region', { name: /^Selection/ }).waitFor();
    await visitor.look('path');
    for (const [choice, name] of [
      ['Table of hops', 'path-table'],
      ['Traceroute text', 'path-text'],
    ] as const) {
      await page.getByRole('radio', { name: choice }).click();
      await page.getByRole('heading', { name: 'Path', exact: true }).scrollIntoViewIfNeeded();
      await visitor.look(name);
    }
  });
  await part('the view of a test with three sources', async () => {
    await view('All branches to Berlin');
    await page.getByRole('button', { name: /^Agent Perth hotel/ }).waitFor();
    await visitor.look('view-sources');
    // The latest round may be under way.
    const round = page.getByRole('region', { name: /^Round of/ });
    await round.getByRole('button', { name: /Perth hotel/ }).click({ timeout: waitLimitMs });
    await page.getByRole('heading', { name: 'Path', exact: true }).scrollIntoViewIfNeeded();
    await visitor.look('path-sources');
    await page.getByRole('combobox', { name: 'Group hops' }).click();
    await page.getByRole('option', { name: /By network/ }).click();
    await visitor.look('path-networks');
  });
  await part('the views of tests that fail, and of one that is paused', async () => {
    for (const [name, file] of [
      ['Cairo to Perth: symmetric', 'view-failed'],
      ['Dublin to Oslo: not ticked', 'view-unreachable'],
      ['Berlin to Quito over TCP', 'view-tcp'],
    ] as const) {
      await view(name);
      await visitor.look(file);
    }
    await open('Oslo to Dublin: throughput');
    await page.getByRole('radio', { name: 'Throughput' }).click();
    await page.getByRole('application', { name: /throughput/ }).waitFor();
    await visitor.look('view-throughput');
    await open('Cairo to Dublin: paused');
    await heading(page, 'This test is disabled, and has never run');
    await visitor.look('view-paused');
  });
  await part('alerts', async () => {
    await page.goto('/alerts');
    await page
      .getByRole('row', { name: /Cairo to Perth/ })
      .first()
      .waitFor();
    await visitor.look('alerts');
    await page.goto('/alerts/rules');
    await page.getByRole('row', { name: /Losses, or a failed round/ }).waitFor();
    await visitor.look('alert-rules');
  });
}

async function heading(page: Page, name: string): Promise<void> {
  await page.getByRole('heading', { name }).first().waitFor();
}

async function lookAroundOnPhone(visitor: Visitor, part: Part): Promise<void> {
  const { page } = visitor;
  await part('on a small screen', async () => {
    await page.goto('/agents');
    await page.getByRole('row', { name: /Perth hotel/ }).waitFor();
    await visitor.look('small-agents');
    await page.getByRole('link', { name: 'Perth hotel', exact: true }).click();
    await page.getByRole('dialog', { name: 'Perth hotel' }).waitFor();
    await visitor.look('small-agent');
    await page.goto('/tests/new');
    await page.getByLabel('Test name').waitFor();
    await visitor.look('small-test-new');
    await page.goto('/tests');
    await page.getByRole('link', { name: 'All branches to Berlin' }).first().click();
    await page.getByRole('button', { name: /^Agent Perth hotel/ }).waitFor();
    await visitor.look('small-view');
    // Nothing makes the page itself scroll sideways.
    const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    assert.ok(Number(overflow) <= 0, `${overflow} px too wide`);
  });
}
