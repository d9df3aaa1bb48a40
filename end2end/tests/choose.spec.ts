// Which of several accounts: a consent that covers more than one site, asked on our page after it.
import type { Page } from '@playwright/test';
import type { ConnectToken } from '../fixtures/api.ts';
import { openLink } from '../fixtures/connect.ts';
import { consent } from '../fixtures/provider.ts';
import { checkA11y, expect, test } from '../fixtures/test.ts';

const NORTH = { id: 's1', name: 'Northwind', url: 'https://northwind.example' };
const SOUTH = { id: 's2', name: 'Southwind', url: 'https://southwind.example' };

/** With a link to the provider and back. */
async function come(page: Page, issued: ConnectToken): Promise<void> {
  await openLink(page, issued.connectUrl);
  await page.locator('button.primary').click();
  await consent(page);
}

test('several: asked, chosen, back in the application', async ({ page, stack, application, hasScript }) => {
  stack.captured.sites = [NORTH, SOUTH];
  const back = `${application.origin()}/back`;
  const issued = await stack.api.connectToken('demo-sites', { successRedirectUri: back, errorRedirectUri: `${back}?failed=1` });
  await come(page, issued);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Which site?');
  await expect(page.getByRole('radiogroup', { name: 'Which site?' })).toHaveAccessibleDescription(/gets the one you choose/);
  await expect(page.getByRole('radio')).toHaveCount(2);
  await expect(page.getByRole('radio', { checked: true })).toHaveCount(0);
  await checkA11y(page);
  expect(await stack.api.session(issued.sessionId)).toMatchObject({ status: 'connecting', session: { status: 'CONNECTING' }, connection: null });

  // Nothing chosen: the browser itself says so.
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Which site?');
  // A reload loses nothing.
  await page.reload();
  await page.getByText('https://southwind.example').click();
  await expect(page.getByRole('radio', { name: /Southwind/ })).toBeChecked();
  await checkA11y(page);
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await expect(page.locator('h1')).toHaveText('Connected as Key of Carol');
  await expect(page.getByText('Southwind')).toBeVisible();
  if (hasScript) await page.waitForURL(/\/back\?/);
  else await page.getByRole('link', { name: /^Back to/ }).click();
  const connection = await stack.api.resolve('demo-sites', issued.externalId);
  expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({ sessionId: issued.sessionId, connectionId: connection.id });
  expect(connection).toMatchObject({ status: 'ACTIVE', account: { label: 'Key of Carol', tenant: 'Southwind' } });
  expect(stack.captured.seen.at(-1)?.path).toBe('/site/s2/me');
});

test('with the keyboard alone', async ({ page, stack }) => {
  stack.captured.sites = [NORTH, SOUTH];
  const issued = await stack.api.connectToken('demo-sites');
  await come(page, issued);
  await expect(page.getByRole('radio')).toHaveCount(2);
  await page.keyboard.press('Tab');
  await expect(page.getByRole('radio', { name: /Northwind/ })).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('radio', { name: /Southwind/ })).toBeChecked();
  await page.keyboard.press('Enter');
  await expect(page.locator('h1')).toHaveText('Connected as Key of Carol');
  expect((await stack.api.resolve('demo-sites', issued.externalId)).account?.tenant).toBe('Southwind');
});

test('one: not asked; none: said', async ({ page, stack }) => {
  stack.captured.sites = [NORTH];
  await come(page, await stack.api.connectToken('demo-sites'));
  await expect(page.locator('h1')).toHaveText('Connected as Key of Carol');
  await expect(page.getByText('Northwind')).toBeVisible();
  stack.captured.sites = [];
  const issued = await stack.api.connectToken('demo-sites');
  await come(page, issued);
  await expect(page.locator('h1')).toHaveText('Demo Sites was not connected');
  await expect(page.getByRole('alert')).toContainText('lists nothing that this access covers');
  await checkA11y(page);
  expect(await stack.api.session(issued.sessionId)).toMatchObject({ status: 'failed', errorCode: 'no_accounts' });
});

test('a reconnect keeps the site, and asks where it is gone', async ({ page, stack }) => {
  stack.captured.sites = [NORTH, SOUTH];
  const first = await stack.api.connectToken('demo-sites');
  await come(page, first);
  await page.getByText('Southwind', { exact: true }).click();
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await expect(page.locator('h1')).toHaveText('Connected as Key of Carol');
  const { id } = await stack.api.resolve('demo-sites', first.externalId);

  await come(page, await stack.api.connectToken('demo-sites', { connectionId: id }));
  await expect(page.locator('h1')).toHaveText('Connected as Key of Carol');
  await expect(page.getByText('Southwind')).toBeVisible();

  // Whoever wants another one is asked, with what they have.
  await page.getByRole('button', { name: 'Use a different account' }).click();
  await page.locator('button.primary').click();
  await consent(page);
  await expect(page.getByRole('radio', { name: /Southwind/ })).toBeChecked();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.locator('h1')).toHaveText('You cancelled');

  stack.captured.sites = [NORTH];
  await come(page, await stack.api.connectToken('demo-sites', { connectionId: id }));
  await expect(page.getByText('is not there any more')).toBeVisible();
  await checkA11y(page);
  await page.getByText('Northwind', { exact: true }).click();
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await expect(page.getByText('This is a different account than before.')).toBeVisible();
  expect((await stack.api.resolve('demo-sites', first.externalId)).id).toBe(id);
});

test('another browser is not asked', async ({ page, stack, otherBrowser }) => {
  stack.captured.sites = [NORTH, SOUTH];
  const issued = await stack.api.connectToken('demo-sites');
  await come(page, issued);
  await expect(page.getByRole('radio')).toHaveCount(2);
  const other = await (await otherBrowser()).newPage();
  await openLink(other, issued.connectUrl);
  await expect(other.locator('h1')).toHaveText('Already open elsewhere');
  await expect(other.getByRole('radio')).toHaveCount(0);
});
