// Finding anything: the palette with JavaScript, the page of the same without; and the gallery of components.
import { externalId } from '../fixtures/api.ts';
import { signIn } from '../fixtures/dashboard.ts';
import { marker } from '../fixtures/run.ts';
import { checkA11y, expect, test } from '../fixtures/test.ts';

test.beforeEach(async ({ context, stack }) => signIn(context, stack.server));

test('a connection, a service, an end user, a page and a form are found', async ({ page, stack, hasScript }) => {
  const name = `Needle ${externalId()}`;
  const slug = externalId();
  await stack.api.call('POST', '/workspaces', { name: 'Haystack', slug });
  const key = { type: 'SECRET_TEXT', integrationName: 'demo-key', displayName: name, externalId: externalId(), secretText: `dk-${marker()}` };
  await stack.api.call('POST', '/connections', { ...key, workspaceId: slug, endUserId: `needle-${slug}` });

  await page.goto(`${stack.origin}/api-keys`);
  const button = page.getByRole('link', { name: 'Search' });
  if (!hasScript) {
    await button.filter({ visible: true }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Search' })).toBeVisible();
    const find = async (q: string, link: string): Promise<void> => {
      await page.getByRole('searchbox', { name: 'Search' }).fill(q);
      await page.getByRole('button', { name: 'Search' }).click();
      // Other journeys' connections may be called as their service is: services come after connections.
      await expect(page.getByRole('main').getByRole('link', { name: link, exact: true }).last()).toBeVisible();
    };
    await find(name.toUpperCase(), name);
    await find('demo k', 'Demo Key');
    await find('create api', 'Create API key');
    await page.getByRole('searchbox', { name: 'Search' }).fill('nothing of this kind');
    await page.getByRole('button', { name: 'Search' }).click();
    await expect(page.getByText('Nothing found')).toBeVisible();
    await find(`needle-${slug}`, `needle-${slug}`);
    await page.getByRole('link', { name: `needle-${slug}`, exact: true }).click();
    await expect(page.getByRole('row').filter({ hasText: name })).toBeVisible();
    return;
  }
  const input = page.getByRole('combobox', { name: 'Search everything' });
  const chosen = page.getByRole('listbox', { name: 'Found' }).getByRole('option', { selected: true });
  await expect(async () => {
    await page.keyboard.press('Control+k');
    await expect(input).toBeFocused({ timeout: 1000 });
  }).toPass();
  await expect(chosen).toContainText('Connections');
  await checkA11y(page);
  await page.keyboard.type(name);
  await expect(page.getByRole('status').filter({ hasText: '1 result' })).toBeVisible();
  await expect(chosen).toContainText(name);
  await expect(input).toHaveAttribute('aria-activedescendant', (await chosen.getAttribute('id')) ?? '');
  await page.emulateMedia({ colorScheme: 'dark' });
  await checkA11y(page);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  await expect(page.getByRole('main')).toBeFocused();

  // Escape gives the focus back to the button that opened it.
  await button.filter({ visible: true }).focus();
  await page.keyboard.press('Enter');
  await expect(input).toBeFocused();
  await expect(input).toHaveValue('');
  await page.keyboard.press('ArrowUp');
  await expect(chosen).toContainText('Invite a colleague');
  await page.keyboard.press('ArrowDown');
  await expect(chosen).toContainText('Connections');
  await page.keyboard.press('Escape');
  await expect(input).toBeHidden();
  await expect(button.filter({ visible: true })).toBeFocused();

  // By mouse, and the page of the same.
  await button.filter({ visible: true }).click();
  await input.fill(`needle-${slug}`);
  await page.getByRole('option', { name: `needle-${slug}` }).click();
  await expect(page.getByRole('row').filter({ hasText: name })).toBeVisible();
  await page.goto(`${stack.origin}/search?q=needle`);
  await expect(page.getByRole('link', { name, exact: true })).toBeVisible();
  await checkA11y(page);
});

test('the gallery of components: in debug builds whole and accessible, in a release not there', async ({ page, stack, hasScript, problems }) => {
  test.setTimeout(90_000);
  problems.expect(/404/);
  for (const path of ['/dev/components', '/dev/hosted']) {
    const answer = await page.goto(`${stack.origin}${path}`);
    if (answer?.status() === 404) continue;
    expect(answer?.status()).toBe(200);
    for (const [width, colorScheme] of [[1280, 'light'], [360, 'dark']] as const) {
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme });
      await checkA11y(page);
      if (!hasScript) continue;
      const overflow = await page.locator('html').evaluate((html) => html.scrollWidth - html.clientWidth);
      expect(overflow, `${path} scrolls sideways at ${width}`).toBeLessThanOrEqual(0);
    }
  }
});
