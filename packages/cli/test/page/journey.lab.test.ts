// What a person does the first time: agents are added, a NAT is found out about, a test is made, its round is looked at.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { scene } from './scene.ts';

const repository = fileURLToPath(new URL('../../../..', import.meta.url));

scene(
  'from the first agent to both paths',
  { branch: 'eim-apdf', office: 'eim-apdf-rst', hotel: 'apdm-apdf' },
  async ({ system, admin, part }) => {
    const { page } = admin;
    const drawer = (name: string) => page.getByRole('dialog', { name });

    await part('an agent is added by the command that the page shows', async () => {
      await page.getByRole('link', { name: 'Enterprise Agents' }).click();
      await page.getByRole('heading', { name: 'No agent yet' }).waitFor();
      await page.getByRole('button', { name: 'Add an agent' }).first().click();
      const dialog = page.getByRole('dialog', { name: 'Add an agent' });
      const command = await dialog.getByRole('region', { name: /^Command/ }).textContent();
      system.host('branch').spawn('sh', ['-c', command!], {
        cwd: repository,
        env: { PINHOLE_NAME: 'branch', PINHOLE_STATE: `${system.folder}/branch` },
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      await dialog.getByText('branch has appeared').waitFor();
      await dialog.getByRole('link', { name: 'Its settings' }).click();
      await drawer('branch').getByText('Online').waitFor();
    });

    await part('Behind a NAT is ticked, and the verdict comes by itself', async () => {
      await drawer('branch').getByRole('tab', { name: 'Advanced Settings' }).click();
      await drawer('branch').getByRole('checkbox', { name: 'Behind a NAT' }).click();
      await drawer('branch').getByText('The compatibility check is running').waitFor();
      await drawer('branch').getByText('NAT traversal is supported').waitFor();
      await drawer('branch').getByText('Endpoint-independent').first().waitFor();
      await drawer('branch').getByRole('button', { name: 'Close' }).click();
      await page.getByRole('row', { name: /branch.*Yes, supported/ }).waitFor();
    });

    await part('a symmetric NAT gets the red triangle, the requirement and advice', async () => {
      system.startAgent('hotel');
      system.startAgent('office');
      await page.getByRole('link', { name: 'hotel', exact: true }).click();
      await drawer('hotel').getByRole('tab', { name: 'Advanced Settings' }).click();
      await drawer('hotel').getByRole('checkbox', { name: 'Behind a NAT' }).click();
      await drawer('hotel').getByText('NAT Issues: NAT traversal not supported').waitFor();
      await drawer('hotel').getByText('The NAT is not symmetric: not met').first().waitFor();
      await drawer('hotel').getByText('What to do:').first().waitFor();
      await drawer('hotel').getByRole('button', { name: 'Close' }).click();
      await page.getByRole('row', { name: /hotel.*NAT Issues: NAT traversal not supported/ }).waitFor();
      await page.getByRole('row', { name: /office/ }).waitFor();
    });

    await part('the form says what a test will need, and that is heeded', async () => {
      const { office } = await system.enrolled('office');
      await page.getByRole('link', { name: 'Tests' }).click();
      await page.getByRole('link', { name: 'Create a test' }).first().click();
      await page.getByLabel('Test name').fill('Branch to office');
      await page.getByRole('checkbox', { name: 'branch' }).click();
      await page.getByRole('combobox', { name: 'Target agent' }).click();
      await page.getByRole('option', { name: 'office' }).click();
      await page.getByRole('radio', { name: 'Both Directions' }).click();
      await page.getByRole('radio', { name: 'UDP' }).click();
      await page.getByText('NAT traversal is likely to be required').first().waitFor();
      await system.rest.request('PUT', `/agents/${office}`, { behindNat: true });
      await system.registered('office');
      await system.checked('office');
      await page.getByText('NAT traversal will be used', { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Create test' }).click();
      await page.waitForURL(/\/views\/\d+/);
    });

    await part('the round is seen to come, and is picked on the timeline', async () => {
      await page.getByRole('heading', { name: 'Timeline' }).waitFor();
      const timeline = page.getByRole('application', { name: /latency/i });
      await timeline.focus();
      await timeline.press('ArrowLeft');
      await timeline.press('Enter');
      await page.waitForURL(/[?&]round=\d+/);
      const [result] = await system.results(new URL(page.url()).pathname.split('/').at(-1)!);
      assert.equal(new URL(page.url()).searchParams.get('round'), String(result?.roundId));
    });

    await part('both paths are there to be read, drawn and as tables', async () => {
      for (const [direction, from, to] of [
        ['Source to Target', 'branch', 'office'],
        ['Target to Source', 'office', 'branch'],
      ] as const) {
        await page.getByRole('radio', { name: 'Drawing' }).click();
        const router = String(system.lab.way(from, to).hops[1]![0]!.address);
        const node = page.getByRole('button', { name: new RegExp(`^${router}\\b`) }).first();
        await node.focus();
        await node.press('Enter');
        await page
          .getByRole('region', { name: /^Selection/ })
          .getByText(router)
          .first()
          .waitFor();
        await node.press('Enter');

        await page.getByRole('radio', { name: 'Table of hops' }).click();
        const table = page.getByRole('table', { name: `Hops, ${direction}` });
        const onTheWay = system.lab.way(from, to).hops.slice(0, -1).flat();
        for (const { address, nat } of onTheWay) {
          const row = table.getByRole('row', { name: String(address) }).first();
          await row.waitFor();
          if (nat) await row.getByText('NAT:').waitFor();
        }
        await table.getByRole('rowheader', { name: to }).waitFor();
      }
      await page.getByRole('radio', { name: 'Traceroute text' }).click();
      await page
        .getByRole('region', { name: 'Traces, Target to Source' })
        .getByText('office')
        .first()
        .waitFor();
    });

    await part('the address bar shows a colleague the same', async () => {
      const colleague = await page.context().newPage();
      await colleague.goto(page.url());
      await colleague.getByRole('region', { name: 'Traces, Target to Source' }).waitFor();
      assert.equal(colleague.url(), page.url());
      await colleague.close();
    });
  },
);
