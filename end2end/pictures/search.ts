// The command palette, the page of the same, the findings under Settings, and the gallery of components where the build has it.
import { signIn } from '../fixtures/dashboard.ts';
import { take } from '../fixtures/pictures.ts';
import { expect, test } from '../fixtures/test.ts';

test.beforeEach(async ({ context, stack }) => signIn(context, stack.server));

test('search', async ({ page, stack, problems }) => {
  problems.expect(/404/);
  await page.goto(`${stack.origin}/settings`);
  await take(page, 'dash-settings-checks');
  for (const path of ['/dev/components', '/dev/hosted']) {
    const answer = await page.goto(`${stack.origin}${path}`);
    if (answer?.ok()) await take(page, path.slice(1).replace('/', '-'));
  }
  await page.goto(`${stack.origin}/search?q=s`);
  await take(page, 'dash-search');
  const input = page.getByRole('combobox', { name: 'Search everything' });
  await expect(async () => {
    await page.keyboard.press('Control+k');
    await expect(input).toBeVisible({ timeout: 500 });
  }).toPass();
  await input.fill('s');
  await expect(page.getByRole('option').filter({ hasText: 'Integration' }).first()).toBeVisible();
  await take(page, 'dash-palette');
});
