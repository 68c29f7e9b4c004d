// What goes wrong for a person, and what the page makes of it.

import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { scene } from './scene.ts';

const nats = { branch: 'eim-apdf', hotel: 'apdm-apdf', cabin: 'apdm-apdf' } as const;
const readerPassword = 'a password for reading';

scene(
  'what goes wrong is said, and nothing is lost',
  nats,
  async ({ system, collector, browser, admin, password, part }) => {
    const { page } = admin;
    const ids = await system.startAgents({ branch: false, hotel: true, cabin: true });
    await system.checked('hotel', 'cabin');

    await part('a wrong password, and a link that waits for the right one', async () => {
      const stranger = await browser.visitor();
      await stranger.page.goto('/agents?problem=nat');
      await stranger.page.waitForURL(/\/sign-in/);
      await stranger.page.getByLabel('Name').fill('admin');
      await stranger.page.getByLabel('Password').fill('not the password');
      await stranger.page.getByRole('button', { name: 'Sign in' }).click();
      await stranger.page.getByRole('alert').getByText('Name or password is wrong').waitFor();
      assert.equal(await stranger.page.getByLabel('Name').inputValue(), 'admin');
      await stranger.page.getByLabel('Password').fill(password);
      await stranger.page.getByRole('button', { name: 'Sign in' }).click();
      await stranger.page.waitForURL(/\/agents\?problem=nat$/);
      await stranger.page.getByRole('row', { name: /hotel/ }).waitFor();
      assert.equal(await stranger.page.getByRole('row', { name: /branch/ }).count(), 0);
    });

    await part('forms say what is wrong with what was entered, and keep it', async () => {
      await page.goto('/tests/new');
      await page.getByLabel('Test name').fill('  ');
      await page.getByLabel('Description').fill('not to be lost');
      await page.getByRole('checkbox', { name: 'branch' }).click();
      await page.getByRole('button', { name: 'Create test' }).click();
      await isMarked(page.getByLabel('Test name'));
      await isMarked(page.getByRole('combobox', { name: 'Target agent' }));
      assert.equal(await page.getByLabel('Description').inputValue(), 'not to be lost');
      await page.getByRole('checkbox', { name: 'branch' }).and(page.locator('[aria-checked=true]')).waitFor();

      await page.getByRole('link', { name: 'Enterprise Agents' }).click();
      await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click();
      assert.equal(await page.getByLabel('Description').inputValue(), 'not to be lost');
      await page.getByRole('link', { name: 'Enterprise Agents' }).click();
      await page.getByRole('alertdialog').getByRole('button', { name: 'Leave' }).click();

      await page.getByRole('link', { name: 'branch', exact: true }).click();
      const drawer = page.getByRole('dialog', { name: 'branch' });
      await drawer.getByLabel('Target for tests').fill('nowhere');
      await drawer.getByRole('button', { name: 'Save changes' }).click();
      await isMarked(drawer.getByLabel('Target for tests'));
      assert.equal(await drawer.getByLabel('Target for tests').inputValue(), 'nowhere');
      await drawer.getByRole('button', { name: 'Undo' }).click();
      await drawer.getByRole('button', { name: 'Close' }).click();
    });

    await part(
      'a password, a token and a rule that cannot be taken are said to be wrong, and kept',
      async () => {
        await page.getByRole('button', { name: 'admin' }).click();
        await page.getByRole('menuitem', { name: 'Change password' }).click();
        const passwords = page.getByRole('dialog', { name: 'Change password' });
        await passwords.getByLabel('Current password').fill('not the password');
        await passwords.getByLabel('New password').fill('another long password');
        await passwords.getByRole('button', { name: 'Change password' }).click();
        await isMarked(passwords.getByLabel('Current password'));
        assert.equal(await passwords.getByLabel('New password').inputValue(), 'another long password');
        await passwords.getByRole('button', { name: 'Cancel' }).click();

        await page.goto('/settings/tokens');
        await page.getByRole('button', { name: 'Make a token' }).first().click();
        const making = page.getByRole('dialog', { name: 'Make a token' });
        await making.getByRole('button', { name: 'Make token' }).click();
        await isMarked(making.getByLabel('Name'));
        await making.getByRole('button', { name: 'Cancel' }).click();

        await page.goto('/alerts/rules?rule=new');
        const rule = page.getByRole('dialog', { name: 'Create an alert rule' });
        await rule.getByLabel('Rule name').fill('Half a rule');
        await rule.getByLabel('Condition').fill('((loss >');
        await rule.getByRole('button', { name: 'Create rule' }).click();
        await isMarked(rule.getByLabel('Condition'));
        assert.equal(await rule.getByLabel('Rule name').inputValue(), 'Half a rule');
      },
    );

    await part('a token works until it is revoked', async () => {
      await page.goto('/settings/tokens');
      await page.getByRole('button', { name: 'Make a token' }).first().click();
      await page.getByRole('dialog').getByLabel('Name').fill('script');
      await page.getByRole('dialog').getByRole('button', { name: 'Make token' }).click();
      const made = page.getByRole('dialog', { name: 'Token script' });
      const token = await made.getByRole('region', { name: 'API token' }).textContent();
      const ask = async () => {
        const headers = { authorization: `Bearer ${token}` };
        return (await fetch(`${system.collectorUrl}/v7/agents`, { headers })).status;
      };
      assert.equal(await ask(), 200);
      await made.getByRole('button').last().click();
      await page.getByRole('button', { name: 'Revoke script' }).click();
      await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).click();
      await page.getByRole('row', { name: /^script/ }).waitFor({ state: 'detached' });
      assert.equal(await ask(), 401);
    });

    await part('a test that cannot work is warned of, and its round says the same in words', async () => {
      await page.goto(`/tests/new?source=${ids.cabin}&target=${ids.hotel}`);
      await page.getByLabel('Test name').fill('Cabin to hotel');
      await page.getByRole('radio', { name: 'UDP' }).click();
      await page.getByText('Cannot work', { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Create test' }).click();
      await page.waitForURL(/\/views\/\d+/);
      const round = page.getByRole('region', { name: /^Round of/ });
      await round.getByText('Connection to target agent failed').first().waitFor({ timeout: 60_000 });
    });

    await part('who may only read sees everything, and nothing to change it with', async () => {
      await addReader(page);
      const reader = await browser.visitor();
      await reader.signIn('reader', readerPassword);
      await reader.page.getByRole('link', { name: 'Tests' }).click();
      await reader.page.getByRole('row', { name: /Cabin to hotel/ }).waitFor();
      await reader.page.getByText('You may look, but not').waitFor();
      assert.equal(await reader.page.getByRole('link', { name: 'Create a test' }).count(), 0);
      assert.equal(await reader.page.getByRole('switch').count(), 0);
      await reader.page.goto(`/agents/${ids.branch}?tab=advanced`);
      const drawer = reader.page.getByRole('dialog', { name: 'branch' });
      await drawer.getByText('Behind a NAT').first().waitFor();
      assert.equal(await drawer.getByRole('checkbox').count(), 0);
      // Nor does the collector take it from there, whatever the page shows.
      const status = await reader.page.evaluate(async (agentId) => {
        const headers = { 'content-type': 'application/json', 'x-pinhole-page': '1' };
        const body = JSON.stringify({ behindNat: true });
        return (await fetch(`/v7/agents/${agentId}`, { method: 'PUT', headers, body })).status;
      }, ids.branch);
      assert.equal(status, 403);
    });

    await part('the link of a test that was deleted says so', async () => {
      await page.getByRole('link', { name: 'Tests' }).click();
      const link = page
        .getByRole('row', { name: /Cabin to hotel/ })
        .getByRole('link')
        .first();
      const address = (await link.getAttribute('href'))!;
      await page.getByRole('button', { name: 'More for Cabin to hotel' }).click();
      await page.getByRole('menuitem', { name: 'Delete' }).click();
      await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
      await page.getByRole('heading', { name: 'No test yet' }).waitFor();
      await page.goto(address);
      await page.getByRole('heading', { name: 'This test does not exist any more' }).waitFor();
      await page.goto('/agents/999');
      await page.getByText('This agent is not there any more').waitFor();
      await page.goto('/nothing/here');
      await page.getByRole('heading', { name: 'There is nothing at this address' }).waitFor();
    });

    await part('a collector that stops is told of, and its return noticed', async () => {
      await page.goto('/agents');
      await page.getByRole('row', { name: /branch/ }).waitFor();
      assert.equal(await collector.end('SIGTERM'), 0);
      await page.getByText('The collector does not answer').first().waitFor({ timeout: 60_000 });
      await page.getByRole('row', { name: /branch/ }).waitFor();
      await system.startCollector();
      await page
        .getByText('The collector does not answer')
        .first()
        .waitFor({ state: 'detached', timeout: 60_000 });
      await page.getByRole('row', { name: /branch/ }).waitFor();
    });
  },
);

/** With a sentence that says what is wrong. */
async function isMarked(control: Locator): Promise<void> {
  await control.and(control.page().locator('[aria-invalid=true]')).waitFor();
  const describedBy = await control.getAttribute('aria-describedby');
  const error = control.page().locator(
    (describedBy ?? '')
      .split(' ')
      .map((id) => `[id="${id}"]`)
      .join(', '),
  );
  assert.match((await error.allTextContents()).join(' '), /\w+ \w+/);
}

/** Makes a person who may only read, on the page. */
async function addReader(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'People' }).click();
  await page.getByRole('button', { name: 'Add a person' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add a person' });
  await dialog.getByLabel('Name').fill('reader');
  await dialog.getByLabel('Password').fill('short');
  await dialog.getByRole('button', { name: 'Add' }).click();
  await isMarked(dialog.getByLabel('Password'));
  assert.equal(await dialog.getByLabel('Name').inputValue(), 'reader');
  await dialog.getByLabel('Password').fill(readerPassword);
  await dialog.getByRole('radio', { name: /^Reading(?! and)/ }).click();
  await dialog.getByRole('button', { name: 'Add' }).click();
  await page.getByRole('row', { name: /^reader/ }).waitFor();
}
