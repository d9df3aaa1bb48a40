// The list of connections: where the focus goes after something was done to several, and what its menus say after a link.
import type { Page } from '@playwright/test';
import { externalId } from '../fixtures/api.ts';
import { openLink } from '../fixtures/connect.ts';
import { signIn } from '../fixtures/dashboard.ts';
import { consent } from '../fixtures/provider.ts';
import { marker } from '../fixtures/run.ts';
import type { Stack } from '../fixtures/server.ts';
import { checkA11y, expect, test } from '../fixtures/test.ts';

test.beforeEach(async ({ context, stack }) => signIn(context, stack.server));

/** A workspace with two connections, and its list. */
async function open(page: Page, stack: Stack, query = ''): Promise<string> {
  const slug = externalId();
  const { workspace } = await stack.api.call<{ workspace: { id: string } }>('POST', '/workspaces', { name: `List ${slug}`, slug });
  for (const displayName of ['First', 'Second']) {
    const input = { type: 'SECRET_TEXT', integrationName: 'demo-key', workspaceId: slug, externalId: externalId(), displayName, secretText: `dk-${marker()}` };
    await stack.api.call('POST', '/connections', input);
  }
  await page.goto(`${stack.origin}/connections?workspace=${workspace.id}${query}`);
  // It waits for WebAssembly.
  await expect(page.getByLabel('All on this page')).toBeVisible();
  return workspace.id;
}

test('those chosen are tested: the focus goes to what became of them, each time, and stays', async ({ page, stack }) => {
  await open(page, stack);
  let arrive = (): void => undefined;
  await page.route('**/rpc/bulk_connections*', async (route) => {
    await new Promise<void>((done) => (arrive = done));
    await route.continue();
  });
  for (const times of [1, 2]) {
    await page.getByLabel(times === 1 ? 'All on this page' : 'Choose First').check();
    const button = page.getByRole('button', { name: 'Test those chosen' });
    await button.focus();
    const asked = page.waitForRequest('**/rpc/bulk_connections*');
    await page.keyboard.press('Enter');
    await asked;
    // On its way: pressing once more does nothing, and the focus is where it was.
    await expect(button).toBeDisabled();
    await expect(button).toBeFocused();
    await page.keyboard.press('Enter');
    arrive();
    const report = page.getByRole('region', { name: 'What became of them' });
    await expect(report).toContainText(times === 1 ? '2 ' : '1 ');
    await expect(report).toBeFocused();
    // The list is looked at again meanwhile: that moves nothing.
    await expect(button).toBeDisabled();
    await expect(report).toBeFocused();
    await checkA11y(page);
  }
});

test('the menus of the list say what the address says, whichever way it was changed', async ({ page, stack }) => {
  const workspace = await open(page, stack, '&health=ok&q=Fir&integration=demo-key');
  const [health, integration] = [page.getByLabel('Health'), page.getByLabel('Integration')];
  const search = page.getByRole('searchbox', { name: 'Search' });
  await expect(health).toHaveValue('ok');
  await page.getByRole('navigation', { name: 'Main', exact: true }).getByRole('link', { name: 'Connections', exact: true }).click();
  await expect(page).toHaveURL(new RegExp(`/connections\\?workspace=${workspace}$`));
  await expect(health).toHaveValue('');
  await expect(integration).toHaveValue('');
  await expect(search).toHaveValue('');
  await expect(page.getByRole('link', { name: 'Second', exact: true })).toBeVisible();
  await page.goBack();
  await expect(health).toHaveValue('ok');
  await expect(integration).toHaveValue('demo-key');
  await expect(search).toHaveValue('Fir');
  await page.goForward();
  await health.selectOption('error');
  await expect(page).toHaveURL(/health=error/);
  await page.goBack();
  await expect(health).toHaveValue('');
});

test('so does the search of the catalogue', async ({ page, stack }) => {
  await page.goto(`${stack.origin}/integrations?q=demo&category=developer-tools`);
  await page.waitForLoadState('networkidle');
  const search = page.getByRole('searchbox', { name: 'Search' });
  await page.getByRole('navigation', { name: 'Main', exact: true }).getByRole('link', { name: 'Integrations', exact: true }).click();
  await expect(page).toHaveURL(/\/integrations$/);
  await expect(search).toHaveValue('');
  await expect(page.getByLabel('Category')).toHaveValue('');
  await page.goBack();
  await expect(search).toHaveValue('demo');
  await expect(page.getByLabel('Category')).toHaveValue('developer-tools');
});

test('what is on its way stands where it will be', async ({ page, stack }) => {
  await open(page, stack);
  for (const [width, height] of [[1280, 800], [390, 844]] as const) {
    await page.setViewportSize({ width, height });
    const goTo = async (name: string): Promise<void> => {
      if (width < 1024) await page.locator('#menu').getByText('Menu').click();
      await page.locator('nav:visible').getByRole('link', { name, exact: true }).click();
    };
    for (const name of ['Connections', 'Events']) {
      await goTo('Workspaces');
      await expect(page.getByRole('heading', { level: 1, name: 'Workspaces' })).toBeVisible();
      await page.waitForLoadState('networkidle');
      let arrive = (): void => undefined;
      const held = new Promise<void>((done) => (arrive = done));
      await page.route('**/rpc/**', async (route) => {
        await held;
        await route.continue();
      });
      await goTo(name);
      const coming = page.getByRole('status').filter({ hasText: 'Loading…' }).locator('.rounded-box:not(.skeleton)');
      await expect(coming).toBeVisible();
      const before = await coming.boundingBox();
      arrive();
      await expect(coming).toHaveCount(0);
      await page.unroute('**/rpc/**');
      const after = await page.locator('.rounded-box:has(> table)').boundingBox();
      expect(Math.abs((after?.y ?? 0) - (before?.y ?? 0)), `${name} at ${width}: from ${before?.y} to ${after?.y}`).toBeLessThanOrEqual(3);
      expect(after?.width).toBe(before?.width);
    }
  }
});

test('whatever stands in them, the columns fit', async ({ page, stack }) => {
  const slug = externalId();
  const long = 'Something with a name that is longer than a column';
  await stack.api.call('POST', '/workspaces', { name: long, slug });
  const issued = await stack.api.connectToken('demo-oauth', { workspaceId: slug, connectionName: long });
  await openLink(page, issued.connectUrl);
  await page.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await consent(page, 'a-very-long-account-name.of-somebody@subdomain.example.test');
  await expect(page.locator('h1')).toContainText('Connected as');
  const id = (await stack.api.session(issued.sessionId)).connection?.id ?? '';
  await stack.api.credentials(id);
  await page.goto(`${stack.origin}/connections?workspace=${slug}`);
  await expect(page.getByRole('link', { name: long, exact: true })).toBeVisible();
  await expect(page.getByRole('row').filter({ hasText: long }).locator('time')).toHaveCount(2);
  for (const width of [360, 768, 1024, 1280, 1536]) {
    await page.setViewportSize({ width, height: 800 });
    const over = await page.locator('.rounded-box:has(> table)').evaluate((box) => box.scrollWidth - box.clientWidth);
    expect(over, `at ${width}`).toBeLessThanOrEqual(0);
  }
});

test('on a phone the menu closes when something in it was gone to, on the same page too', async ({ page, stack }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const workspace = await open(page, stack, '&health=ok');
  const menu = page.locator('#menu');
  await menu.getByText('Menu').click();
  await menu.getByRole('link', { name: 'Connections', exact: true }).click();
  await expect(page).toHaveURL(new RegExp(`/connections\\?workspace=${workspace}$`));
  await expect(menu).not.toHaveAttribute('open');
  await expect(page.locator('#main')).toBeFocused();
  await menu.getByText('Menu').click();
  await menu.getByLabel('Workspace').selectOption('');
  await expect(page).toHaveURL(/workspace=$/);
  await expect(menu).not.toHaveAttribute('open');
});
